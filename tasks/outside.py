"""Why nothing came from, or went to, an address that a client named, in words."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy

from coop import door
from coop.refusals import Text

# Of messages that go out.
CLOSED: Mapping[str, Text] = {
    door.Why.ADDRESS: gettext_lazy("This is no address of a web server. Write it as https://example.com/hook."),
    door.Why.SCHEME: gettext_lazy("What members answered goes out encrypted alone: begin with https://."),
    door.Why.PORT: gettext_lazy("This port is kept for something else. Use 443, 80 or one from 1024 on."),
    door.Why.UNKNOWN: gettext_lazy("Nobody knows this name."),
    door.Why.PRIVATE: gettext_lazy("This leads into a private network. Messages go to public addresses alone."),
    door.Why.NO_ANSWER: gettext_lazy("Nobody answered there."),
    door.Why.LATE: gettext_lazy("The answer took too long."),
    door.Why.BROKEN: gettext_lazy("What came back was no answer of a web server."),
    door.Why.LARGE: gettext_lazy("More came back than is read."),
}
# Of files that are fetched.
OUTSIDE: Mapping[str, Text] = {
    **CLOSED,
    door.Why.PRIVATE: gettext_lazy("This leads into a private network. Files are fetched from public addresses alone."),
    door.Why.SCHEME: gettext_lazy("Files are fetched from http:// and https:// alone."),
    door.Why.LARGE: gettext_lazy("It is larger than 64 MB."),
    door.Why.STATUS: gettext_lazy("The server did not hand it out."),
    door.Why.REDIRECTS: gettext_lazy("The server led on and on."),
}

"""A bound on what a browser may send: what is larger is cut off while it arrives and is kept nowhere."""

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

# The parts of a form round the file.
SLACK = 100_000


class Bounded(TemporaryFileUploadHandler):
    """Takes files up to the bound, from people who have signed in; `stopped` says that one was cut off."""

    stopped = False
    received = 0

    def new_file(self, *args: object, **kwargs: object) -> None:
        """Open a file, unless too much is announced or nobody is signed in."""
        user = getattr(self.request, "user", None)
        announced = int(self.request.META.get("CONTENT_LENGTH") or 0) if self.request else 0
        if announced > settings.DATASET_UPLOAD_MAX_BYTES + SLACK or not (user and user.is_authenticated):
            self.stop()
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece, or stop at the bound."""
        self.received += len(raw_data)
        if self.received > settings.DATASET_UPLOAD_MAX_BYTES:
            self.stop()
        super().receive_data_chunk(raw_data, start)

    def stop(self) -> None:
        """Read no further."""
        self.stopped = True
        raise StopUpload(connection_reset=True)


def was_cut_off(request: HttpRequest) -> bool:
    """Tell whether a file of this request was larger than the bound, or came from nobody."""
    return any(isinstance(handler, Bounded) and handler.stopped for handler in request.upload_handlers)

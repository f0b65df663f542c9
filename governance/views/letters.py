"""Which letters I get, and when it is quiet where I live."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from coop import clock
from governance import wishes
from governance.forms import ChooseLetters
from governance.views import me


@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Show and change which letters I get."""
    wish = wishes.of(me(request))
    chosen = {name: getattr(wish, name) for name in ChooseLetters.base_fields}
    form = ChooseLetters(request.POST or None, initial=chosen)
    if request.method == "POST" and form.is_valid():
        wishes.choose(me(request), **form.cleaned_data, by=me(request), at=clock.now())
        messages.success(request, _("Saved."))
        return redirect("governance:letters")
    return render(request, "governance/letters.html", {"form": form})


@csrf_exempt
@never_cache
def off(request: HttpRequest, token: str) -> HttpResponse:
    """End one kind of letters by the link in them; mail programs post here too (RFC 8058), a look does nothing."""
    person, kind = wishes.read_off(token)
    if request.method == "POST":
        wishes.choose(person, **{kind: False}, by=person, at=clock.now())
    return render(request, "governance/letters_off.html", {"done": request.method == "POST", "kind": kind})

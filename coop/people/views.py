"""Pages of accounts and organisations: about me, my organisation's seats and keys."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from coop import clock
from coop.people import addresses, clients, forms, keys, profile
from coop.people.models import ApiKey, Client, Person
from coop.refusals import Refused

page = require_http_methods(["GET", "HEAD", "POST"])


def me_of(request: HttpRequest) -> Person:
    """Return who is signed in, on pages that ask for it."""
    person = request.user
    assert isinstance(person, Person)  # noqa: S101 - login_required stands before
    return person


@page
@login_required
def me(request: HttpRequest) -> HttpResponse:
    """Show and change what I say about myself."""
    person = me_of(request)
    form = forms.About(request.POST or None, instance=Person.objects.get(pk=person.pk))
    if form.is_valid():
        profile.change(person, **form.cleaned_data, by=person, at=clock.now())
        messages.success(request, _("Saved."))
        return redirect("me")
    return render(request, "people/me.html", {"form": form})


@page
@never_cache
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth's comes without types
def address(request: HttpRequest) -> HttpResponse:
    """Show the address of my account and a change of it that is under way, and ask for another."""
    person, form = me_of(request), forms.Address(request.POST or None)
    if form.is_valid():
        new, at = form.cleaned_data["email"], clock.now()
        refusal = addresses.ask_refusal(person, new, by=person)
        if refusal is None:
            addresses.ask(person, new, by=person, at=at)
            messages.success(request, _("We write to both addresses. Open the letter at the new one to confirm it."))
            return redirect("account_email")
        form.add_error("email", str(refusal))
    change = addresses.open_change(person)
    until = change.told_at + addresses.WAIT if change and change.told_at else None
    return render(request, "people/address.html", {"form": form, "change": change, "until": until})


@require_POST
@login_required
def stop_address(request: HttpRequest) -> HttpResponse:
    """Stop the change of my address that is under way."""
    if change := addresses.open_change(me_of(request)):
        addresses.stop(change, by=me_of(request), at=clock.now())
        messages.success(request, _("Stopped. Your address stays as it is."))
    return redirect("account_email")


@page
@never_cache
def address_letter(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm or stop a change of address by the link of a letter; a look alone does nothing."""
    change, what = addresses.read(token)
    if request.method != "POST":
        return render(request, "people/address_letter.html", {"change": change, "stop": what == addresses.STOP})
    if what == addresses.STOP:
        addresses.stop(change, by=None, at=clock.now())
        messages.success(request, _("Stopped. The address stays as it was. Set a new password now."))
        return redirect("account_reset_password")
    addresses.confirm(change, at=clock.now())
    messages.success(request, _("Confirmed. From the day we wrote, it takes seven days."))
    return redirect("home")


@page
@login_required
def found_client(request: HttpRequest) -> HttpResponse:
    """Found an organisation that posts work."""
    form = forms.Organisation(request.POST or None)
    if form.is_valid():
        name, slug = form.cleaned_data["name"], form.cleaned_data["slug"]
        client = clients.found(name, slug=slug, by=me_of(request), at=clock.now())
        return redirect("seats", slug=client.slug)
    return render(request, "people/found_client.html", {"form": form})


@page
@login_required
def seats(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who has a seat and which are offered, and offer one."""
    client = clients.client_of(me_of(request), slug)
    form = forms.Seat(request.POST or None)
    if form.is_valid():
        try:
            clients.offer(client, form.cleaned_data["email"], by=me_of(request), at=clock.now())
        except Refused as refused:
            form.add_error("email", str(refused.refusal))
        else:
            messages.success(request, _("If somebody has an account with this address, they now see your offer."))
            return redirect("seats", slug=slug)
    shown = {"client": client, "form": form, "seats": clients.seats(client), "offers": clients.offers(client)}
    return render(request, "people/seats.html", shown)


@require_POST
@login_required
def end_seat(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """End a seat, or take the offer of one back."""
    client = clients.client_of(me_of(request), slug)
    seat = get_object_or_404(client.seats, pk=number)
    if seat.accepted_at is None:
        clients.withdraw(seat, by=me_of(request), at=clock.now())
        messages.success(request, _("The offer was taken back."))
        return redirect("seats", slug=slug)
    clients.end_seat(seat, by=me_of(request), at=clock.now())
    messages.success(request, _("The seat has ended, and the keys its holder made."))
    return redirect("home") if seat.person_id == request.user.pk else redirect("seats", slug=slug)


@require_POST
@login_required
def accept_seat(request: HttpRequest, number: int) -> HttpResponse:
    """Accept a seat that was offered to me."""
    seat = clients.accept(clients.offer_to(me_of(request), number), by=me_of(request), at=clock.now())
    messages.success(request, _("You now speak for %(client)s.") % {"client": seat.client.name})
    return redirect("seats", slug=seat.client.slug)


@require_POST
@login_required
def decline_seat(request: HttpRequest, number: int) -> HttpResponse:
    """Decline a seat that was offered to me."""
    clients.decline(clients.offer_to(me_of(request), number), by=me_of(request), at=clock.now())
    messages.success(request, _("Declined. Nothing has changed for you."))
    return redirect("me")


@page
@never_cache
@login_required
def api_keys(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the organisation's keys, and make one; its secret is on the answer to that and nowhere after."""
    client = clients.client_of(me_of(request), slug)
    form, secret = forms.Key(request.POST or None), ""
    if form.is_valid():
        name, scopes = form.cleaned_data["name"], form.cleaned_data["scopes"]
        _key, secret = keys.issue(client, name=name, scopes=scopes, by=me_of(request), at=clock.now(), life=form.life())
        form = forms.Key()
    shown = {"client": client, "form": form, "secret": secret, "keys": _listed(client)}
    return render(request, "people/keys.html", shown)


def _listed(client: Client) -> list[ApiKey]:
    """Return a client's keys, each with what it may do in words."""
    found = keys.of_client(client, at=clock.now())
    for key in found:
        vars(key)["words"] = keys.told(key)
    return found


@require_POST
@login_required
def renew_key(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Make a key like one that works, which works on; the new secret is on the answer to that and nowhere after."""
    client = clients.client_of(me_of(request), slug)
    old = get_object_or_404(client.api_keys.select_related("client"), pk=number)
    _key, secret = keys.renew(old, by=me_of(request), at=clock.now())
    shown = {"client": client, "form": forms.Key(), "secret": secret, "renewed": old.prefix, "keys": _listed(client)}
    return render(request, "people/keys.html", shown)


@require_POST
@login_required
def end_key(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """End a key."""
    client: Client = clients.client_of(me_of(request), slug)
    keys.revoke(get_object_or_404(client.api_keys, pk=number), by=me_of(request), at=clock.now())
    messages.success(request, _("The key has ended."))
    return redirect("api_keys", slug=slug)

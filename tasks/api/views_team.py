"""The API's view of keys and seats: what their pages do."""

from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from coop.people import clients, keys
from coop.people.models import OFFERED, SEATED, ApiKey, ClientSeat
from tasks.api.paging import CURSOR, page_of
from tasks.api.views import KeyView


class NewKey(serializers.Serializer[Any]):
    """A key to be made."""

    name = serializers.CharField(max_length=60, help_text="Where it will be used.")
    scopes = serializers.MultipleChoiceField(choices=keys.SCOPES)
    days = serializers.IntegerField(
        min_value=1, max_value=keys.LONGEST.days, default=keys.LIFE.days, help_text="After how many it ends."
    )


class KeyOut(serializers.ModelSerializer[ApiKey]):
    """A key, without its secret: `prefix` is how the secret begins."""

    made_by = serializers.CharField(source="created_by", read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ApiKey
        fields = (
            "id", "name", "prefix", "scopes", "made_by", "created_at", "expires_at", "last_used_at", "revoked_at",
        )  # fmt: skip


class KeyMade(KeyOut):
    """A key and its secret, which is told this once."""

    secret = serializers.CharField(read_only=True)

    class Meta(KeyOut.Meta):
        fields = (*KeyOut.Meta.fields, "secret")  # type: ignore[assignment]


class NewSeat(serializers.Serializer[Any]):
    """Whom to offer a seat."""

    email = serializers.EmailField(max_length=254, help_text="Of the account they have here.")


class SeatOut(serializers.ModelSerializer[ClientSeat]):
    """A seat and who has it, or the offer of one and where it went: who has that address it does not say."""

    person = serializers.SerializerMethodField()

    class Meta:
        model = ClientSeat
        fields = ("id", "person", "offered_to", "created_at", "accepted_at")

    def get_person(self, seat: ClientSeat) -> str | None:
        """Return who has the seat; nobody before it is accepted."""
        return str(seat.person) if seat.accepted_at else None


class TeamView(KeyView):
    """A view of who and what acts for the organisation; its scope is `team`, as whoever makes keys may do anything."""

    scope = "team"

    def made(self, made: tuple[ApiKey, str]) -> Response:
        """Answer with a key and its secret."""
        key, secret = made
        return Response({**KeyOut(key).data, "secret": secret}, status=201)

    def one(self, number: int) -> ApiKey:
        """Return a key of the organisation; Http404 for any other."""
        return get_object_or_404(ApiKey.objects.select_related("client"), client=self.key().client, pk=number)


class Keys(TeamView):
    """The organisation's keys."""

    @extend_schema(operation_id="list_keys", parameters=[CURSOR], responses=page_of(KeyOut))
    def get(self, request: Request) -> Response:
        """List the keys, the newest first, those that have ended among them."""
        return self.listed(self.key().client.api_keys.select_related("created_by"), KeyOut)

    @extend_schema(operation_id="make_key", request=NewKey, responses={201: KeyMade})
    def post(self, request: Request) -> Response:
        """Make a key, in the name of whoever made the one that calls."""
        given = NewKey(data=request.data)
        given.is_valid(raise_exception=True)
        facts = given.validated_data
        name, scopes, life = facts["name"], sorted(facts["scopes"]), timedelta(days=facts["days"])
        return self.made(
            keys.issue(self.key().client, name=name, scopes=scopes, by=self.who(), at=clock.now(), life=life)
        )


class OneKey(TeamView):
    """One key."""

    @extend_schema(operation_id="end_key", responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        """End a key for good; the one that calls may end itself."""
        keys.revoke(self.one(number), by=self.who(), at=clock.now())
        return Response(status=204)


class RenewKey(TeamView):
    """A key's successor."""

    @extend_schema(operation_id="renew_key", request=None, responses={201: KeyMade})
    def post(self, request: Request, number: int) -> Response:
        """Make a key with the name, scopes and life of one that works, which works on until it ends or is ended."""
        return self.made(keys.renew(self.one(number), by=self.who(), at=clock.now()))


class Seats(TeamView):
    """Who speaks for the organisation."""

    @extend_schema(operation_id="list_seats", responses=SeatOut(many=True))
    def get(self, request: Request) -> Response:
        """List the seats, then the offers that nobody has answered, each the oldest first."""
        client = self.key().client
        return Response(SeatOut([*clients.seats(client), *clients.offers(client)], many=True).data)

    @extend_schema(operation_id="offer_seat", request=NewSeat, responses={201: SeatOut(many=True)})
    def post(self, request: Request) -> Response:
        """Offer a seat to whoever has an account under an address, and list what stands then."""
        given = NewSeat(data=request.data)
        given.is_valid(raise_exception=True)
        clients.offer(self.key().client, given.validated_data["email"], by=self.who(), at=clock.now())
        return Response(self.get(request).data, status=201)


class OneSeat(TeamView):
    """One seat, or the offer of one."""

    @extend_schema(operation_id="end_seat", responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        """End a seat and the keys its holder made, or take an offer back."""
        seat = get_object_or_404(self.key().client.seats.filter(SEATED | OFFERED).select_related("client"), pk=number)
        end = clients.end_seat if seat.accepted_at else clients.withdraw
        end(seat, by=self.who(), at=clock.now())
        return Response(status=204)

"""A client's money by the API: what there is, what came in and how to pay in, the months, tips, what was not named."""

import uuid

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from coop import clock
from payments import accounts, cards, escrow, ledger, paybacks, reconciling
from payments.models import PayBack
from payments.views import months
from tasks import hidden, invoice_files, invoices, tips
from tasks.api import serializers_money as shapes
from tasks.api.paging import CURSOR, page_of
from tasks.api.serializers import JobWhole
from tasks.api.views import Anything, KeyView
from tasks.models import Assignment

MONTH = OpenApiParameter("month", str, "path", pattern=r"^\d{4}-\d{2}$", description="In UTC, as 2026-11.")
AMOUNT = OpenApiParameter("amount", OpenApiTypes.DECIMAL, required=True, description="US$, in whole cents.")
FORM = OpenApiParameter("form", enum=list(invoice_files.TYPES), location="path")


class Balance(KeyView):
    """What the organisation has here."""

    @extend_schema(operation_id="get_balance", responses=shapes.BalanceOut)
    def get(self, request: Request) -> Response:
        """Tell what is available for jobs, what is paid by card and not settled, what is owed, and how to deposit."""
        client = self.key().client
        found = {
            "available": escrow.available(client), "by_card": escrow.held(client), "owed": escrow.owed(client),
            "reference": reconciling.client_reference(client), "account": settings.BANK_ACCOUNT,
        }  # fmt: skip
        return Response(shapes.BalanceOut(found).data)


class Deposits(KeyView):
    """What the organisation pays in."""

    scope = {"GET": "read", "POST": "fund"}

    @extend_schema(operation_id="list_deposits", parameters=[CURSOR], responses=page_of(shapes.DepositOut))
    def get(self, request: Request) -> Response:
        """List what came in, and what a payer's bank took or gave back, the newest first; `next` leads to older."""
        return self.listed(escrow.paid_in(self.key().client), shapes.DepositOut)

    @extend_schema(operation_id="pay_in_by_card", request=shapes.Amount, responses={201: shapes.CardPage})
    def post(self, request: Request) -> Response:
        """Begin to pay in by card: a person pays on the page at `pay_at`; once settled it funds jobs."""
        given, client = shapes.Amount(data=request.data), self.key().client
        given.is_valid(raise_exception=True)
        back = settings.ORIGIN + reverse("tasks:client_money", args=[client.slug])
        there = cards.begin(
            client, amount=given.validated_data["amount"], key=uuid.uuid4(), back=back, by=self.who(), at=clock.now()
        )
        return Response({"pay_at": there}, status=201)


class PaymentRequest(KeyView):
    """What an accountant pays a deposit by."""

    renderer_classes = (Anything, JSONRenderer)

    @extend_schema(
        operation_id="get_payment_request",
        parameters=[AMOUNT],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """Return a PDF with our account, your reference and the amount, for a bank transfer."""
        given = shapes.Amount(data=request.query_params)
        given.is_valid(raise_exception=True)
        paper = invoice_files.payment_request(self.key().client, given.validated_data["amount"], clock.now())
        return HttpResponse(paper, content_type="application/pdf")


class CardPayments(KeyView):
    """What was begun to be paid in by card."""

    @extend_schema(operation_id="list_card_payments", parameters=[CURSOR], responses=page_of(shapes.CardPaymentOut))
    def get(self, request: Request) -> Response:
        """List what was begun to be paid by card and where each payment stands, the newest first."""
        return self.listed(cards.payments_of(self.key().client), shapes.CardPaymentOut)


class PayBacks(KeyView):
    """What the organisation asks back of its unspent money."""

    scope = {"GET": "read", "POST": "fund"}

    @extend_schema(operation_id="list_paybacks", parameters=[CURSOR], responses=page_of(shapes.PayBackOut))
    def get(self, request: Request) -> Response:
        """List what was asked back and where it stands, the newest first."""
        return self.listed(paybacks.of(self.key().client), shapes.PayBackOut)

    @extend_schema(operation_id="ask_back", request=shapes.AskedBack, responses={201: shapes.PayBackOut(many=True)})
    def post(self, request: Request) -> Response:
        """Ask back what is available: it goes back where the latest deposits came from, one line for each of them."""
        given = shapes.AskedBack(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        asked = paybacks.ask(
            self.key().client, amount=said["amount"], key=said.get("key") or uuid.uuid4(), by=self.who(),
            at=clock.now(),
        )  # fmt: skip
        return Response(shapes.PayBackOut(asked, many=True).data, status=201)


class OnePayBack(KeyView):
    """Money that was asked back."""

    scope = {"GET": "read", "DELETE": "fund"}

    def payback(self, number: int) -> PayBack:
        """Return what the key's organisation asked back; Http404 for any other."""
        return get_object_or_404(paybacks.of(self.key().client), pk=number)

    @extend_schema(operation_id="get_payback", responses={200: shapes.PayBackOut})
    def get(self, request: Request, number: int) -> Response:
        """Tell where it stands."""
        return Response(shapes.PayBackOut(self.payback(number)).data)

    @extend_schema(operation_id="call_payback_off", responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        """Call it off while nobody has sent it: the money is available again."""
        paybacks.call_off(self.payback(number), by=self.who(), at=clock.now())
        return Response(status=204)


class Movements(KeyView):
    """Every movement of the organisation's balance."""

    @extend_schema(operation_id="list_movements", parameters=[CURSOR], responses=page_of(shapes.MovementOut))
    def get(self, request: Request) -> Response:
        """List what came into what is available and what went out of it, each a line of the ledger, newest first."""
        return self.listed(ledger.lines_of(accounts.client(self.key().client_id)), shapes.MovementOut)


class Invoices(KeyView):
    """The organisation's months."""

    @extend_schema(operation_id="list_invoices", responses=shapes.MonthLine(many=True))
    def get(self, request: Request) -> Response:
        """List the months (UTC) in which money came in or was paid, the newest first."""
        return Response(shapes.MonthLine(invoices.months(self.key().client), many=True).data)


class OneInvoice(KeyView):
    """One of the organisation's months."""

    @extend_schema(operation_id="get_invoice", parameters=[MONTH], responses=shapes.InvoiceOut)
    def get(self, request: Request, month: str) -> Response:
        """Tell what came in, what each job paid and what was left; a month that is over stays as it is."""
        return Response(shapes.InvoiceOut(invoices.invoice(self.key().client, months.named(month))).data)


class InvoiceFile(KeyView):
    """One of the organisation's months as a file."""

    renderer_classes = (Anything, JSONRenderer)

    @extend_schema(
        operation_id="download_invoice", parameters=[MONTH, FORM],
        responses={(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind, _write in invoice_files.TYPES.values()},
    )  # fmt: skip
    def get(self, request: Request, month: str, form: str) -> HttpResponse:
        """Return the month for filing (pdf) or for reading in (csv)."""
        content_type, write = invoice_files.TYPES[form]
        return HttpResponse(write(invoices.invoice(self.key().client, months.named(month))), content_type=content_type)


class GiveTip(KeyView):
    """What is given for an answer beside its pay."""

    scope = "fund"

    @extend_schema(operation_id="give_tip", request=shapes.Amount, responses={201: shapes.TipOut})
    def post(self, request: Request, number: int, answer: int) -> Response:
        """Give a tip for an accepted answer, once; all of it goes to who answered, at once and without a fee."""
        given = shapes.Amount(data=request.data)
        given.is_valid(raise_exception=True)
        loaded = Assignment.objects.select_related("job__client")
        found = get_object_or_404(loaded, job=self.job(number), pk=answer)
        tip = tips.give(found, amount=given.validated_data["amount"], by=self.who(), at=clock.now())
        return Response(shapes.TipOut(tip).data, status=201)


class Content(KeyView):
    """What a job showed and its card did not say."""

    scope = {"GET": "read", "POST": "fund"}

    @extend_schema(operation_id="list_hidden_content", responses=shapes.HiddenOut(many=True))
    def get(self, request: Request, number: int) -> Response:
        """List what officers found after members' reports; the job takes no more claims until it is paid and named."""
        return Response(shapes.HiddenOut(hidden.of(self.job(number)), many=True).data)

    @extend_schema(operation_id="name_content", request=shapes.Naming, responses={200: JobWhole})
    def post(self, request: Request, number: int) -> Response:
        """Name what was found on the job's card, with how often it comes up."""
        job, given = self.job(number), shapes.Naming(data=request.data)
        given.is_valid(raise_exception=True)
        hidden.name(job, **given.validated_data, by=self.who(), at=clock.now())
        return self.answer(job)

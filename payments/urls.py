"""Addresses of the money: the open ledger, the rate card, my pay, the treasurer's desk."""

from django.urls import path, re_path

from payments.views import bills, card, desk, details, exchange, hooks, pay, public, runs, statements, stripe

app_name = "payments"
urlpatterns = [
    path("ledger/", public.ledger, name="ledger"),
    re_path(r"^ledger/(?P<month>\d{4}-\d{2})\.(?P<form>json|csv|parquet)$", public.ledger_file, name="ledger_file"),
    path("rates/", card.rates_in_force, name="rates"),
    path("rates/<slug:slug>/", card.rate, name="rate"),
    path("pay/", pay.mine, name="pay"),
    path("pay/weeks/", pay.weeks, name="weeks"),
    path("pay/statements/", statements.every, name="statements"),
    re_path(r"^pay/statements/(?P<month>\d{4}-\d{2})/$", statements.one, name="statement"),
    re_path(r"^pay/statements/(?P<month>\d{4}-\d{2})\.(?P<form>csv|pdf)$", statements.file, name="statement_file"),
    path("pay/ask/", pay.ask, name="ask"),
    path("pay/ask/<int:pk>/", pay.told, name="told"),
    path("pay/details/", details.mine, name="details"),
    path("pay/details/stripe/", stripe.account, name="stripe_account"),
    path("pay/details/<slug:rail>/", details.give, name="give_details"),
    path("pay/details/<int:pk>/cancel/", details.cancel, name="cancel_details"),
    path("pay/details/letter/<str:token>/", details.letter, name="details_letter"),
    path("pay/payouts/<int:pk>/", pay.payout, name="payout"),
    path("hooks/answers/<str:token>/", hooks.answer, name="answer"),
    path("hooks/<slug:rail>/", hooks.hear, name="hook"),
    path("desk/", desk.home, name="desk"),
    path("desk/bills/", bills.home, name="bills"),
    path("desk/bills/<int:pk>/", bills.bill, name="bill"),
    path("desk/deposits/", desk.deposit, name="deposit"),
    path("desk/exchange/", exchange.home, name="exchange"),
    path("desk/exchange/<int:pk>/confirm/", exchange.confirm, name="confirm_purchase"),
    path("desk/runs/", runs.home, name="runs"),
    path("desk/runs/prepare/<slug:rail>/", runs.prepare, name="prepare_run"),
    path("desk/runs/<int:pk>/", runs.run, name="run"),
    path("desk/runs/<int:pk>/step/", runs.step, name="run_step"),
    path("desk/runs/<int:pk>/file/", runs.file, name="run_file"),
    path("desk/runs/<int:pk>/apart/", runs.take_apart, name="take_run_apart"),
    path("desk/statements/", runs.statements, name="bank_statements"),
    path("desk/payouts/<int:pk>/", desk.payout, name="desk_payout"),
    path("desk/payouts/<int:pk>/send/", desk.send, name="send"),
    path("desk/payouts/<int:pk>/confirm/", desk.confirm, name="confirm"),
]

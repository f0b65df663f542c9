"""Addresses of the money: the rate card, my pay, the treasurer's desk."""

from django.urls import path

from payments.views import card, desk, pay

app_name = "payments"
urlpatterns = [
    path("rates/", card.rates_in_force, name="rates"),
    path("rates/<slug:slug>/", card.rate, name="rate"),
    path("pay/", pay.mine, name="pay"),
    path("pay/ask/", pay.ask, name="ask"),
    path("pay/payouts/<int:pk>/", pay.payout, name="payout"),
    path("desk/", desk.home, name="desk"),
    path("desk/deposits/", desk.deposit, name="deposit"),
    path("desk/payouts/<int:pk>/", desk.payout, name="desk_payout"),
    path("desk/payouts/<int:pk>/send/", desk.send, name="send"),
    path("desk/payouts/<int:pk>/confirm/", desk.confirm, name="confirm"),
]

"""Every address: the house's own pages, then one include per app."""

from django.contrib import admin
from django.urls import include, path

from coop import happened, views
from coop.people import views as people

handler500 = "coop.faults.answer"
urlpatterns = [
    path("", views.home, name="home"),
    path("how-we-decide/", views.how_we_decide, name="how_we_decide"),
    path("promises/", views.promises, name="promises"),
    path("promises/named/<slug:name>/", views.promise, name="promise"),
    path("promises/<slug:topic>/", views.promises_about, name="promises_about"),
    path("data-use/", views.data_use, name="data_use"),
    path("fairwork/", views.fair_work, name="fairwork"),
    path("fairwork/tests/<slug:name>/", views.fair_work_test, name="fairwork_test"),
    path("health/", views.health, name="health"),
    path("robots.txt", views.robots, name="robots"),
    path("demo/sign-in/", views.demo_sign_in, name="demo_sign_in"),
    path("me/", people.me, name="me"),
    path("me/data.json", views.my_data, name="my_data"),
    path("me/seats/<int:number>/accept/", people.accept_seat, name="accept_seat"),
    path("me/seats/<int:number>/decline/", people.decline_seat, name="decline_seat"),
    path("client/new/", people.found_client, name="found_client"),
    path("client/<slug:slug>/seats/", people.seats, name="seats"),
    path("client/<slug:slug>/seats/<int:number>/end/", people.end_seat, name="end_seat"),
    path("client/<slug:slug>/keys/", people.api_keys, name="api_keys"),
    path("client/<slug:slug>/keys/<int:number>/renew/", people.renew_key, name="renew_key"),
    path("client/<slug:slug>/keys/<int:number>/end/", people.end_key, name="end_key"),
    path("record/", happened.what_happened, name="record"),
    path("record/events.jsonl", happened.download, name="record_download"),
    path("record/head.json", happened.head, name="record_head"),
    path("record/proof/<int:index>.json", happened.proof, name="record_proof"),
    path("record/grew/<int:old>.json", happened.consistency, name="record_grew"),
    # Before allauth's own: here a change takes seven days (attack A16).
    path("account/email/", people.address, name="account_email"),
    path("account/email/stop/", people.stop_address, name="stop_address"),
    path("account/email/letter/<str:token>/", people.address_letter, name="address_letter"),
    path("account/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("coop.styleguide")),
    path("", include("tasks.urls")),
    path("", include("payments.urls")),
    path("", include("governance.urls")),
]

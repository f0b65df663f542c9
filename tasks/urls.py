"""Addresses of the work: the member's in urls_work, the client's and the API's here."""

from django.urls import include, path, re_path

from tasks.views import (
    cards,
    clients,
    disputes,
    drafting,
    files,
    guides,
    invoices,
    machines,
    piloting,
    previews,
    quality,
    releases,
    stages,
    webhooks,
)

app_name = "tasks"

MONTH = r"^c/(?P<slug>[-\w]+)/money/invoices/(?P<month>\d{4}-\d{2})"
HOOKS = "c/<slug:slug>/webhooks/"
DRAFT = "c/<slug:slug>/jobs/new/<int:number>/"
JOB = "c/<slug:slug>/jobs/<int:number>/"

urlpatterns = [
    path("c/", clients.mine, name="clients"),
    path("c/<slug:slug>/", clients.home, name="client"),
    path("c/<slug:slug>/money/", clients.money, name="client_money"),
    path("c/<slug:slug>/money/request/", invoices.payment_request, name="payment_request"),
    path("c/<slug:slug>/money/invoices/", invoices.every, name="invoices"),
    re_path(rf"{MONTH}/$", invoices.one, name="invoice"),
    re_path(rf"{MONTH}\.(?P<form>csv|pdf)$", invoices.file, name="invoice_file"),
    path("c/<slug:slug>/money/card/", cards.pay_in, name="pay_in_by_card"),
    path(HOOKS, webhooks.every, name="webhooks"),
    path(f"{HOOKS}callbacks/", webhooks.callbacks, name="callbacks"),
    path(f"{HOOKS}<int:number>/", webhooks.one, name="webhook"),
    path(f"{HOOKS}<int:number>/try/", webhooks.try_out, name="try_webhook"),
    path(f"{HOOKS}<int:number>/renew/", webhooks.renew, name="renew_webhook"),
    path(f"{HOOKS}<int:number>/end/", webhooks.end, name="end_webhook"),
    path(f"{HOOKS}messages/<uuid:key>/", webhooks.message, name="message"),
    path(f"{HOOKS}messages/<uuid:key>/again/", webhooks.again, name="send_again"),
    path("c/<slug:slug>/jobs/new/", drafting.new_job, name="new_job"),
    path(DRAFT, drafting.whole, name="draft_job"),
    path(f"{DRAFT}job/", drafting.make, name="make_job"),
    path(f"{DRAFT}pilot/", drafting.run_pilot, name="run_pilot"),
    path(f"{DRAFT}drop/", drafting.drop, name="drop_draft"),
    path(f"{DRAFT}look/", drafting.look, name="draft_look"),
    path(f"{DRAFT}<slug:step>/", drafting.step, name="draft_step"),
    path(JOB, clients.job_page, name="client_job"),
    path(f"{JOB}data/", clients.data, name="client_data"),
    path(f"{JOB}files/", files.handed_in, name="client_files"),
    path("media/<uuid:key>/", files.file, name="file"),
    path("media/<uuid:key>/small/", files.file, {"small": True}, name="small_file"),
    path(f"{JOB}preview/", previews.preview, name="preview"),
    path(f"{JOB}fund/", clients.fund, name="fund_job"),
    path(f"{JOB}pilot/", piloting.shown, name="pilot"),
    path(f"{JOB}pilot/adopt/", piloting.adopt, name="adopt_pilot"),
    path(f"{JOB}open/", clients.open_job, name="open_job"),
    path(f"{JOB}raise/", clients.raise_pay, name="raise_pay"),
    path(f"{JOB}close/", clients.close_job, name="close_job"),
    path(f"{JOB}guide/", guides.change, name="client_guide"),
    path(f"{JOB}machine/", machines.machine, name="machine"),
    path(f"{JOB}stages/", stages.shown, name="client_stages"),
    path(f"{JOB}quality/", quality.job, name="client_quality"),
    path(f"{JOB}versions/", releases.every, name="releases"),
    path(f"{JOB}versions/new/", releases.ask, name="release"),
    path(f"{JOB}versions/withdraw/", releases.withdraw, name="withdraw"),
    path(f"{JOB}versions/<int:release>/certificate.json", releases.certificate, name="certificate"),
    path(f"{JOB}versions/<int:release>/<slug:name>/", releases.download, name="release_download"),
    path(f"{JOB}answers/", disputes.answers, name="client_answers"),
    path(f"{JOB}answers/accept/", disputes.accept, name="accept_answers"),
    path(f"{JOB}answers/<int:pk>/return/", disputes.give_back, name="return_answer"),
    path(f"{JOB}answers/<int:pk>/tip/", disputes.tip, name="tip"),
    path(f"{JOB}answers/<int:pk>/", disputes.answer, name="client_answer"),
    path(f"{JOB}results.<str:ending>", clients.download, name="download"),
    path("api/", include("tasks.api.urls")),
    path("", include("tasks.scale.urls")),
    path("", include("tasks.urls_work")),
]

"""Addresses of the API."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from tasks.api import (
    docs,
    views,
    views_access,
    views_drafts,
    views_endpoints,
    views_files,
    views_guides,
    views_known,
    views_machines,
    views_releases,
    views_reviewing,
    views_stages,
    views_webhooks,
)

DRAFT = "v1/drafts/<int:number>"
JOB = "v1/jobs/<int:number>"

urlpatterns = [
    path("", docs.page, name="api_docs"),
    path("schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("v1/rates", views.Rates.as_view(), name="api_rates"),
    path("v1/webhooks", views_webhooks.Webhooks.as_view(), name="api_webhooks"),
    path("v1/webhooks/<int:number>", views_webhooks.OneWebhook.as_view(), name="api_webhook"),
    path("v1/webhooks/<int:number>/messages", views_webhooks.Messages.as_view(), name="api_messages"),
    path("v1/callbacks", views_webhooks.Callbacks.as_view(), name="api_callbacks"),
    path("v1/messages/<uuid:key>/again", views_webhooks.SendAgain.as_view(), name="api_send_again"),
    path("v1/drafts", views_drafts.Sketches.as_view(), name="api_drafts"),
    path(DRAFT, views_drafts.OneSketch.as_view(), name="api_draft"),
    path(f"{DRAFT}/tasks", views_drafts.SketchTasks.as_view(), name="api_draft_tasks"),
    path(f"{DRAFT}/pilot", views_drafts.SketchPilot.as_view(), name="api_draft_pilot"),
    path(f"{DRAFT}/job", views_drafts.SketchJob.as_view(), name="api_draft_job"),
    path("v1/access", views_access.Access.as_view(), name="api_access"),
    path("v1/jobs", views.Jobs.as_view(), name="api_jobs"),
    path(JOB, views.OneJob.as_view(), name="api_job"),
    path(f"{JOB}/tasks", views.Tasks.as_view(), name="api_tasks"),
    path(f"{JOB}/files", views_files.Files.as_view(), name="api_files"),
    path(f"{JOB}/guide", views_guides.Guide.as_view(), name="api_guide"),
    path(f"{JOB}/questions", views_guides.Questions.as_view(), name="api_questions"),
    path(f"{JOB}/stage", views_stages.StageView.as_view(), name="api_stage"),
    path(f"{JOB}/known", views_known.KnownAnswers.as_view(), name="api_known"),
    path(f"{JOB}/pilot", views_drafts.Measured.as_view(), name="api_pilot"),
    path(f"{JOB}/fund", views.Fund.as_view(), name="api_fund"),
    path(f"{JOB}/open", views.Open.as_view(), name="api_open"),
    path(f"{JOB}/raise", views.Raise.as_view(), name="api_raise"),
    path(f"{JOB}/close", views.Close.as_view(), name="api_close"),
    path(f"{JOB}/disputes", views.Disputes.as_view(), name="api_disputes"),
    path(f"{JOB}/answers", views_reviewing.Waiting.as_view(), name="api_waiting"),
    path(f"{JOB}/answers/accept", views_reviewing.Accept.as_view(), name="api_accept"),
    path(f"{JOB}/answers/<int:answer>/send-back", views_reviewing.SendBack.as_view(), name="api_send_back"),
    path(f"{JOB}/answers/<int:answer>/reject", views.Reject.as_view(), name="api_reject"),
    path(f"{JOB}/progress", views.ProgressView.as_view(), name="api_progress"),
    path(f"{JOB}/quality", views.Quality.as_view(), name="api_quality"),
    path(f"{JOB}/machine", views_machines.OneMachine.as_view(), name="api_machine"),
    path(f"{JOB}/model", views_endpoints.OneModel.as_view(), name="api_model"),
    path(f"{JOB}/model/again", views_endpoints.ModelAgain.as_view(), name="api_model_again"),
    path(f"{JOB}/releases", views_releases.Releases.as_view(), name="api_releases"),
    path(f"{JOB}/releases/<int:release>", views_releases.OneRelease.as_view(), name="api_release"),
    path(f"{JOB}/releases/<int:release>/<slug:kind>", views_releases.ReleaseFile.as_view(), name="api_release_file"),
    path(f"{JOB}/withdrawals", views_releases.Withdrawals.as_view(), name="api_withdrawals"),
    path(f"{JOB}/results", views.Results.as_view(), name="api_results"),
    re_path(r"^v1/", views.Nothing.as_view(), name="api_nothing"),
]

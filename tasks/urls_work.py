"""Addresses of the member's side of the work."""

from django.urls import path

from tasks.views import alerts, badges, board, content, disputes, guides, hours, quality, reviewing, teams, work

urlpatterns = [
    path("jobs/", board.jobs, name="jobs"),
    path("jobs/<int:number>/", board.job, name="job"),
    path("jobs/<int:number>/guide/", guides.shown, name="guide"),
    path("jobs/<int:number>/guide/read/", guides.read, name="read_guide"),
    path("jobs/<int:number>/guide/<int:which>/", guides.version, name="guide_version"),
    path("jobs/<int:number>/team/", teams.at_job, name="team"),
    path("jobs/<int:number>/team/<int:team>/", teams.answer, name="team_answer"),
    path("jobs/<int:number>/claim/", board.claim, name="claim"),
    path("start/", board.start, name="start"),
    path("work/", work.mine, name="work"),
    path("work/<int:number>/", work.task, name="task"),
    path("work/<int:number>/draft/", work.draft, name="draft"),
    path("work/<int:number>/check/", work.check, name="check"),
    path("work/<int:number>/ask/", work.ask, name="ask"),
    path("work/<int:number>/say/", teams.say, name="say"),
    path("work/<int:number>/time/", work.engaged_time, name="time"),
    path("work/<int:number>/skip/", work.skip, name="skip"),
    path("work/<int:number>/leave/", work.leave, name="leave"),
    path("work/<int:number>/report/", work.report, name="report"),
    path("work/<int:number>/back/", work.back, name="back"),
    path("work/<int:number>/dispute/", disputes.mine, name="dispute"),
    path("me/alerts/", alerts.choose, name="alerts"),
    path("me/content/", content.choose, name="content"),
    path("work/hours/", hours.week, name="hours"),
    path("work/hours/<str:monday>/", hours.week, name="hours"),
    path("work/agreement/", quality.mine, name="agreement"),
    path("work/agreement/<int:number>/", quality.mine_in, name="agreement_in"),
    path("me/badges/", badges.mine, name="badges"),
    path("me/badges/<int:number>.jwt", badges.one, name="badge"),
    path("looks/", disputes.desk, name="looks"),
    path("looks/<int:pk>/", disputes.look, name="look"),
    path("review/", reviewing.review, name="review"),
    path("review/<int:number>/take/", reviewing.take, name="review_take"),
    path("review/<int:number>/accept/", reviewing.accept, name="review_accept"),
    path("review/<int:number>/back/", reviewing.send_back, name="review_back"),
    path("review/<int:number>/reject/", disputes.reject_as_peer, name="review_reject"),
]

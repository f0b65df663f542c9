"""Addresses of the ground: votes, receipts, my standing, pauses, the assembly."""

from django.urls import path

from governance.views import assembly, ballots, pauses, standing, votes

app_name = "governance"
urlpatterns = [
    path("votes/", votes.home, name="votes"),
    path("votes/new/", votes.kinds, name="kinds"),
    path("votes/new/<slug:policy>/", votes.propose, name="propose"),
    path("votes/receipt/", ballots.check, name="receipt"),
    path("votes/<int:pk>/", votes.proposal, name="proposal"),
    path("votes/<int:pk>/publish/", votes.publish, name="publish"),
    path("votes/<int:pk>/again/", votes.read_again, name="read_again"),
    path("votes/<int:pk>/carry-on/", votes.carry_on, name="carry_on"),
    path("votes/<int:pk>/ballot/", ballots.ballot, name="ballot"),
    path("votes/<int:pk>/ballot/cast/", ballots.cast_it, name="cast"),
    path("votes/<int:pk>/done/", ballots.done, name="done"),
    path("votes/<int:pk>/result/", votes.result, name="result"),
    path("votes/<int:pk>/recount.json", ballots.recount, name="recount"),
    path("standing/", standing.mine, name="standing"),
    path("standing/leave/", standing.leave, name="leave"),
    path("standing/stay/", standing.stay, name="stay"),
    path("pauses/", pauses.home, name="pauses"),
    path("pauses/new/", pauses.ask, name="ask_pause"),
    path("pauses/<int:pk>/confirm/", pauses.confirm, name="confirm_pause"),
    path("assembly/", assembly.home, name="assembly"),
    path("assembly/new/", assembly.open_thread, name="open_thread"),
    path("assembly/<int:pk>/", assembly.thread, name="thread"),
    path("assembly/proposal/<int:number>/", assembly.about, {"kind": "proposal"}, name="about_proposal"),
    path("assembly/job/<int:number>/", assembly.about, {"kind": "job"}, name="about_job"),
    path("assembly/message/<int:pk>/", assembly.message, name="message"),
    path("assembly/message/<int:pk>/correct/", assembly.correct, name="correct"),
]

"""The ground: rules, proposals, rolls, ballots, mandates, standing, pauses, offices, talk. Facts and constraints only.

The state of a proposal is not stored: it follows from its times and from the rows that exist (see voting.state).
"""

from governance.models.assembly import LONGEST_MESSAGE, Message, Thread, Topic
from governance.models.ballots import Ballot, Choice, Tally
from governance.models.mandates import Enactment, Mandate
from governance.models.offices import CONFIRMED, Office, OfficeEnd, Post, Right
from governance.models.pauses import Pause, PauseGround, PauseRequest
from governance.models.proposals import Method, Option, Proposal, RollEntry
from governance.models.rules import CUTS, WHOLE, Rule
from governance.models.standing import Standing, Status

__all__ = [
    "CONFIRMED",
    "CUTS",
    "LONGEST_MESSAGE",
    "WHOLE",
    "Ballot",
    "Choice",
    "Enactment",
    "Mandate",
    "Message",
    "Method",
    "Office",
    "OfficeEnd",
    "Option",
    "Pause",
    "PauseGround",
    "PauseRequest",
    "Post",
    "Proposal",
    "Right",
    "RollEntry",
    "Rule",
    "Standing",
    "Status",
    "Tally",
    "Thread",
    "Topic",
]

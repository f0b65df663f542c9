"""The ground: rules, votes, mandates, standing, offices, pauses, cases, panels, talk. Facts and constraints only.

The state of a proposal is not stored: it follows from its times and from the rows that exist (see voting.state).
"""

from governance.models.assembly import LONGEST_MESSAGE, Message, Thread, Topic
from governance.models.ballots import Ballot, Choice, Tally
from governance.models.bylaws import Bylaw
from governance.models.cases import (
    CHARGED,
    LADDER,
    Case,
    CaseGround,
    CaseKind,
    Equivalent,
    Evidence,
    Measure,
    NeverAGround,
    Said,
    Statement,
)
from governance.models.data_uses import DataUse, Decides, Whose
from governance.models.decisions import APPEAL_OPEN, Appeal, Citation, Decision, Fold, Motion, PanelVote, Restriction
from governance.models.elections import LONGEST_STATEMENT, Call, Candidacy
from governance.models.letters import Letter, LetterKind, LetterWish
from governance.models.mandates import Enactment, Mandate
from governance.models.offices import (
    CHECKED,
    CONFIRMED,
    LONGEST_TERM_DAYS,
    Office,
    OfficeAct,
    OfficeActKind,
    OfficeEnd,
    Post,
    Right,
)
from governance.models.panels import (
    Draw,
    DrawPart,
    DrawReveal,
    Hearing,
    Panel,
    PanelSeat,
    Role,
    SeatRefusal,
    Side,
    Stage,
)
from governance.models.pauses import Pause, PauseGround, PauseRequest, Reach
from governance.models.petitions import Answer, Petition, PetitionKind, Signature, Support
from governance.models.proposals import Method, Option, Proposal, RollEntry
from governance.models.reports import MessageReport, Outcome, ReportAnswer, ReportGround, Withholding
from governance.models.resignations import Pressure, Resignation
from governance.models.rules import BOUNDS, CUTS, WHOLE, Parameter, Rule
from governance.models.standing import Standing, Status
from governance.models.turning_away import InTheWay, TurnedAway, TurnedFrom

__all__ = [
    "APPEAL_OPEN",
    "BOUNDS",
    "CHARGED",
    "CHECKED",
    "CONFIRMED",
    "CUTS",
    "LADDER",
    "LONGEST_MESSAGE",
    "LONGEST_STATEMENT",
    "LONGEST_TERM_DAYS",
    "WHOLE",
    "Answer",
    "Appeal",
    "Ballot",
    "Bylaw",
    "Call",
    "Candidacy",
    "Case",
    "CaseGround",
    "CaseKind",
    "Choice",
    "Citation",
    "DataUse",
    "Decides",
    "Decision",
    "Draw",
    "DrawPart",
    "DrawReveal",
    "Enactment",
    "Equivalent",
    "Evidence",
    "Fold",
    "Hearing",
    "InTheWay",
    "Letter",
    "LetterKind",
    "LetterWish",
    "Mandate",
    "Measure",
    "Message",
    "MessageReport",
    "Method",
    "Motion",
    "NeverAGround",
    "Office",
    "OfficeAct",
    "OfficeActKind",
    "OfficeEnd",
    "Option",
    "Outcome",
    "Panel",
    "PanelSeat",
    "PanelVote",
    "Parameter",
    "Pause",
    "PauseGround",
    "PauseRequest",
    "Petition",
    "PetitionKind",
    "Post",
    "Pressure",
    "Proposal",
    "Reach",
    "ReportAnswer",
    "ReportGround",
    "Resignation",
    "Restriction",
    "Right",
    "Role",
    "RollEntry",
    "Rule",
    "Said",
    "SeatRefusal",
    "Side",
    "Signature",
    "Stage",
    "Standing",
    "Statement",
    "Status",
    "Support",
    "Tally",
    "Thread",
    "Topic",
    "TurnedAway",
    "TurnedFrom",
    "Whose",
    "Withholding",
]

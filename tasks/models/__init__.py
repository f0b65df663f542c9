"""The work: jobs, data sets, tasks, assignments, answers, reviews, disputes over rejected answers, what answers say."""

from tasks.models.access import Fetch, Look, Reason
from tasks.models.alerts import Alert, AlertWish
from tasks.models.calls import Call
from tasks.models.checks import Check, CheckState
from tasks.models.content import ContentChoice, Share, Topic
from tasks.models.disputes import Dispute, Finding, LooksFor, Peer, Settlement
from tasks.models.endpoints import Endpoint
from tasks.models.engaged import Span
from tasks.models.extensions import Extension
from tasks.models.files import Delivery, FileKind, JobFile
from tasks.models.forewarnings import Forewarned, Forewarning
from tasks.models.guides import GuideVersion, Question, Reading, Reply
from tasks.models.halts import Halt
from tasks.models.hidden import HiddenContent
from tasks.models.known import KnownAnswer
from tasks.models.machines import Machine
from tasks.models.paces import Pace
from tasks.models.pilots import Pilot, Rescoping
from tasks.models.quality import Estimate, Reliability, Weighing
from tasks.models.releases import Failure, Release, ReleaseFile, Withdrawal
from tasks.models.reports import Report
from tasks.models.reviews import Decision, Ground, Review
from tasks.models.scale import Asset, Audit, Batch, BatchState, Lot, Order, Project, ProjectVersion, Role, Sandbox
from tasks.models.sharing import Reserve
from tasks.models.shortfalls import Difference, Shortfall
from tasks.models.sketches import Sketch, SketchFile
from tasks.models.skills import SHOWN, Sitting, Skill
from tasks.models.skips import PaidSkip
from tasks.models.stages import Apart, HandOver, Stage, Takes
from tasks.models.tallies import Tally
from tasks.models.teams import Team, TeamDraft, TeamMember, TeamNote
from tasks.models.tips import Tip
from tasks.models.webhooks import Attempt, Message, MessageState, Told, Webhook
from tasks.models.work import (
    LIVE_STATES,
    OPEN_STATES,
    Answer,
    Assignment,
    AssignmentState,
    Draft,
    Job,
    RateCard,
    ReviewRule,
    Task,
    Upload,
)

__all__ = [
    "LIVE_STATES",
    "OPEN_STATES",
    "SHOWN",
    "Alert",
    "AlertWish",
    "Answer",
    "Apart",
    "Asset",
    "Assignment",
    "AssignmentState",
    "Attempt",
    "Audit",
    "Batch",
    "BatchState",
    "Call",
    "Check",
    "CheckState",
    "ContentChoice",
    "Decision",
    "Delivery",
    "Difference",
    "Dispute",
    "Draft",
    "Endpoint",
    "Estimate",
    "Extension",
    "Failure",
    "Fetch",
    "FileKind",
    "Finding",
    "Forewarned",
    "Forewarning",
    "Ground",
    "GuideVersion",
    "Halt",
    "HandOver",
    "HiddenContent",
    "Job",
    "JobFile",
    "KnownAnswer",
    "Look",
    "LooksFor",
    "Lot",
    "Machine",
    "Message",
    "MessageState",
    "Order",
    "Pace",
    "PaidSkip",
    "Peer",
    "Pilot",
    "Project",
    "ProjectVersion",
    "Question",
    "RateCard",
    "Reading",
    "Reason",
    "Release",
    "ReleaseFile",
    "Reliability",
    "Reply",
    "Report",
    "Rescoping",
    "Reserve",
    "Review",
    "ReviewRule",
    "Role",
    "Sandbox",
    "Settlement",
    "Share",
    "Shortfall",
    "Sitting",
    "Sketch",
    "SketchFile",
    "Skill",
    "Span",
    "Stage",
    "Takes",
    "Tally",
    "Task",
    "Team",
    "TeamDraft",
    "TeamMember",
    "TeamNote",
    "Tip",
    "Told",
    "Topic",
    "Upload",
    "Webhook",
    "Weighing",
    "Withdrawal",
]

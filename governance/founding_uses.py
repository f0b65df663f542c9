"""The uses of data about people with which a cooperative begins (N8), each in words that its members read.

In which columns the data of each lie stands in `coop/data_places.py`; a test and the audit compare both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.models import DataUse, Decides, Mandate, Whose

ACCOUNT = "As long as there is an account, and afterwards what the law and the record ask for."
RECORD = "For good: it is the record by which everybody can check what was done."


@dataclass(frozen=True, slots=True)
class Use:
    """A use of data with which a cooperative begins; `seen_by` are audiences as `members,self`."""

    key: str
    title: str
    data: str
    whose: Whose
    purpose: str
    seen_by: str
    kept: str = ACCOUNT
    decides: Decides = Decides.NOTHING


FIRST: Sequence[Use] = (
    # The account.
    Use(
        "account", "Having an account",
        "Name, e-mail address, password as a hash, language, time zone, country, the last sign-in.",
        Whose.EVERYBODY, "To sign in, to be written to, and to be known to the other members by name.",
        "members,self,nobody",
    ),
    Use(
        "sign_in", "Staying signed in",
        "A number in the browser for each sign-in; tries to sign in, by network address, for minutes.",
        Whose.EVERYBODY, "To stay signed in, and to stop those who guess passwords.", "nobody",
        "Two weeks for a sign-in; minutes for tries.", Decides.SLOW,
    ),
    Use(
        "address", "Another e-mail address",
        "The old and the new address, when it was asked for, and when it was told, stopped or done.",
        Whose.EVERYBODY, "To give the owner of the old address seven days to stop it.", "self", ACCOUNT, Decides.DUE,
    ),
    Use(
        "letters", "Letters by e-mail",
        "Which letters somebody wants, their quiet hours, and which were sent when.",
        Whose.EVERYBODY, "To tell what is new, to remind of a vote, and to say that a ballot was in the box.", "self",
        ACCOUNT, Decides.WRITE,
    ),
    Use(
        "errands", "Errands of the machine",
        "For a letter or a delivery that is to be sent: the number of the account and of what it is about; of a letter"
        " that asks somebody to be in a team, the address it goes to. No words.",
        Whose.EVERYBODY, "To send it once, also when a machine stops in between.", "nobody",
        "Until they are cleared away; done ones are read by nobody.",
    ),
    # Belonging.
    Use(
        "standing", "Being a member",
        "Since when somebody is applicant, candidate or member, by which rule, and their paid hours.",
        Whose.MEMBERS, "To know who belongs, votes and works here.", "members,self,public", RECORD, Decides.ADMIT,
    ),
    Use(
        "leaving", "Leaving",
        "That somebody gave notice, whether they were pressed, and whether they took it back.",
        Whose.MEMBERS, "To let everybody go who wants to, and to open a case for whoever was pressed.", "self", RECORD,
        Decides.DUE,
    ),
    # Work.
    Use(
        "openings", "Which work is open to whom",
        "The country, and how many units of a kind of work somebody has done, ever and today.",
        Whose.MEMBERS, "To keep what votes said on regions, qualifications and the sharing of work.", "self,parties",
        ACCOUNT, Decides.OPEN,
    ),
    Use(
        "work", "Taking and doing work",
        "Which task was taken when, at which pay and by which card, and drafts until they are handed in.",
        Whose.MEMBERS, "To hand out each task once, and to pay what was shown.", "self,parties,public", RECORD,
        Decides.EXPIRE,
    ),
    Use(
        "answers", "Answers and reviews",
        "What was answered, and how it was reviewed and by whom.",
        Whose.MEMBERS,
        "To hand the work to the client, under a pseudonym for each client, and to pay for it. Where a job has a"
        " machine that helps, it learns from the accepted answers, without names, for that job alone.",
        "self,parties,nobody", RECORD, Decides.ACCEPT,
    ),
    Use(
        "agreement", "Comparing answers",
        "How many of somebody's answers in a job are what all answers came to, and what they take for what.",
        Whose.MEMBERS, "To make one answer of several for the client, and to show members how theirs compare.",
        "self",
    ),
    Use(
        "checks", "Checking answers",
        "Who took which answer to check, at what pay, from when until when.",
        Whose.MEMBERS, "To keep an answer for whoever checks it, to pay them, and to count that time as paid hours.",
        "self,parties", RECORD, Decides.EXPIRE,
    ),
    Use(
        "guides", "Questions about tasks, and changed guides",
        "What was asked about which task, how the guide answers it, and who read a changed guide for pay.",
        Whose.MEMBERS, "To answer everybody in the guide, and to pay for reading what changed. No client reads who.",
        "self,parties", RECORD, Decides.PAY,
    ),
    Use(
        "teams", "Doing a job in a team",
        "Who proposed a team, who consented when to which share, and what they wrote and said to each other.",
        Whose.MEMBERS, "To pay everybody the share agreed before, and to lose nobody's work. No client reads it.",
        "self,parties", RECORD, Decides.PAY,
    ),
    Use(
        "engaged_time", "Measuring the time that work takes",
        "From when to when a task was worked on, to the minute, as the server saw it. No screens, no keys.",
        Whose.MEMBERS, "To say what an hour really pays, and to pay what lacks to the floor; never to judge a person.",
        "self,parties",
    ),
    Use(
        "pilots", "Pilots of changed work",
        "How many people did the first units of changed work, their median time and the least pay of an hour.",
        Whose.MEMBERS, "To raise the pay by the ratio when work takes longer than before.", "public", RECORD,
        Decides.PAY,
    ),
    Use(
        "shortfalls", "Jobs below the floor",
        "How many people did a job that made less than the floor of an hour, their median time, and what each answer"
        " was paid afterwards.",
        Whose.MEMBERS, "To pause such a job until its client makes up for it; never to judge who worked.",
        "public,self", RECORD, Decides.PAY,
    ),
    Use(
        "onboarding", "Onboarding",
        "Answers to the questions of onboarding, and whether they agree with the known ones.",
        Whose.MEMBERS, "To know that somebody can do this work, with the result within 72 hours.",
        "self,parties,public,nobody", RECORD, Decides.SCORE,
    ),
    Use(
        "disputes", "Rejected answers",
        "Which answer was rejected with which reason and place, what two members found, how it ended.",
        Whose.MEMBERS, "To decide who bears the pay; the member has it from the start.", "parties,self,nobody", RECORD,
        Decides.ACCEPT,
    ),
    Use(
        "peers", "Looking at rejected answers",
        "Who was drawn to look at a rejected answer, and whether they did in time.",
        Whose.MEMBERS, "To let two members look who see nothing of each other.", "parties,self", RECORD, Decides.LOT,
    ),
    Use(
        "shares", "Sharing scarce work",
        "How many tasks of a job are kept for a member, and until when, where a vote said that work is shared.",
        Whose.MEMBERS, "To give each a share, however often they look.", "self", ACCOUNT, Decides.OPEN,
    ),
    Use(
        "alerts", "Letters about new work",
        "Of which work a member wants letters, from which pay of an hour on, when and how many; of which jobs they had"
        " one.",
        Whose.MEMBERS, "To write to whoever asked, on their own terms, and not twice.", "self", ACCOUNT, Decides.WRITE,
    ),
    Use(
        "content_choices", "Content that may upset, as each chooses",
        "With which topics a member takes work, and for how many minutes of 24 hours.",
        Whose.MEMBERS, "To offer nobody what they do not want to see, and to stop before it is too much.", "self",
        ACCOUNT, Decides.OPEN,
    ),
    Use(
        "content_reports", "Reports of what a task contains",
        "Who reported a task, the words, and the topic that its card did not name.",
        Whose.MEMBERS, "To take harmful or forbidden content away, and to help whoever saw it.", "officers",
    ),
    # Money.
    Use(
        "pay", "Earning and being paid",
        "Wages, payouts with how they go, and what the funds owe a person.",
        Whose.MEMBERS, "To pay, and to show that every sum adds up.", "self,officers,public,nobody", RECORD,
        Decides.PAY,
    ),
    Use(
        "top_ups", "What an hour pays at least",
        "How long somebody worked in a week, what that paid, and what it lacked to the floor of their region.",
        Whose.MEMBERS, "To pay what lacks, by a sum that the member can do again.", "self", RECORD, Decides.PAY,
    ),
    Use(
        "payout_details", "Where money goes",
        "The account details of each way to be paid, sealed, and a hint by which the person knows them.",
        Whose.MEMBERS, "To send money where the person wants it, with 72 hours to stop a change.",
        "self,officers,nobody",
        "Sealed for 90 days after they are replaced, at most until the person has left and was paid; their rows, for"
        " good.",
        Decides.DUE,
    ),
    Use(
        "surplus", "Sharing a surplus",
        "What a person's work of a quarter was paid, their part of what was left over, and their capital.",
        Whose.MEMBERS, "To divide it by paid work, as the members voted.", "self", RECORD, Decides.PAY,
    ),
    Use(
        "support", "Support from funds",
        "What a member asked of the care or education fund, when; for education what it is for and who answered.",
        Whose.MEMBERS, "To pay it, by rule or as two officers answer; nobody is asked why they need care.",
        "self,officers", RECORD, Decides.PAY,
    ),
    Use(
        "bills", "Paying the house's bills",
        "Which officer put a bill forward and which other one paid it, whom it went to and for what.",
        Whose.MEMBERS, "To spend what the members voted, with two people's names on each bill.", "members,public",
        RECORD,
    ),
    # Deciding.
    Use(
        "votes", "Voting",
        "Who proposed, backed and was on a roll; that somebody voted. What a ballot says is shown to nobody.",
        Whose.MEMBERS, "To decide together, and to let everybody count again.", "members,public,nobody", RECORD,
        Decides.COUNT,
    ),
    Use(
        "petitions", "Petitions",
        "Who opened and who signed a petition, and what an officer answered.",
        Whose.MEMBERS, "To call a vote that enough members ask for.", "members,public", RECORD, Decides.COUNT,
    ),
    Use(
        "posts", "Holding a post",
        "Who stands for which post with which words, who holds it, and until when.",
        Whose.MEMBERS, "To elect officers, and to know them.", "members,public", RECORD,
    ),
    Use(
        "officers_acts", "What officers did",
        "What an officer did or looked at that concerns somebody.",
        Whose.EVERYBODY, "To show it to the person it concerns.", "self,nobody", RECORD,
    ),
    # Talking.
    Use(
        "assembly", "Talking in the assembly",
        "Threads and messages, with who wrote them and when; the threads of a case are read by its parties only.",
        Whose.MEMBERS, "To talk about anything, conditions and clients first.", "members,parties", RECORD,
    ),
    Use(
        "message_reports", "Reports of messages",
        "Who reported which message and why, what an officer answered, and whether it was withheld for 72 hours.",
        Whose.MEMBERS, "To act on what the law forbids, and on nothing else.", "parties,self", RECORD,
    ),
    # Due process.
    Use(
        "pauses", "Emergency pauses",
        "Whom two officers paused, for which reason and for how long; of evidence only its hash.",
        Whose.MEMBERS, "To stop a danger for 72 hours at most.", "officers,self", RECORD,
    ),
    Use(
        "cases", "Cases and appeals",
        "Charges, evidence, replies, hearings, votes of a panel, reasons, and what follows until when.",
        Whose.MEMBERS, "To hear whoever is charged, by members drawn by lot.", "officers,parties,self", RECORD,
    ),
    Use(
        "lots", "Drawing panels",
        "Who could be drawn for a panel, the words of both sides and the witness, who was drawn, and who refused whom.",
        Whose.MEMBERS, "To make a lot that everybody in the case can draw again.", "parties,self", RECORD, Decides.LOT,
    ),
    Use(
        "watching", "Watching for what works like a ban",
        "How long a member had no offer while others had work, lost kinds of work, held payouts, rejected answers; of"
        " which jobs and words in the assembly they were turned away, and what stood in the way.",
        Whose.MEMBERS, "To protect the member: it opens a case in which the cooperative must explain itself.",
        "parties,self,public", RECORD, Decides.OPEN_CASE,
    ),
    # Everybody.
    Use(
        "record", "The record",
        "Who did what when, without names in public: entries name rows by number.",
        Whose.EVERYBODY, "To prove later what was done, to everybody.", "public,self", RECORD,
    ),
    Use(
        "clients", "Clients and their orders",
        "Who acts for a client, keys of its systems as hashes, jobs, files, uploads, tasks, deposits, who rejected an"
        " answer, how far answers agree, versions of data sets, webhooks and what went to them,"
        " servers of its models, who of its own took answers home, which officer looked and why.",
        Whose.CLIENTS, "To take orders, to bill them, and to deliver.", "client,parties,public,nobody", RECORD,
    ),
)  # fmt: skip


def begin(mandate: Mandate, at: datetime) -> None:
    """Write the uses that exist from the start, by the founding mandate; only the owner of the schema can."""
    DataUse.objects.bulk_create(
        DataUse(
            key=use.key, version=1, title=use.title, data=use.data, whose=use.whose, purpose=use.purpose,
            seen_by=use.seen_by, kept=use.kept, decides=use.decides, in_use=True, published_at=at, applies_from=at,
            mandate=mandate,
        )
        for use in FIRST
    )  # fmt: skip

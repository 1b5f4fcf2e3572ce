from followups.models.exported import ExportRecord
from followups.models.finding import BonusHours, SavedView, TicketDocument
from followups.models.goals import Digest, SetGoal
from followups.models.initiatives import Initiative
from followups.models.ladders import LadderStep
from followups.models.people import ContactEvent, Looking
from followups.models.reviews import Draw, Review, ReviewDecision
from followups.models.rollups import (
    AnswerTally,
    InvitationTally,
    RecoveryTally,
    RollupCheck,
    RollupDay,
    RollupKind,
    RollupMark,
    SignalTally,
    TicketTally,
)
from followups.models.routing import Rule, RuleBook
from followups.models.rules import Calendar, SlaPolicy
from followups.models.teams import Away, Member, Team, WorkPattern
from followups.models.tickets import Conversation, Ticket
from followups.models.trail import (
    AssignmentRound,
    Conflict,
    Cover,
    Deadline,
    Decision,
    Escalation,
    Event,
    FirstContact,
    Watcher,
)
from followups.models.wording import MailWording
from followups.models.work import (
    Action,
    ActionMove,
    ContactAttempt,
    DismissalRequest,
    Note,
    Reply,
    Resolution,
    RootCause,
    Verdict,
)
from followups.models.writing import KeptDraft, LetterTemplate

__all__ = [
    "Action",
    "ActionMove",
    "AnswerTally",
    "AssignmentRound",
    "Away",
    "BonusHours",
    "Calendar",
    "Conflict",
    "ContactAttempt",
    "ContactEvent",
    "Conversation",
    "Cover",
    "Deadline",
    "Decision",
    "Digest",
    "DismissalRequest",
    "Draw",
    "Escalation",
    "Event",
    "ExportRecord",
    "FirstContact",
    "Initiative",
    "InvitationTally",
    "KeptDraft",
    "LadderStep",
    "LetterTemplate",
    "Looking",
    "MailWording",
    "Member",
    "Note",
    "RecoveryTally",
    "Reply",
    "Resolution",
    "Review",
    "ReviewDecision",
    "RollupCheck",
    "RollupDay",
    "RollupKind",
    "RollupMark",
    "RootCause",
    "Rule",
    "RuleBook",
    "SavedView",
    "SetGoal",
    "SignalTally",
    "SlaPolicy",
    "Team",
    "Ticket",
    "TicketDocument",
    "TicketTally",
    "Verdict",
    "Watcher",
    "WorkPattern",
]

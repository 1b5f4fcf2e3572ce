from followups.models.initiatives import Initiative
from followups.models.rules import Calendar, Rule, SlaPolicy
from followups.models.teams import Away, Member, Team
from followups.models.tickets import Conversation, Ticket
from followups.models.trail import AssignmentRound, Deadline, Decision, Escalation, Event, Watcher
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
    "AssignmentRound",
    "Away",
    "Calendar",
    "ContactAttempt",
    "Conversation",
    "Deadline",
    "Decision",
    "DismissalRequest",
    "Escalation",
    "Event",
    "Initiative",
    "KeptDraft",
    "LetterTemplate",
    "Member",
    "Note",
    "Reply",
    "Resolution",
    "RootCause",
    "Rule",
    "SlaPolicy",
    "Team",
    "Ticket",
    "Verdict",
    "Watcher",
]

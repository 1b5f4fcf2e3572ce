"""The life of a ticket. Page, bulk action, API, admin and command call these verbs and so obey the same guards.

`table` says which ways exist, `locking` opens a ticket, `writing` is the only writer and `unwritten` what waits for
it; the other modules hold the verbs by what they are about.
"""

from followups.workflow.contact import Settlement, log_contact, log_reply, resume, send_message, wait
from followups.workflow.ending import agree_to_differ, leave_in_peace, resolve
from followups.workflow.giving import assign, join, release, split
from followups.workflow.keeping import ask_dismissal, decide_dismissal, hold, note, snooze, unhold
from followups.workflow.people import give_answer, look_at_merge, may_merge, merge
from followups.workflow.promising import add_action, complete_action, delay, drop_action, move_action
from followups.workflow.reopening import reopen
from followups.workflow.taking_back import take_back

__all__ = [
    "Settlement",
    "add_action",
    "agree_to_differ",
    "ask_dismissal",
    "assign",
    "complete_action",
    "decide_dismissal",
    "delay",
    "drop_action",
    "give_answer",
    "hold",
    "join",
    "leave_in_peace",
    "log_contact",
    "log_reply",
    "look_at_merge",
    "may_merge",
    "merge",
    "move_action",
    "note",
    "release",
    "reopen",
    "resolve",
    "resume",
    "send_message",
    "snooze",
    "split",
    "take_back",
    "unhold",
    "wait",
]

"""What people fill in. A form checks shape only; what is allowed is the workflow's to say."""

from followups.forms.base import Desk, Shelf, VerbForm
from followups.forms.contact import LogContactForm, LogReplyForm, ResumeForm, SendMessageForm, WaitForm
from followups.forms.desk import (
    AssignForm,
    HoldForm,
    JoinForm,
    LinkForm,
    NoteForm,
    ReleaseForm,
    SnoozeForm,
    SplitForm,
    UnholdForm,
)
from followups.forms.ending import (
    AgreeToDifferForm,
    AskDismissalForm,
    DecideDismissalForm,
    LeaveInPeaceForm,
    ReopenForm,
    ResolveForm,
)
from followups.forms.promising import (
    ActionForm,
    AddActionForm,
    CompleteActionForm,
    DelayForm,
    DropActionForm,
    MoveActionForm,
)

FORMS: dict[str, type[VerbForm]] = {
    form.verb: form
    for form in (
        LogContactForm,
        LogReplyForm,
        SendMessageForm,
        WaitForm,
        ResumeForm,
        AddActionForm,
        MoveActionForm,
        DelayForm,
        CompleteActionForm,
        DropActionForm,
        ResolveForm,
        ReopenForm,
        LeaveInPeaceForm,
        AgreeToDifferForm,
        AskDismissalForm,
        DecideDismissalForm,
        AssignForm,
        ReleaseForm,
        SnoozeForm,
        HoldForm,
        UnholdForm,
        NoteForm,
        JoinForm,
        SplitForm,
        LinkForm,
    )
}

__all__ = [
    "FORMS",
    "ActionForm",
    "Desk",
    "LinkForm",
    "LogContactForm",
    "ResolveForm",
    "SendMessageForm",
    "Shelf",
    "SplitForm",
    "VerbForm",
]

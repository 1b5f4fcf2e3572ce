"""F11 and F12 with real beats: two and three of them, and one that was dead while times ran out."""

from __future__ import annotations

import pytest

from tests.conftest import SmtpSink
from tests.stack import Stack

SET_UP = """
from datetime import timedelta
from itertools import count
from django.utils import timezone
from tests import factories
# Names go on where the last process of this kind left off.
factories._number = count({first})
from tests.factories import make_deadline, make_response, make_team, make_ticket, make_user
lead, hanna = make_user("Tomas Rey"), make_user("Hanna Brandt")
team = make_team(lead=lead, agents=(hanna,), director=make_user("Ines Vogel"))
for n in range({count}):
    answer = make_response(2, responded_at=timezone.now() - timedelta(days=2) + timedelta(minutes={minutes}))
    make_deadline(make_ticket(answer, owner=hanna, team=team))
"""
PER_STEP = (
    "SELECT ticket_id, target, ordinal, level, count(*) FROM followups_escalation"
    " GROUP BY ticket_id, target, ordinal, level HAVING count(*) > 1"
)


def reached(stack: Stack) -> dict[str, int]:
    return dict(stack.rows("SELECT level, count(*) FROM followups_escalation GROUP BY level"))


@pytest.mark.stack
@pytest.mark.full
def test_three_beats_and_one_that_comes_back_tell_each_step_once(smtp_sink: SmtpSink) -> None:
    parts = ("worker", "worker2", "beat", "beat2", "beat3")
    with Stack(parts=parts, email_url=smtp_sink.url, sweep_seconds=1) as stack:
        # Due in two hours: the owner is warned of each.
        stack.python(SET_UP.format(count=5, minutes=120, first=1))
        stack.wait(lambda: reached(stack) == {"soon": 5}, "each owner is warned", seconds=60)
        for beat in ("beat", "beat2", "beat3"):
            stack.kill(beat)
        # While all of them are dead other times run out: warning and lead are due, half an hour late.
        stack.python(SET_UP.format(count=5, minutes=-30, first=1_000))
        stack.start("beat")
        stack.wait(lambda: reached(stack) == {"soon": 10, "late": 5}, "the late ones are told", seconds=60)
        stack.wait(
            lambda: stack.rows("SELECT count(*) FROM mail_message WHERE state IN ('queued', 'sending')") == [(0,)],
            "every mail has left", seconds=60,
        )  # fmt: skip
        assert stack.rows(PER_STEP) == []
        order = stack.rows("SELECT ticket_id, level FROM followups_escalation ORDER BY ticket_id, id")
        late = {ticket for ticket, level in order if level == "late"}
        assert all([level for ticket, level in order if ticket == each] == ["soon", "late"] for each in late)
        subjects = [str(mail.message["Message-ID"]) for mail in smtp_sink.mails]
        assert len(subjects) == len(set(subjects))
        # Five warnings come in one mail or several; what came too late for a warning is mailed to no owner.
        warned = [mail for mail in smtp_sink.mails if "Due within three hours" in str(mail.message["Subject"])]
        assert 1 <= len(warned) <= 5

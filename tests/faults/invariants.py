"""What must never break, asked of the database from outside of the program: SQL in, sentences out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tests.stack import Stack

LIVE = ("new", "assigned", "contacted", "in_action", "waiting_on_customer")


def broken(stack: Stack, acknowledged: Sequence[int] = ()) -> list[str]:
    """Sentences about what is broken of I1 to I4 and I6; empty when nothing is. `acknowledged`: ids given with 2xx."""
    found = []
    stored = {pk for (pk,) in stack.rows("SELECT id FROM surveys_response")}
    if lost := set(acknowledged) - stored:
        found.append(f"I1: {len(lost)} answers acknowledged and not stored")
    needing = stack.rows(
        "SELECT r.id, count(t.id) FROM surveys_response r LEFT JOIN followups_ticket t ON t.response_id = r.id "
        "WHERE r.band <> 'promoter' GROUP BY r.id HAVING count(t.id) <> 1"
    )
    if needing:
        found.append(f"I2: {len(needing)} answers without exactly one ticket")
    if wrong := stack.rows(
        "SELECT t.id FROM followups_ticket t JOIN surveys_response r ON r.id = t.response_id WHERE r.band = 'promoter'"
    ):
        found.append(f"I2: {len(wrong)} tickets for promoters")
    if waiting := stack.rows(f"SELECT id FROM followups_ticket WHERE owner_id IS NULL AND state IN {LIVE}"):
        found.append(f"I3: {len(waiting)} tickets without an owner")
    if stuck := stack.rows("SELECT id FROM mail_message WHERE state IN ('queued', 'sending')"):
        found.append(f"I4: {len(stuck)} mails neither sent nor failed")
    if silent := stack.rows(
        "SELECT t.id FROM followups_ticket t WHERE NOT EXISTS "
        "(SELECT 1 FROM mail_message m WHERE m.\"case\" = t.id AND m.kind = 'acknowledgement')"
    ):
        found.append(f"I4: {len(silent)} tickets nobody was told about")
    found += _events(stack)
    return found


def _events(stack: Stack) -> list[str]:
    """I6: one event per version with an actor, and replaying them gives the present state."""
    history: dict[int, list[tuple[int, str, str, str]]] = defaultdict(list)
    for ticket, seq, kind, before, after in stack.rows(
        "SELECT ticket_id, seq, actor_kind, from_state, to_state FROM followups_event ORDER BY ticket_id, seq"
    ):
        history[ticket].append((seq, kind, before, after))
    found = []
    for ticket, version, state in stack.rows("SELECT id, version, state FROM followups_ticket"):
        events = history[ticket]
        replayed = ""
        for _seq, _kind, before, after in events:
            if after:
                if before != replayed:
                    found.append(f"I6: #{ticket} goes from {before} while it was {replayed}")
                replayed = after
        if [seq for seq, *_rest in events] != list(range(1, version + 1)):
            found.append(f"I6: #{ticket} has a hole in its events")
        if replayed != state:
            found.append(f"I6: #{ticket} replays to {replayed} and is {state}")
        if not all(kind for _seq, kind, *_rest in events):
            found.append(f"I6: #{ticket} has an event without an actor")
    return found

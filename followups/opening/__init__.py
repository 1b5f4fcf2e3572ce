"""From answers to tickets, in batches. Each revision of an answer gets one stored decision; some of them a ticket.

A batch claims answers that await a decision, and writes decisions, conversations, tickets, first deadlines, events,
mails and the revision decided on in one transaction. A batch that raises is taken apart: each answer alone, its failure
counted in the database, so that one bad row never holds up the others.
"""

from followups.opening.by_hand import open_by_hand
from followups.opening.claiming import MAX_ATTEMPTS, Opened, is_awaited, open_awaiting, open_some

__all__ = ["MAX_ATTEMPTS", "Opened", "is_awaited", "open_awaiting", "open_by_hand", "open_some"]

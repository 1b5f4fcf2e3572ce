"""The only writer of Response: every channel ends here, in batches.

Recording a batch is one transaction with a constant number of queries on PostgreSQL:

1. refuse what cannot be stored, row by row;
2. lock the answers we already hold and place every version (`versions`): new, the same, newer, or older and late;
3. find or make the customers of what changes (`customers`, `people`);
4. write answers and revisions;
5. once committed, announce the answers that have a new newest version.

Recording anything twice is harmless. Where two batches meet, the unique constraints decide, and the loser does its
batch again on what the winner left.
"""

from surveys.recording.batch import Outcome, Status, decide_now, record_responses
from surveys.recording.correcting import correct_score

__all__ = ["Outcome", "Status", "correct_score", "decide_now", "record_responses"]

"""What rules would do, without touching anything: answers of the past decided, opened and given away in memory.

`world` goes through the answers hour by hour with the very functions that decide and open; `assigner` is the one place
that knows how people are chosen; `comparing` sets what two books would do beside each other; `running` is the job.
"""

from followups.rehearsal.comparing import Change, Comparison
from followups.rehearsal.running import DAYS, KIND, begin, rehearse
from followups.rehearsal.world import Would, moments_of, rehearsal

__all__ = ["DAYS", "KIND", "Change", "Comparison", "Would", "begin", "moments_of", "rehearsal", "rehearse"]

"""Figures counted once and kept by day: which ways they are kept for, which days can be read, and how they are kept.

`layout` says what is kept, `days` which days of it hold, `answers`, `tickets`, `recovery`, `invitations` and `signals`
count one kind each and read it again, `keeping` counts marked days anew. `metrics` reads them.
"""

# The two packages need each other: what a figure is, and what is kept of it. This one is made while the other is.
import followups.reports.metrics  # noqa: F401

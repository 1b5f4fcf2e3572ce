"""Reviews of a touchpoint: planned, prepared before the meeting, and what is decided there.

`planning` and `deciding` change rows, `drawing` draws closed loops and keeps what a lead says of them, `preparing` is
what the sweep does, `words` picks what is worth reading, `pack` counts all of it through `followups.reports.metrics`.
"""

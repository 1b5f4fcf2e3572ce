"""What followups hears from surveys and mail. Each receiver calls one function."""

from __future__ import annotations


def connect() -> None:
    """Connect the receiver of the seam and register what surveys, mail and links ask of followups."""

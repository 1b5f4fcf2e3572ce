"""One delivery of a survey tool, recorded as the answer it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from surveys.hooks.presets import PRESETS
from surveys.hooks.reading import Ignored, answer_in, key_of
from surveys.models import Source
from surveys.posting import Posted, record_posted


def receive(source: Source, body: Any, *, now: datetime) -> Posted | Ignored:
    """Record the answer in `body` (JSON as Python reads it) under `source`, or say why it holds none.

    Times without an offset are in the source's zone. Raises NotSetUp where the source does not name the score.
    """
    answer = answer_in(body, PRESETS[source.preset], source.mapping)
    if isinstance(answer, Ignored):
        return answer
    row_key = "" if answer.get("external_id") else key_of(answer)
    return record_posted([answer], now=now, pinned_source=source.slug, row_key=row_key)[0]

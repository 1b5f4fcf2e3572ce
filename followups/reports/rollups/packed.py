"""Numbers kept as bytes, and how waits are rounded to a code. Pure.

An array of unsigned numbers, lowest byte first, is added to another by putting one after the other.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

LANE = 4  # bytes of a counter
CODE = "H"
NUMBER = "I" if array("I").itemsize == LANE else "L"

# Each code stands for waits within 1 % of its value: their width grows by 2 %.
_WIDTH = math.log(1.02)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def code_of(seconds: float) -> int:
    """The code of a wait; one that would be negative counts as none."""
    return min(round(math.log1p(max(seconds, 0.0)) / _WIDTH), 0xFFFF)


def seconds_of(code: int) -> float:
    """The wait that a code stands for."""
    return math.expm1(code * _WIDTH)


def moment_number(at: datetime) -> int:
    """A moment as whole seconds since 2000, and no earlier."""
    return max(min((at - EPOCH) // timedelta(seconds=1), 0xFFFFFFFF), 0)


def waited(numbers: Iterable[int], now: datetime) -> Counter[int]:
    """How many have waited, by code, since moments that are given as `moment_number`."""
    here = (now - EPOCH).total_seconds()
    return Counter(code_of(here - number) for number in numbers)


def lanes(counts: Iterable[int]) -> bytes:
    """Counters, each in 32 bits. Raises OverflowError for one that does not fit."""
    return b"".join(n.to_bytes(LANE, "little") for n in counts)


def added(packed: bytes, n: int) -> list[int]:
    """The sums of `n` counters, from any number of their `lanes` one after the other.

    Whole rows are added as one large number each: no lane runs over into the next while the sums stay under 2^32.
    """
    width = n * LANE
    total = sum(int.from_bytes(packed[at : at + width], "little") for at in range(0, len(packed), width))
    sums = total.to_bytes(width, "little")
    return [int.from_bytes(sums[at : at + LANE], "little") for at in range(0, width, LANE)]


def packed(numbers: Iterable[int], kind: str = NUMBER) -> bytes:
    """Numbers as bytes: `NUMBER` for 32 bits each, `CODE` for 16."""
    found = array(kind, numbers)
    if sys.byteorder != "little":
        found.byteswap()
    return found.tobytes()


def unpacked(data: bytes, kind: str = NUMBER) -> array[int]:
    """The numbers again."""
    found = array(kind)
    found.frombytes(data)
    if sys.byteorder != "little":
        found.byteswap()
    return found

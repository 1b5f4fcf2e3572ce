"""Numbers kept as bytes, and how waits are rounded to a code. Pure.

An array of unsigned numbers, lowest byte first, is added to another by putting one after the other.
"""

from __future__ import annotations

import math
import sys
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import accumulate

LANE = 4  # bytes of a counter
CODE = "H"
NUMBER = "I" if array("I").itemsize == LANE else "L"

# Each code stands for waits within 1 % of its value, and for none on both sides of a whole hour, at which figures cut.
# The first hour has codes of its own, each of the next 49 as many as it takes, and from then on an hour is one code.
_WIDTH = math.log(1.02)
_HOUR = 3600
_WHOLE_HOURS = 50
_SLOTS = [
    math.ceil(math.log1p(_HOUR) / _WIDTH),
    *(math.ceil(math.log((h + 1) / h) / _WIDTH) for h in range(1, _WHOLE_HOURS)),
]
_FIRST = [0, *accumulate(_SLOTS)]
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def code_of(seconds: float) -> int:
    """The code of a wait; one that would be negative counts as none."""
    seconds = max(seconds, 0.0)
    hour = int(seconds // _HOUR)
    if hour >= _WHOLE_HOURS:
        return min(_FIRST[-1] + hour - _WHOLE_HOURS, 0xFFFF)
    slot = math.log1p(seconds) if hour == 0 else math.log(seconds / (hour * _HOUR))
    return _FIRST[hour] + min(int(slot / _WIDTH), _SLOTS[hour] - 1)


def seconds_of(code: int) -> float:
    """The wait that a code stands for: the middle of those that have it."""
    if code >= _FIRST[-1]:
        return (code - _FIRST[-1] + _WHOLE_HOURS + 0.5) * _HOUR
    hour = bisect_right(_FIRST, code) - 1
    slot = code - _FIRST[hour]
    if hour == 0:
        low, high = math.expm1(slot * _WIDTH), math.expm1((slot + 1) * _WIDTH)
        return 0.0 if slot == 0 else (low + min(high, _HOUR)) / 2
    low, high = hour * _HOUR * math.exp(slot * _WIDTH), hour * _HOUR * math.exp((slot + 1) * _WIDTH)
    return (low + min(high, (hour + 1) * _HOUR)) / 2


def moment_number(at: datetime) -> int:
    """A moment as whole seconds since 2000, and no earlier."""
    return max(min((at - EPOCH) // timedelta(seconds=1), 0xFFFFFFFF), 0)


def waited(numbers: Iterable[int], now: datetime) -> Counter[int]:
    """How many have waited, by code, since moments that are given as `moment_number`."""
    here = (now - EPOCH).total_seconds()
    return Counter(code_of(here - number) for number in numbers)


def added(packed: bytes, n: int) -> list[int]:
    """The sums of `n` counters, 32 bits each, from any number of such rows one after the other.

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


def keys_of(data: bytes) -> set[int]:
    """The different keys that an array holds."""
    return set(unpacked(data))


def unpacked(data: bytes, kind: str = NUMBER) -> array[int]:
    """The numbers again."""
    found = array(kind)
    found.frombytes(data)
    if sys.byteorder != "little":
        found.byteswap()
    return found

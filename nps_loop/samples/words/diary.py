"""An answer of four thousand words: what a meticulous facility manager wrote down, day by day. Pure."""

from __future__ import annotations

from itertools import cycle, islice

WORDS = 4_000

_OPENING = (
    "I was asked for a number and a sentence. The number is one. As for the sentence, I have kept notes since the first "
    "day, and I think that somebody at your company should read all of them once, from beginning to end, before anybody "
    "rings me to ask what the matter is."
)
_WHERE = (
    "in the lobby", "on the first floor, kitchen east", "on the first floor, kitchen west", "outside the seminar rooms",
    "in the staff canteen", "beside the lifts on four", "in the board room annexe", "down at the loading bay",
)  # fmt: skip
_WHAT = (
    "the machine {where} stopped in the middle of the morning and showed error 41, which according to your leaflet means "
    "that the water is missing, and the water was not missing, because I stood beside it and watched it run",
    "the machine {where} made coffee but no milk, and the display asked for a cleaning that had been done, by me, with "
    "your tablets, at half past six that same morning",
    "I rang your desk about the machine {where}, waited nineteen minutes, was told that somebody would ring back before "
    "noon, and wrote down the name of the person who told me so",
    "somebody rang back about the machine {where}, four days after the noon that had been meant, and asked me to explain "
    "everything from the beginning because the earlier notes were not in the system",
    "a technician came to the machine {where}, friendly, tired, with the part for another model, and promised to order "
    "the right one, for which I signed on a tablet whose screen I could not read in the sun",
    "the machine {where} worked, and I note it here because I want to be fair, and because it was the only entry of that "
    "week that I could read out to my director without her raising an eyebrow",
    "the box with the filters for the machine {where} arrived, but it held cups, two thousand of them, in a size for "
    "which we have neither a lid nor a machine, and the driver had left before I opened it",
    "I found the sheet that your technician leaves behind on the machine {where}, and under remarks it said none",
)
_CLOSING = (
    "That is all of it. I do not want a voucher. I want one person who has read this, who knows which of our machines are "
    "which, and who tells me on what day it will be over. If you call, call in the morning."
)


def long_story(words: int = WORDS) -> str:
    """At least so many words, in paragraphs of a week each."""
    paragraphs = [_OPENING]
    entries = zip(cycle(_WHAT), islice(cycle(_WHERE), 3, None), strict=False)
    count = len(_OPENING.split()) + len(_CLOSING.split())
    weekdays = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    current: list[str] = []
    for day, (what, where) in enumerate(entries):
        if day % 5 == 0:
            if current:
                paragraphs.append(" ".join(current))
            current = [f"Week {day // 5 + 1}."]
        sentence = f"On {weekdays[day % 5]} {what.format(where=where)}."
        current.append(sentence)
        count += len(sentence.split())
        if count >= words:
            break
    return "\n\n".join([*paragraphs, " ".join(current), _CLOSING])

"""Answers that survey tools send by themselves, to `/hooks/<source slug>/`.

In the order of one delivery: `signing` (is it theirs?), `reading` (is it an answer, and what does it say? by `paths`
into the body, which a vendor's preset names and the source's mapping overrides), then `surveys.posting` as for every
answer. A delivery that comes again adds nothing: an answer is known by its id at the vendor, a version by its content.
"""

from surveys.hooks.reading import Ignored, NotSetUp
from surveys.hooks.receiving import receive
from surveys.hooks.signing import NotSigned, check_signature

__all__ = ["Ignored", "NotSetUp", "NotSigned", "check_signature", "receive"]

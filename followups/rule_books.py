"""Writing rules: one draft, changed by whoever leads, which takes the place of the book in force as a whole.

Nothing here touches a ticket: each keeps the rule, the policy and the times it was opened with. A draft is changed
under the number of edits that the page showed, so that nobody overwrites what a colleague did meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext

from followups.models import Rule, RuleBook
from followups.refusals import NotAllowed, Stale
from nps_loop.people.models import User

# A page with more would not be read, and each is looked at for each answer.
MOST = 100


def in_force() -> RuleBook | None:
    return RuleBook.objects.in_force().select_related("put_in_force_by").first()


def draft() -> RuleBook | None:
    return RuleBook.objects.drafts().select_related("made_by").first()


def rules_of(book: RuleBook) -> list[Rule]:
    """The rules of a book in their order, each with its team. One query."""
    return list(book.rules.select_related("team__calendar", "changed_by").order_by("position", "id"))


# --- changing the draft ----------------------------------------------------------------------------------------


def save_rule(slug: str, says: Mapping[str, Any], *, by: User, now: datetime, edits: int | None) -> RuleBook:
    """Let the draft's rule of this slug say this; without a slug, a new one behind the others of its kind.

    `says` are fields of `Rule.SAYS`. Raises Stale, and NotAllowed where the rule is gone or there are too many.
    """

    def change(book: RuleBook, rules: list[Rule]) -> list[Rule]:
        if slug:
            rule = _of(rules, slug)
        else:
            if len(rules) >= MOST:
                raise NotAllowed(gettext("There are %(n)s rules already. Take one out first.") % {"n": MOST})
            rule = Rule(book=book, slug=_free_slug(str(says["name"])))
            rules = [*rules, rule]
        for name, value in says.items():
            setattr(rule, name, value)
        rule.changed_by = by
        return rules

    return _change(change, by=by, now=now, edits=edits)


def remove_rule(slug: str, *, by: User, now: datetime, edits: int | None) -> RuleBook:
    """Take a rule out of the draft. Raises Stale or NotAllowed."""

    def change(book: RuleBook, rules: list[Rule]) -> list[Rule]:
        gone = _of(rules, slug)
        gone.delete()
        return [rule for rule in rules if rule is not gone]

    return _change(change, by=by, now=now, edits=edits)


def move_rule(slug: str, *, up: bool, by: User, now: datetime, edits: int | None) -> RuleBook:
    """One place up or down among the rules of its kind; at the end it stays. Raises Stale or NotAllowed."""

    def change(book: RuleBook, rules: list[Rule]) -> list[Rule]:
        rule = _of(rules, slug)
        same = [other for other in rules if other.kind == rule.kind]
        at = same.index(rule) + (-1 if up else 1)
        if 0 <= at < len(same):
            one, other = rules.index(rule), rules.index(same[at])
            rules[one], rules[other] = rules[other], rules[one]
        return rules

    return _change(change, by=by, now=now, edits=edits)


def discard(*, edits: int) -> None:
    """Throw the draft away. Raises Stale."""
    with transaction.atomic():
        _checked(RuleBook.objects.drafts().select_for_update().first(), edits).delete()


def put_in_force(*, note: str, by: User, now: datetime, edits: int) -> RuleBook:
    """The draft decides from now on, and the book that did so far is retired. Raises Stale or NotAllowed.

    What is being decided at this moment is decided by the book it began with.
    """
    with transaction.atomic():
        # In this order everybody locks them, so two who press at once stand in line.
        before = _lock_in_force()
        book = _checked(RuleBook.objects.drafts().select_for_update().first(), edits)
        rules = rules_of(book)
        if before is not None and not differences(rules_of(before), rules):
            raise NotAllowed(gettext("The draft says what is in force already. Change something, or throw it away."))
        if not any(rule.kind == Rule.Kind.OPEN for rule in rules):
            raise NotAllowed(gettext("No rule of the draft opens a ticket, so nobody would hear of any answer."))
        if before is not None:
            RuleBook.objects.filter(pk=before.pk).update(retired_at=now)
        book.in_force_from, book.put_in_force_by = now, by
        book.note = note.replace("\x00", "").strip()[:300]
        book.save()
    return book


def _lock_in_force() -> RuleBook | None:
    """The book in force, locked. Whoever waited for a colleague to replace it looks again for the one that came."""
    locked = RuleBook.objects.in_force().select_for_update()
    return locked.first() or locked.all().first()


def _checked(book: RuleBook | None, edits: int) -> RuleBook:
    if book is None:
        raise NotAllowed(gettext("There is no draft any more. Look at what is in force."))
    if book.edits != edits:
        raise Stale(gettext("A colleague changed the draft meanwhile. Look at it again."), current_version=book.edits)
    return book


def _change(
    change: Callable[[RuleBook, list[Rule]], list[Rule]], *, by: User, now: datetime, edits: int | None
) -> RuleBook:
    """Begin a draft where there is none, change it, number places and versions anew. `edits` None: none was shown."""
    with transaction.atomic():
        base = _lock_in_force()
        book = RuleBook.objects.drafts().select_for_update().first()
        if book is None:
            if edits is not None:
                _checked(book, edits)
            book = _begin(base, by=by, now=now)
        elif edits != book.edits:
            known = book.edits
            raise Stale(gettext("A colleague changed the draft meanwhile. Look at it again."), current_version=known)
        rules = change(book, rules_of(book))
        known_rules = {rule.slug: rule for rule in rules_of(base)} if base else {}
        newest = dict(
            Rule.objects.filter(slug__in=[rule.slug for rule in rules])
            .exclude(book=book)
            .order_by()
            .values_list("slug")
            .annotate(Max("version"))
        )
        for position, rule in enumerate(rules, 1):
            before = known_rules.get(rule.slug)
            same = before is not None and rule.says_the_same(before)
            rule.version = before.version if before is not None and same else newest.get(rule.slug, 0) + 1
            rule.position = position
            rule.book = book
            rule.save()
        book.edits += 1
        book.save(update_fields=["edits"])
    return book


def _begin(base: RuleBook | None, *, by: User, now: datetime) -> RuleBook:
    """A draft that says what is in force, with rows of its own."""
    last = RuleBook.objects.aggregate(last=Max("number"))["last"] or 0
    book = RuleBook.objects.create(number=last + 1, made_at=now, made_by=by)
    copied = ("slug", "version", "position", "changed_by_id", *Rule.SAYS)
    Rule.objects.bulk_create(
        Rule(book=book, **{name: getattr(rule, name) for name in copied}) for rule in (rules_of(base) if base else ())
    )
    return book


def _of(rules: Sequence[Rule], slug: str) -> Rule:
    rule = next((rule for rule in rules if rule.slug == slug), None)
    if rule is None:
        raise NotAllowed(gettext("This rule is not in the draft any more."))
    return rule


def _free_slug(name: str) -> str:
    """A slug that no rule of any book has: figures keep apart what is a rule of its own."""
    wanted = slugify(name)[:50] or "rule"
    taken = set(Rule.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(slug for slug in (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


# --- what differs ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule that is new, gone, changed in these fields, or stands elsewhere."""

    rule: Rule
    what: str
    fields: tuple[str, ...] = ()
    before: Rule | None = None
    place: int = 0
    place_before: int = 0


def differences(before: Sequence[Rule], after: Sequence[Rule]) -> list[Difference]:
    """What the rules of one book say otherwise than those of the one before: `new`, `gone`, `changed`, `moved`.

    Places are counted among the rules of a kind, as they are looked at.
    """
    old, known, new = _places(before), {rule.slug: rule for rule in before}, _places(after)
    found = []
    for rule in after:
        if rule.slug not in known:
            found.append(Difference(rule, "new", place=new[rule.slug]))
            continue
        changed = tuple(name for name in Rule.SAYS if getattr(rule, name) != getattr(known[rule.slug], name))
        if changed:
            found.append(Difference(rule, "changed", changed, known[rule.slug]))
    for kind in Rule.Kind:
        # Who kept their order did not move, whatever came in or went out around them.
        both = [rule for rule in after if rule.kind == kind and rule.slug in known and known[rule.slug].kind == kind]
        stayed = _in_order([old[rule.slug] for rule in both])
        found += [
            Difference(rule, "moved", (), known[rule.slug], new[rule.slug], old[rule.slug])
            for rule in both
            if old[rule.slug] not in stayed
        ]
    found += [Difference(rule, "gone", before=rule) for rule in before if rule.slug not in new]
    return found


def _places(rules: Sequence[Rule]) -> dict[str, int]:
    """Slug -> place among the rules of its kind."""
    counts: dict[str, int] = {}
    places = {}
    for rule in rules:
        places[rule.slug] = counts[rule.kind] = counts.get(rule.kind, 0) + 1
    return places


def _in_order(places: Sequence[int]) -> set[int]:
    """The longest run of places that still follow each other: those rules kept their order."""
    best: list[list[int]] = [[]]
    for place in places:
        before: list[int] = max((run for run in best if not run or run[-1] < place), key=len)
        best.append([*before, place])
    longest: list[int] = max(best, key=len)
    return set(longest)

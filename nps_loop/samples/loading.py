"""Load the sample set: a company that has worked with this program for five weeks, up to this moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from django.conf import settings

from followups.assignment import assign_waiting
from followups.models import Member, Ticket
from followups.models.tickets import AT_WORK
from nps_loop.samples import answers, asked, company, customers, desk, hard_days, hard_lives, lives, post, reviews
from nps_loop.samples.answers import DAY, HOUR, Answer, Pool
from nps_loop.samples.case import Case
from nps_loop.samples.stage import Life, Stage, import_answers, refuse_to_mail
from nps_loop.samples.truth import Truth, truth_of
from nps_loop.samples.words import Voice
from surveys.models import Account, Contact, Response

SEED = 20_260
# Shipped with the program: last year's survey, which counts and opens nothing.
LAST_YEAR = Path(settings.BASE_DIR) / "samples" / "yearly-survey-2025.csv"
MINUTE = timedelta(minutes=1)
STORIES: dict[str, Callable[[Case], Life]] = {
    name: story for known in (lives.LIVES, desk.LIVES, hard_lives.LIVES) for name, (story, _end) in known.items()
}


class NotEmpty(Exception):
    """The database holds customers already; the message is for a person."""


@dataclass(frozen=True)
class Plan:
    """Everybody and everything of a sample set, before any of it happens."""

    people: customers.Customers
    history: list[Answer]
    live: list[Answer]
    lately: list[Answer]
    hard: list[Answer]

    @property
    def answers(self) -> list[Answer]:
        return [*self.history, *self.live, *self.lately, *self.hard]


def plan(seed: int, *, now: datetime) -> Plan:
    """The same seed and moment give the same plan. Pure."""
    chance = Random(seed)  # noqa: S311  (a story, no secret)
    people = customers.plan(chance)
    pool, voice = Pool(people), Voice(chance)
    lately = desk.plan(pool, voice, chance, now=now)
    spread = answers.with_lives(answers.plan(pool, voice, chance, now=now), people.people, chance, now=now)
    hard = [answer for day in hard_days.HARD_DAYS for answer in day.plan(day.at(now))]
    return Plan(
        people,
        history=[answer for answer in spread if answer.key.startswith("H-")],
        live=[answer for answer in spread if answer.key.startswith("L-")],
        lately=lately,
        hard=hard,
    )


def is_loaded() -> bool:
    """Whether the sample set is in this database."""
    return Response.objects.filter(source__slug="after-service", external_id__startswith="L-").exists()


def load(*, now: datetime, seed: int = SEED, with_logins: bool = False) -> Truth:
    """Load the whole set into a database that knows no customers yet; returns what it must hold.

    Raises NotEmpty where there are customers, ImproperlyConfigured where mail would leave the machine.
    """
    if Account.objects.exists() or Contact.objects.exists() or Response.objects.exists():
        raise NotEmpty("This database knows customers already. Sample answers are loaded into an empty one only.")
    refuse_to_mail()
    planned = plan(seed, now=now)
    begins = now - answers.LIVE * DAY
    firms = [*planned.people.firms, *(firm for day in hard_days.HARD_DAYS for firm in day.firms)]
    people = [*planned.people.people, *(person for day in hard_days.HARD_DAYS for person in day.known_people)]
    stage = Stage(company.set_up(now=now, with_logins=with_logins), begins=begins, ends=now)
    customers.write(firms, people, stage.company.people, now=now)
    _bring_history(stage, planned.history)
    begin = _beginner(stage, seed)
    stage.sweeps(begins, now - 2 * DAY)
    stage.files(planned.live, begin, until=now - 2 * DAY)
    for answer in (*planned.lately, *planned.hard):
        bring_alone(stage, answer, begin)
    for day in hard_days.HARD_DAYS:
        if day.prepares:
            day.prepares(stage, day.at(now))
            for away in (21 * MINUTE, 3 * DAY + MINUTE):
                stage.at(day.at(now) + away, stage.sweep)
    for hours in (0, 2, 5, 9, 14, 24, 36, 48):
        stage.at(now - hours * HOUR, stage.sweep)
    stage.at(now - 5 * HOUR, lambda: fill_up(stage, "jana"))
    stage.run(now)
    asked.invite(now=now, seed=seed)
    post.receive(now=now)
    post.word(stage.company.people[company.LEAD], now=now)
    reviews.bring(stage.company, now=now)
    return truth_of(planned.answers, stage.first_contacts, now=now)


def bring_alone(stage: Stage, answer: Answer, begin: Callable[[Answer], None]) -> None:
    """Let one answer come in by itself, a few minutes after it was given."""

    def comes() -> None:
        stage.bring([answer])
        begin(answer)

    stage.at(min(answer.at + 4 * MINUTE, stage.ends), comes)


def _beginner(stage: Stage, seed: int) -> Callable[[Answer], None]:
    def begin(answer: Answer) -> None:
        begin_life(stage, answer, seed)

    return begin


def begin_life(stage: Stage, answer: Answer, seed: int = SEED) -> None:
    """Start what becomes of an answer; its chances are its own, so no other life disturbs them."""
    if answer.life:
        case = Case(stage, answer, Random(f"{seed} {answer.key}"))  # noqa: S311
        stage.live(STORIES[answer.life](case))


def fill_up(stage: Stage, login: str) -> None:
    """From now on this colleague takes no more than they have: half days, say."""
    user = stage.company.people[login]
    load = Ticket.objects.filter(owner=user, state__in=AT_WORK).count()
    Member.objects.filter(user=user).update(capacity=load)
    assign_waiting(now=stage.now)


def _bring_history(stage: Stage, history: list[Answer]) -> None:
    """What had been answered before the company began with this program: counted, without tickets."""
    if LAST_YEAR.exists():
        import_answers(
            LAST_YEAR,
            "relationship-survey",
            stage.company,
            follow_up="none",
            now=stage.now,
            report=stage.remarks.append,
        )
    stage.bring(history, follow_up="none")

"""Checks of fields that several documents share; each collects what is wrong, by path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from salsa_ext.articles import Article
from salsa_ext.errors import Coded, FieldsAgainstRule, Invalid, Message, say
from salsa_ext.matching import readings
from salsa_ext.matching.marks import IDENTIFYING
from salsa_ext.readmodels import names
from salsa_ext.values import tariff
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.manifests import Manifest, named
from salsa_ext.values.zones import UTC, date_in

EDGES: Final = ("Etc/GMT+12", "Etc/GMT-14")  # POSIX signs: twelve hours behind, fourteen ahead

UNKNOWN_TYPE: Final = "unknown"
"""The code of the type that says nothing."""
TELLING: Final = ("serial", "marks", "type", "make", "model", "calibre", "importer_mark")
MOST_NAMED: Final = 20
AHEAD: Final = timedelta(minutes=5)
"""By how much the clock of a device may be fast."""
MORE: Final = say("More rows are wrong than those that are named here.")
Item = TypeVar("Item")


class Problems:
    """Collects what is wrong with one request; `raise_any` ends it."""

    def __init__(self) -> None:
        self.found: dict[str, list[Message]] = {}
        self.articles: set[Article | None] = set()

    def add(self, path: str, message: Message, article: Article | None = None) -> None:
        """Note that the field at `path` is wrong, by a rule of the treaties where one says so."""
        self.found.setdefault(path, []).append(message)
        self.articles.add(article)

    def check_each(
        self, items: Collection[Item], check: Callable[[Problems, str, Item], None]
    ) -> None:
        """Check items one by one; of a file's wrong rows the first are named, and that there are more."""
        wrong = 0
        for path, item in named(items):
            found = Problems()
            check(found, path, item)
            wrong += bool(found.found)
            if wrong > MOST_NAMED and isinstance(items, Manifest):
                self.found["manifest"] = [MORE]
                return
            self.found |= found.found
            self.articles |= found.articles

    def raise_any(self) -> None:
        """Raise Invalid where anything was noted, FieldsAgainstRule where one rule forbids it all."""
        if not self.found:
            return
        article = next(iter(self.articles)) if len(self.articles) == 1 else None
        raise FieldsAgainstRule(article, self.found) if article else Invalid(self.found)


def check_date(problems: Problems, path: str, on: date, today: date) -> None:
    """An event lies in the past; tomorrow is allowed, since zones differ by a day."""
    if (on - today).days > 1:
        problems.add(path, say("This date lies in the future; today is {today}.", today=today))


def check_moment(problems: Problems, path: str, at: datetime, now: datetime) -> None:
    """What happened has a moment that is over; a device's clock may be a little fast."""
    if at - now > AHEAD:
        problems.add(path, say("This moment lies in the future: in its time zone it is {now} now. Say when it"
                               " happened; the clock or the time zone of a device may be wrong.",
                               now=now.astimezone(at.tzinfo)))  # fmt: skip


def years_after(on: date, years: int) -> date:
    """Return the same day some years later; for the 29th of February the 28th."""
    try:
        return on.replace(year=on.year + years)
    except ValueError:
        return on.replace(year=on.year + years, day=28)


def check_when(problems: Problems, when: When, today: date) -> None:
    """An event lies in the past, and its moment falls on its local date.

    Without a zone the moment may be that of any place on Earth, from UTC-12 to UTC+14.
    """
    check_date(problems, "occurred_on", when.occurred_on, today)
    if when.occurred_at is None:
        return
    if when.time_zone:
        first = last = date_in(when.occurred_at, when.time_zone)
    else:
        first, last = (date_in(when.occurred_at, zone) for zone in EDGES)
    if not first <= when.occurred_on <= last:
        zone = when.time_zone or UTC
        problems.add("occurred_at", say("In {zone} this moment is on {on}, and occurred_on says {said}.",
                                        zone=zone, on=date_in(when.occurred_at, zone),
                                        said=when.occurred_on))  # fmt: skip


def check_agency(problems: Problems, path: str, code: str, known: frozenset[str]) -> None:
    """An agency is named by its code in the register; `known` are those of the own state."""
    if code in known:
        return
    if not known:
        problems.add(path, say("No agency is registered yet; POST /api/v1/agencies or salsa agency add"
                               " registers one."))  # fmt: skip
        return
    problems.add(path, say("{agency} is not registered; your agencies are: {agencies}.", agency=code,
                           agencies=", ".join(sorted(known)[:MOST_NAMED])))  # fmt: skip


def check_firearms(problems: Problems, path: str, firearms: Sequence[Firearm]) -> None:
    """A serial-numbered thing is one piece, and a type belongs to its category."""
    for index, firearm in enumerate(firearms):
        check_firearm(problems, f"{path}.{index}" if path.endswith("s") else path, firearm)


def check_firearm(problems: Problems, at: str, firearm: Firearm) -> None:
    """Check the one firearm that stands at a path."""
    if firearm.serial and firearm.quantity != 1:
        problems.add(
            f"{at}.quantity",
            say("One serial is one piece: the quantity must be 1; write a line for each."),
        )
    _check_brackets(problems, at, firearm)
    if firearm.quantity <= 0:
        problems.add(f"{at}.quantity", say("The quantity must be above zero."))
    _check_tariff(problems, f"{at}.hs_code", firearm)
    expected = names.category(names.resolve("type", firearm.type))
    if expected and expected != firearm.category:
        belongs = Coded("category", expected)
        said = say("A {type} is of the category {category}.", type=firearm.type, category=belongs)
        problems.add(f"{at}.category", said)


def wrong_bracket(text: str) -> Message | None:
    """Return what is wrong with a mark of which a glyph is not written as one of several; None if nothing."""
    place = readings.stray_bracket(text)
    if place is None:
        return None
    return say("The bracket at character {place} has no partner: write [8B] for a character that may be 8 or B,"
               " and ? for one that cannot be read.", place=place)  # fmt: skip


def _check_brackets(problems: Problems, at: str, firearm: Firearm) -> None:
    """A serial or mark that tells guns apart has brackets in pairs: no other mark would ever agree with it."""
    told = [(f"{at}.serial", firearm.serial)] + [
        (f"{at}.marks.{index}.text", mark.text) for index, mark in enumerate(firearm.marks)
        if mark.kind in IDENTIFYING
    ]  # fmt: skip
    for path, text in told:
        if text and (wrong := wrong_bracket(text)):
            problems.add(path, wrong)


def check_told(problems: Problems, at: str, firearm: Firearm) -> None:
    """Something is said by which a gun is told from another: a mark, or at least what it is."""
    told = {name: getattr(firearm, name) for name in TELLING}
    if names.resolve("type", firearm.type) == UNKNOWN_TYPE:
        told["type"] = None
    if firearm.category == "firearm" and not any(told.values()):
        problems.add(f"{at}.serial", say("Say which gun it is: by its serial number, or at least by its type"
                                         " or make."))  # fmt: skip


def _check_tariff(problems: Problems, path: str, firearm: Firearm) -> None:
    """A code of the Harmonized System is one of the goods' category (Model Regulations 2.2.1)."""
    if firearm.hs_code is None:
        return
    known = tariff.headings(firearm.category)
    if tariff.heading(firearm.hs_code) not in known:
        problems.add(path, say("{code} is no code of the Harmonized System for these goods; theirs begin with"
                               " {headings}, as in 9302.00.", code=firearm.hs_code,
                               headings=", ".join(known)))  # fmt: skip


def check_unique_lines(problems: Problems, path: str, firearms: Sequence[Firearm]) -> None:
    """Each line has a number of its own."""
    seen: set[int] = set()
    for index, firearm in enumerate(firearms):
        if firearm.line in seen:
            problems.add(f"{path}.{index}.line", say("Line {line} appears twice.",
                                                     line=firearm.line))  # fmt: skip
        seen.add(firearm.line)

"""Checks across fields of a document, collected as problems by path."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from salsa_ext.core.batches import ItemFile, with_paths
from salsa_ext.core.errors import Article, Invalid, InvalidByRule, Message, message
from salsa_ext.core.fields import all_problems

MAX_LISTED: Final = 20
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""By how much the clock of a device may be fast."""
MORE_ROWS_WRONG: Final = message("More rows are wrong than those that are named here.")
Item = TypeVar("Item")


class Problems:
    """Collects the problems of one request; end with `raise_any`."""

    def __init__(self) -> None:
        self.found: dict[str, list[Message]] = {}
        self.articles: set[Article | None] = set()

    def add(self, path: str, message: Message, article: Article | None = None) -> None:
        """Add a problem of the field at `path`. `article` is the rule of the treaties, if there is one."""
        self.found.setdefault(path, []).append(message)
        self.articles.add(article)

    def check_each(
        self, items: Collection[Item], check: Callable[[Problems, str, Item], None]
    ) -> None:
        """Check each item; a file's first wrong rows are named."""
        wrong = 0
        for path, item in with_paths(items):
            problems = Problems()
            check(problems, path, item)
            wrong += bool(problems.found)
            if wrong > MAX_LISTED and isinstance(items, ItemFile):
                self.found["manifest"] = [MORE_ROWS_WRONG]
                return
            self.found |= problems.found
            self.articles |= problems.articles

    def raise_any(self) -> None:
        """Raise Invalid if there are problems, FieldsAgainstRule if one article forbids all."""
        if not self.found:
            return
        article = next(iter(self.articles)) if len(self.articles) == 1 else None
        raise InvalidByRule(article, self.found) if article else Invalid(self.found)


def check_date(problems: Problems, path: str, on: date, today: date) -> None:
    """Check that an event's date is not after tomorrow. Tomorrow is allowed: zones differ by a day."""
    if (on - today).days > 1:
        problems.add(path, message("This date lies in the future; today is {today}.", today=today))


def check_moment(problems: Problems, path: str, at: datetime, now: datetime) -> None:
    """Check that a moment is past, with a tolerance for device clocks."""
    if at - now > CLOCK_TOLERANCE:
        problems.add(
            path,
            message(
                "This moment lies in the future: in its time zone it is {now} now. Say when it"
                " happened; the clock or the time zone of a device may be wrong.",
                now=now.astimezone(at.tzinfo),
            ),
        )


def add_years(on: date, years: int) -> date:
    """Return the same day some years later; 28 February for the 29th."""
    try:
        return on.replace(year=on.year + years)
    except ValueError:
        return on.replace(year=on.year + years, day=28)


def check_declared(problems: Problems, value: Any, path: str = "") -> None:
    """Check the rules that a value's class declares across its fields, those inside it too."""
    for at, text in all_problems(value, path):
        problems.add(at, text)


def check_agency(problems: Problems, path: str, code: str, known: frozenset[str]) -> None:
    """Check that an agency's code is registered. `known` are the codes of the own state."""
    if code in known:
        return
    if not known:
        problems.add(
            path,
            message(
                "No agency is registered yet; POST /api/v1/agencies or salsa agency create"
                " registers one."
            ),
        )
        return
    problems.add(
        path,
        message(
            "{agency} is not registered; your agencies are: {agencies}.",
            agency=code,
            agencies=", ".join(sorted(known)[:MAX_LISTED]),
        ),
    )

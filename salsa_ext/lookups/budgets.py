"""Budgets of look-ups by officer, agency and purpose; a case is known if an own document bears it.

A look-up is a serial checked, a trace sent, or a record of another state read. Each uses one of a
burst that fills again over time. So does a gun of an own silent seizure or report: its matches show
records of others, and their owners are not notified of it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import PURPOSES_WITH_INCIDENT
from salsa_ext.core.errors import TooManyLookups, message, too_many_lookups
from salsa_ext.database.bulk import NO_STATEMENT, SqlStatement
from salsa_ext.database.session import db, execute_raw


class Budget(NamedTuple):
    """Look-ups of one officer: at once, and how many come back in an hour."""

    burst: int
    hourly: int


class Quota(NamedTuple):
    """What is left of a budget: its name, look-ups, seconds until all of them are back."""

    name: str
    budget: Budget
    left: int
    seconds: int

    @property
    def window(self) -> int:
        """Return the seconds in which a whole burst comes back."""
        return math.ceil(self.budget.burst * 3600 / self.budget.hourly)


QUOTAS: Final = "quotas"
"""Where the session holds the quotas of a request, for its answer."""
KNOWN: Final = "known"
UNKNOWN: Final = "unknown"
TRACE: Final = "trace"
SILENT: Final = "silent"
BUDGETS: Final[Mapping[str, Budget]] = {
    KNOWN: Budget(10_000, 2_000),
    UNKNOWN: Budget(100, 300),
    "street": Budget(100, 300),
    "border": Budget(200, 600),
    TRACE: Budget(1_000, 200),
    SILENT: Budget(1_000, 200),
}
"""Defaults by kind: known and unknown cases, incidents in place of a case, traces, silent guns."""
OFFICERS_OF_AGENCY: Final = 20
"""An agency has as much as so many of its officers."""
CASE_UNKNOWN_KEY: Final = "case_unknown"
"""Key in the data of audit entries of look-ups whose case no own document or trace bears."""
_READ: Final = "SELECT * FROM salsa_lookups(%s::text[], %s)"
_COUNT: Final = "SELECT salsa_count_lookups(%s::text[], %s::float8[], %s::float8[], %s)"
_REFUSE: Final = "SELECT salsa_refuse_lookups(%s)"


@dataclass(frozen=True)
class Lookups:
    """So many look-ups within their budget; `count` has to go out in their transaction.

    `seconds` until one more comes back.
    """

    granted: int
    data: Mapping[str, Any]
    seconds: int = 0
    count: SqlStatement = NO_STATEMENT


def open_lookups(
    actor: Actor, count: int, kind: str | None = None, *, is_whole: bool = False
) -> Lookups:
    """Return look-ups that are left, up to `count`, in one statement without a lock.

    `kind` is their budget unless the case is known, by default that of the purpose; so it is for a
    case that was recorded within a day. `is_whole`: all or none, where more than the budget needs a
    full one. Counting refuses those that others used at the same moment. The service itself and the
    server's command line have no budget.
    Raises TooManyLookups, after which the transaction is committed with its audit entry.
    """
    purpose = actor.purpose
    if actor.account_id is None or actor.is_automatic or (purpose is None and kind is None):
        return Lookups(count, {})
    case_number = purpose.case_number if purpose else None
    code = purpose.code if purpose else None
    other = kind or (code if code in PURPOSES_WITH_INCIDENT else UNKNOWN)
    keys = [*_keys(actor, KNOWN), *_keys(actor, other)]
    row = execute_raw(_READ, (keys, case_number)).fetchone()
    is_known, is_new, percent, used, seconds = row
    used_kind, first = (KNOWN, 0) if is_known else (other, 2)
    budgets = [_scale(BUDGETS[used_kind], percent * factor) for factor in (1, OFFICERS_OF_AGENCY)]
    own = slice(first, first + 2)
    owed = list(map(_owed, budgets, used[own], seconds[own]))
    least = count if is_whole else min(count, 1)
    wait = max(_wait(budget, each, least) for budget, each in zip(budgets, owed, strict=True))
    left = min(math.floor(budget.burst - each) for budget, each in zip(budgets, owed, strict=True))
    granted = 0 if wait > 0 else count if is_whole else min(count, left)
    db.session.info[QUOTAS] = [
        _quota(name, budget, each + granted)
        for name, budget, each in zip(("officer", "agency"), budgets, owed, strict=True)
    ]
    if wait > 0:
        _refuse(actor, keys[own], used_kind, wait)
    rates = [budget.hourly / 3600 for budget in budgets]
    most = [max(budget.burst, granted) for budget in budgets]
    is_unknown = case_number is not None and not (is_known or is_new)
    return Lookups(
        granted,
        {CASE_UNKNOWN_KEY: True} if is_unknown else {},
        math.ceil(3600 / min(budget.hourly for budget in budgets)),
        SqlStatement(_COUNT, (keys[own], rates, most, granted)),
    )


def use_trace(actor: Actor) -> None:
    """Count a trace that is sent, whose case it bears itself; raises TooManyLookups."""
    _use(actor, 1, TRACE)


def use_silent(actor: Actor, count: int) -> None:
    """Count guns of own silent documents, which are matched; raises TooManyLookups."""
    if count:
        _use(actor, count, SILENT)


def _use(actor: Actor, count: int, kind: str) -> None:
    if (lookups := open_lookups(actor, count, kind, is_whole=True)).count.text:
        execute_raw(*lookups.count)


def _keys(actor: Actor, kind: str) -> tuple[str, str]:
    return f"{kind} account {actor.account_id}", f"{kind} agency {actor.agency}"


def _scale(budget: Budget, percent: int) -> Budget:
    return Budget(max(1, budget.burst * percent // 100), max(1, budget.hourly * percent // 100))


def _owed(budget: Budget, used: float | None, seconds: float | None) -> float:
    """Return the look-ups of a budget that are not back yet."""
    return max(0.0, (used or 0) - (seconds or 0) * budget.hourly / 3600)


def _wait(budget: Budget, owed: float, count: int) -> float:
    """Return the seconds until so many are left, or the budget is full; 0 if they are."""
    return max(0.0, (owed - max(0, budget.burst - count)) * 3600 / budget.hourly)


def _quota(name: str, budget: Budget, owed: float) -> Quota:
    left = max(0, math.floor(budget.burst - owed))
    return Quota(name, budget, left, math.ceil(owed * 3600 / budget.hourly))


def _refuse(actor: Actor, keys: Sequence[str], kind: str, wait: float) -> None:
    """Raise TooManyLookups; one in ten minutes is audited."""
    seconds = math.ceil(wait)
    if execute_raw(_REFUSE, (keys[0],)).fetchone()[0]:
        data = {"budget": kind, "seconds": seconds}
        append(
            actor, AuditEvent(Action.LOOKUPS_REFUSED, "account", str(actor.account_id), data=data)
        )
    if kind != UNKNOWN:
        raise too_many_lookups(seconds)
    text = message(
        "You looked up many guns for a case that is not recorded here. Record its seizure,"
        " report, alert or trace, or go on in {seconds} seconds.",
        seconds=seconds,
    )
    raise TooManyLookups(text, retry_after=seconds)

"""Coverage: which registers a state declares, and in which months of a year it has records."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.reference.names import participants
from salsa_ext.reference.participation.models import Participation
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.statistics.models import Rollup
from salsa_ext.statistics.queries import list_datasets, withheld_states


@dataclass(frozen=True)
class Coverage:
    """What a state reports of a dataset in a year; without a declared register `mode` is None.

    `without_records` are months that have ended, and in which the state takes part throughout. It is
    `complete` if there are none of them.
    """

    state: str
    dataset: str
    register: str | None
    mode: str | None
    since: date | None
    until: date | None
    complete: bool
    with_records: Sequence[int]
    without_records: Sequence[int]


def list_coverage(actor: Actor, datasets: Sequence[Dataset], year: int) -> list[Coverage]:
    """Return the coverage of datasets that the reader reads: of its state, or of all that allow it."""
    require(actor, Permission.STATISTICS_READ)
    readable = list_datasets(actor, datasets)
    states = [actor.state] if actor.state else sorted({*participants()} - {*withheld_states()})
    declared = _find_declarations(states, year)
    months = _find_months(readable, states, year)
    now = actor.now()
    ended = range(1, 13 if year < now.year else now.month if year == now.year else 1)
    return [
        _cover(
            each,
            state,
            register,
            declared.get((state, register)),
            months[state, each.code, part],
            ended,
            year,
        )
        for each in readable
        for register, part in each.registers.items() or ((None, ""),)
        for state in states
    ]


def _cover(
    dataset: Dataset,
    state: str,
    register: str | None,
    declaration: Participation | None,
    months: Collection[int],
    ended: Collection[int],
    year: int,
) -> Coverage:
    since = declaration.since if declaration else None
    until = declaration.until if declaration else None
    without = [
        month
        for month in ended
        if month not in months
        and (since is None or since <= date(year, month, 1))
        and (until is None or date(year, month, 28) <= until)
    ]
    return Coverage(
        state,
        dataset.code,
        register,
        declaration.mode if declaration else None,
        since,
        until,
        not without,
        sorted(months),
        without,
    )


def _find_declarations(
    states: Sequence[str], year: int
) -> Mapping[tuple[str, str | None], Participation]:
    """Return the last declaration of each state and register, where it is in force in the year."""
    key = Participation.owner_state, Participation.register
    query = select(Participation).where(Participation.owner_state.in_(states))
    last = query.ext(distinct_on(*key)).order_by(*key, Participation.version.desc())
    return {
        (row.owner_state, row.register): row
        for row in db.session.scalars(last)
        if row.since.year <= year and (row.until is None or row.until.year >= year)
    }


def _find_months(
    datasets: Sequence[Dataset], states: Sequence[str], year: int
) -> Mapping[tuple[str, str, str], set[int]]:
    """Return the months with records by state, dataset, and part ('' for the whole)."""
    first_value = func.split_part(Rollup.subject, "|", 1)
    month = func.extract("month", Rollup.period)
    codes = {code: each for each in datasets for code in (each.code, each.silent) if code}
    keys = Rollup.state, Rollup.dataset, first_value, month
    query = (
        select(*keys)
        .where(
            Rollup.dataset.in_(codes),
            Rollup.state.in_(states),
            Rollup.dimension == "",
            Rollup.period.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .group_by(*keys)
        .having(func.sum(Rollup.amount) > 0)
    )
    months: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for state, code, value, number in db.session.execute(query):
        for part in {"", value}:
            months[state, codes[code].code, part].add(int(number))
    return months

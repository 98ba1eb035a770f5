"""Mirror figures: licit trade as recorded by the exporter and by the importer."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import case, func, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.statistics.dataset_types import Grain
from salsa_ext.statistics.models import Rollup
from salsa_ext.statistics.queries import withheld_states
from salsa_ext.trade.discrepancies.figures import OF_TRADE
from salsa_ext.trade.discrepancies.queries import count_by_trade
from salsa_ext.trade.permits.families import licensing_states
from salsa_ext.trade.permits.figures import LICIT_TRADE

OF_EXPORTER: Final = ("export_authorised", "shipped")
OF_IMPORTER: Final = ("import_authorised", "received")
"""Measures of which the state is the importer, and the partner the exporter."""
Trade = tuple[str, str, str]
"""Exporting state, importing state and heading."""


@dataclass(frozen=True)
class MirrorRow:
    """Pieces of a heading from an exporter to an importer in a year, by the records of each.

    A side is None where it has no figures, or the reader may not read them. `discrepancies` of
    quantities are None for a state's reader without the permission to read them.
    """

    exporting_state: str
    importing_state: str
    heading: str
    export_authorised: int | None
    shipped: int | None
    import_authorised: int | None
    received: int | None
    discrepancies: int | None

    @property
    def difference(self) -> int | None:
        """Return how much more was received than shipped; None without figures of both."""
        if self.received is None or self.shipped is None:
            return None
        return self.received - self.shipped

    def is_over(self, done: str, authorised: str) -> bool:
        """Return whether more was shipped or received than that side authorised in the year."""
        allowed, amount = getattr(self, authorised), getattr(self, done)
        return allowed is not None and amount is not None and amount > allowed


def list_mirror(actor: Actor, year: int, filters: Mapping[str, Any]) -> list[MirrorRow]:
    """Return the pairs of a year's licit trade by heading, the largest difference first.

    A state reads the pairs that it is one of. The secretariat reads ended years, without the sides
    of states that do not allow it.
    """
    require(actor, Permission.STATISTICS_READ)
    withheld = () if actor.state else withheld_states()
    reporting = licensing_states(actor).difference(withheld)
    discrepancies = count_by_trade(actor, year) if actor.state else _count_of_others(year, withheld)
    rows = []
    for trade, amounts in _sum_by_trade(actor, year, filters, withheld).items():
        exporter, importer, _ = trade
        figures = [
            amounts.get(measure, 0 if state in reporting else None)
            for state, measures in ((exporter, OF_EXPORTER), (importer, OF_IMPORTER))
            for measure in measures
        ]
        figures.append(None if discrepancies is None else discrepancies[trade])
        rows.append(MirrorRow(*trade, *figures))
    return sorted(rows, key=lambda row: -abs(row.difference or 0))


def _count_of_others(year: int, withheld: Collection[str]) -> Counter[Trade]:
    """Return how many discrepancies may be behind a year's differences, as states count them."""
    counts = Counter[Trade]()
    query = select(Rollup.subject, Rollup.amount).where(
        Rollup.dataset == OF_TRADE.code,
        Rollup.dimension == "",
        Rollup.period == date(year, 1, 1),
        Rollup.state.not_in(withheld),
    )
    for subject, amount in db.session.execute(query):
        exporter, importer, heading = subject.split("|")
        counts[exporter, importer, heading] += amount
    return counts


def _sum_by_trade(
    actor: Actor, year: int, filters: Mapping[str, Any], withheld: Collection[str]
) -> dict[Trade, dict[str, int]]:
    """Return the amounts of a year by pair and heading, and measure; in order of these."""
    measure = func.split_part(Rollup.subject, "|", 1)
    is_of_exporter = measure.in_(OF_EXPORTER)
    columns = {
        "exporting_state": case((is_of_exporter, Rollup.state), else_=Rollup.partner),
        "importing_state": case((is_of_exporter, Rollup.partner), else_=Rollup.state),
        "heading": func.split_part(Rollup.subject, "|", 2),
    }
    keys, amount = (*columns.values(), measure), func.sum(Rollup.amount)
    query = select(*keys, amount).where(
        Rollup.dataset == LICIT_TRADE.code,
        Rollup.dimension == "",
        Rollup.period.between(date(year, 1, 1), date(year, 12, 31)),
        *(columns[name] == value for name, value in filters.items()),
    )
    if actor.state:
        query = query.where((Rollup.state == actor.state) | (Rollup.partner == actor.state))
    else:
        this_year = Grain.YEAR.start(actor.now().date())
        query = query.where(Rollup.period < this_year, Rollup.state.not_in(withheld))
    sums: dict[Trade, dict[str, int]] = defaultdict(dict)
    for *trade, code, count in db.session.execute(
        query.group_by(*keys).having(amount > 0).order_by(*keys)
    ):
        exporter, importer, heading = trade
        sums[exporter, importer, heading][code] = int(count)
    return sums

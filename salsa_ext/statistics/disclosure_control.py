"""Which cells of published tables are withheld, so that none can be computed from the others.

Primary cells are small. Others are withheld with them (complementary), since
margins add up: of those as little as possible. All are marked alike, or the mark would tell that
an amount is small. Amounts are counts. Method: M. Fischetti and J. J. Salazar, Solving the Cell
Suppression Problem on Tabular Data with Linear Constraints, Management Science 47 (2001).
"""

from __future__ import annotations

import itertools
import math
import os
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import highspy
import numpy as np

from salsa_ext.statistics.dataset_types import MIN_CELL

Key = tuple[str, ...]
"""Values of a cell by dimension, '' for all of them; one key in two tables is one cell."""
PUBLIC: Final = ""
"""The reader who contributed nothing."""
_ROUNDING: Final = 1e-6
_Array = np.ndarray[Any, np.dtype[Any]]


def _hide_licence() -> None:
    """Let the solver print its licence where nobody reads it: with the first program, once."""
    output, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    highspy.Highs()  # type: ignore[no-untyped-call]
    os.dup2(output, 1)
    os.close(output)
    os.close(nowhere)


_hide_licence()


@dataclass(frozen=True)
class Rules:
    """Amounts below `threshold` are withheld, and so wide is the interval of each withheld one.

    `seconds` is for the search of the least pattern.
    """

    threshold: int = MIN_CELL
    seconds: float = 60


RULES: Final = Rules()


@dataclass(frozen=True)
class Table:
    """Amounts by contributor of each cell, and margins: each a total with its parts.

    `known` are never withheld: readers have them already. `withheld` always are.
    """

    cells: Mapping[Key, Mapping[str, int]]
    margins: Sequence[tuple[Key, tuple[Key, ...]]]
    known: Set[Key] = frozenset()
    withheld: Set[Key] = frozenset()

    def amount(self, key: Key) -> int:
        """Return the amount of a cell, of all contributors."""
        return sum(self.cells[key].values())


@dataclass(frozen=True)
class Pattern:
    """Cells that are withheld; `is_by_rows` if whole rows are, for lack of time.

    `exposed` are those that known cells, or a contributor's own, reveal whatever else is withheld.
    """

    withheld: Set[Key]
    exposed: Set[Key] = frozenset()
    is_by_rows: bool = False


class _Interval(NamedTuple):
    """How far a reader can narrow down a cell, and by how much each other widens it if withheld."""

    key: Key
    width: int
    widening: Mapping[Key, float]


def build_table(
    facts: Mapping[Key, Mapping[str, int]], summed: Collection[int] = (0, 1, 2)
) -> Table:
    """Return a table of all combinations of values, with totals of the `summed` dimensions."""
    axes = [sorted({key[axis] for key in facts}) for axis in range(len(next(iter(facts))))]
    every = [("",) if axis in summed else () for axis in range(len(axes))]
    cells: dict[Key, Counter[str]] = {
        key: Counter()
        for key in itertools.product(*(a + tuple(b) for a, b in zip(every, axes, strict=True)))
    }
    for key, amounts in facts.items():
        for total in itertools.product(*((*a, b) for a, b in zip(every, key, strict=True))):
            cells[total].update(amounts)
    margins = [
        (key, tuple((*key[:axis], value, *key[axis + 1 :]) for value in values))
        for key in cells
        for axis, values in enumerate(axes)
        if not key[axis]
    ]
    return Table(cells, margins)


def link(*tables: Table) -> Table:
    """Return tables as one, for one pattern. Raises ValueError where a shared cell differs."""
    cells: dict[Key, Mapping[str, int]] = {}
    for table in tables:
        for key, amounts in table.cells.items():
            if cells.setdefault(key, amounts) != amounts:
                raise ValueError(f"{key} differs between linked tables")
    return Table(
        cells,
        [margin for table in tables for margin in table.margins],
        frozenset().union(*(table.known for table in tables)),
        frozenset().union(*(table.withheld for table in tables)),
    )


def follow(table: Table, earlier: Table, withheld: Set[Key], name: str = "earlier") -> Table:
    """Return a release linked to an earlier one of a name, whose published cells are known for ever.

    A cell that changed is another cell in each; readers may guess which did not. What was withheld
    remains so, since its old amount would follow from the new one.
    """
    old = {
        key: key if table.cells.get(key) == amounts else (name, *key)
        for key, amounts in earlier.cells.items()
    }
    before = Table(
        {old[key]: amounts for key, amounts in earlier.cells.items()},
        [(old[total], tuple(old[key] for key in parts)) for total, parts in earlier.margins],
        frozenset(old[key] for key in earlier.cells.keys() - withheld),
        frozenset(old[key] for key in withheld),
    )
    return link(replace(table, withheld=table.withheld | (withheld & table.cells.keys())), before)


def find_primary(table: Table, rules: Rules = RULES) -> set[Key]:
    """Return the cells that are withheld for their own sake; zero is none, nobody is in it."""
    return {
        key for key in table.cells.keys() - table.known if 0 < table.amount(key) < rules.threshold
    }


def protect(table: Table, rules: Rules = RULES) -> Pattern:
    """Return the pattern that withholds least; whole rows if it is not found in time."""
    primary = find_primary(table, rules) | table.withheld
    readers = _Readers(table)
    withheld = _least(table, primary, readers, rules)
    is_by_rows = withheld is None
    if withheld is None:
        withheld = _whole_rows(table, primary, readers, rules)
    return Pattern(withheld, recoverable(table, withheld, rules).keys(), is_by_rows)


def recoverable(table: Table, withheld: Set[Key], rules: Rules = RULES) -> dict[Key, str]:
    """Return withheld cells with an interval narrower than the threshold, each with a reader.

    That is the public, or a contributor: it knows its own share, and cells to which no other
    contributed.
    """
    recovered: dict[Key, str] = {}
    for name, reader in _Readers(table).of_cells(withheld):
        narrow = [*reader.narrow(withheld, rules.threshold, recovered.keys())]
        recovered |= dict.fromkeys((interval.key for interval in narrow), name)
    return recovered


def _least(table: Table, primary: Set[Key], readers: _Readers, rules: Rules) -> Set[Key] | None:
    """Return the cheapest pattern that leaves no reader a narrow interval; None if late."""
    deadline = time.monotonic() + rules.seconds
    choice = _Choice(table, primary)
    while (left := deadline - time.monotonic()) > 0 and (withheld := choice.solve(left)):
        is_safe = True
        for interval, needed in readers.violations(withheld, rules.threshold):
            choice.require(interval, needed, withheld)
            is_safe = False
            if time.monotonic() > deadline:
                break
        if is_safe:
            return withheld
    return frozenset() if not primary else None


def _whole_rows(table: Table, primary: Set[Key], readers: _Readers, rules: Rules) -> Set[Key]:
    """Withhold all rows of which a withheld cell can be narrowed down; all after three rounds."""
    withheld = set(primary)
    for _ in range(3):
        narrow = {interval.key for interval, _ in readers.violations(withheld, rules.threshold)}
        if not narrow:
            return withheld
        rows = [{total, *parts} for total, parts in table.margins]
        withheld |= {key for row in rows if row & narrow for key in row} - table.known
    return table.cells.keys() - table.known


class _Choice:
    """Integer program of which cells are withheld: the least sum that keeps to all requirements."""

    def __init__(self, table: Table, primary: Set[Key]) -> None:
        self._keys = [*table.cells]
        self._columns = {key: column for column, key in enumerate(self._keys)}
        self._free = table.cells.keys() - table.known
        self._program = _new_program(
            [float(key in primary) for key in self._keys],
            [float(key in self._free or key in primary) for key in self._keys],
        )
        columns = np.arange(len(self._keys), dtype=np.int32)
        costs = np.array([table.amount(key) + 1.0 for key in self._keys])  # a zero is not for free
        self._program.changeColsCost(len(columns), columns, costs)
        whole = np.full(len(columns), highspy.HighsVarType.kInteger)
        self._program.changeColsIntegrality(len(columns), columns, whole)

    def solve(self, seconds: float) -> set[Key] | None:
        """Return the cells that are withheld; None if that takes too long, or if there are none."""
        self._program.setOptionValue("time_limit", self._program.getRunTime() + seconds)
        self._program.run()
        if self._program.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = self._program.getSolution().col_value
        return {key for key, value in zip(self._keys, values, strict=True) if value > 0.5}

    def require(self, interval: _Interval, needed: int, withheld: Set[Key]) -> None:
        """Require that other cells widen an interval, if its cell is withheld."""
        missing = needed - interval.widening[interval.key]
        row = {
            key: min(by, missing)
            for key, by in interval.widening.items()
            if key in self._free and by > _ROUNDING
        } | {interval.key: -missing}
        if sum(by for key, by in row.items() if key in withheld) > -_ROUNDING:
            # Whole numbers or rounding narrow it further: one more cell at least is needed.
            row = dict.fromkeys(self._free - withheld, 1.0) | {interval.key: -1.0}
        columns = np.array([self._columns[key] for key in row], dtype=np.int32)
        self._program.addRow(0, highspy.kHighsInf, len(row), columns, np.array([*row.values()]))


class _Reader:
    """Linear program of what a reader can infer of withheld cells."""

    def __init__(self, table: Table, name: str) -> None:
        self._keys = [*table.cells]
        self._columns = {key: column for column, key in enumerate(self._keys)}
        self._amounts = np.array([float(table.amount(key)) for key in self._keys])
        self._shares = np.array([float(table.cells[key].get(name, 0)) for key in self._keys])
        own = (self._shares > 0) & (self._shares == self._amounts)
        self._unknown = np.array([key not in table.known for key in self._keys], dtype=bool) & ~own
        self._room = 2 * self._amounts.max(initial=0) + 100  # no amount is greater, all may be
        self._program = _new_program(self._amounts, self._amounts)
        for total, parts in table.margins:
            columns = np.array([self._columns[key] for key in (total, *parts)], dtype=np.int32)
            factors = np.array([-1.0, *[1.0] * len(parts)])
            self._program.addRow(0, 0, len(columns), columns, factors)

    def narrow(
        self, withheld: Set[Key], threshold: int, skipped: Collection[Key] = ()
    ) -> Iterator[_Interval]:
        """Yield withheld cells, but for some, with an interval narrower than the threshold."""
        hidden = np.array([key in withheld for key in self._keys]) & self._unknown
        columns = np.arange(len(hidden), dtype=np.int32)
        least = np.where(hidden, self._shares, self._amounts)
        most = np.where(hidden, self._amounts + self._room, self._amounts)
        self._program.changeColsBounds(len(columns), columns, least, most)
        targets = hidden & np.array([key not in skipped for key in self._keys])
        lowest, highest = self._wide_apart(targets, threshold)
        for column in np.flatnonzero(targets):
            widening = np.zeros(len(columns))
            for sign in (1.0, -1.0):
                if _width(lowest[column], highest[column]) >= threshold:
                    break  # tables that gave the bounds of other cells show it already
                values, costs = self._solve(sign * (columns == column))
                np.minimum(lowest, values, out=lowest)
                np.maximum(highest, values, out=highest)
                below = np.maximum(costs, 0) * (self._amounts - self._shares)
                widening += np.where(self._unknown, below + np.maximum(-costs, 0) * self._room, 0)
            width = _width(lowest[column], highest[column])
            if width < threshold:
                named = dict(zip(self._keys, widening.tolist(), strict=True))
                yield _Interval(self._keys[column], width, named)

    def _wide_apart(self, targets: _Array, threshold: int) -> tuple[_Array, _Array]:
        """Return the least and greatest amounts in a few possible tables, to save programs."""
        lowest, highest = self._amounts.copy(), self._amounts.copy()
        draw, narrow = np.random.default_rng(1), targets
        while narrow.any():
            costs = np.where(narrow, draw.normal(size=len(targets)), 0)
            for sign in (1.0, -1.0):
                values, _ = self._solve(sign * costs)
                np.minimum(lowest, values, out=lowest)
                np.maximum(highest, values, out=highest)
            before, narrow = narrow, targets & (highest - lowest < threshold + 1)
            if narrow.sum() > 0.8 * before.sum():
                break
        return lowest, highest

    def _solve(self, costs: _Array) -> tuple[_Array, _Array]:
        """Return the possible table of least costs, and the reduced costs."""
        self._program.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)
        self._program.run()
        solution = self._program.getSolution()
        return np.array(solution.col_value), np.array(solution.col_dual)


class _Readers:
    """The public and all contributors, each with what it could infer if all were withheld."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._readers: dict[str, _Reader] = {}
        self._limits: dict[str, dict[Key, int]] = {}

    def of_cells(self, keys: Collection[Key]) -> Iterator[tuple[str, _Reader]]:
        """Yield readers who may know more of cells than is published; the public first."""
        names = {name for key in keys for name, amount in self._table.cells[key].items() if amount}
        for name in (PUBLIC, *sorted(names)):
            if name not in self._readers:
                self._readers[name] = _Reader(self._table, name)
            yield name, self._readers[name]

    def violations(self, withheld: Set[Key], threshold: int) -> Iterator[tuple[_Interval, int]]:
        """Yield intervals that are narrower than they could be, with the width that is needed."""
        violated = set[Key]()
        for name, reader in self.of_cells(withheld):
            for interval in [*reader.narrow(withheld, threshold, violated)]:
                if name not in self._limits:
                    alone = reader.narrow(self._table.cells.keys(), threshold)
                    self._limits[name] = {each.key: each.width for each in alone}
                needed = self._limits[name].get(interval.key, threshold)
                if interval.width < needed:
                    violated.add(interval.key)
                    yield interval, needed


def _new_program(least: Sequence[float] | _Array, most: Sequence[float] | _Array) -> highspy.Highs:
    program = highspy.Highs()  # type: ignore[no-untyped-call]
    program.setOptionValue("output_flag", False)
    program.setOptionValue("threads", 1)
    program.addVars(len(least), np.array(least), np.array(most))
    return program


def _width(lowest: float, highest: float) -> int:
    """Return the width of an interval of whole numbers."""
    return math.floor(highest + _ROUNDING) - math.ceil(lowest - _ROUNDING)

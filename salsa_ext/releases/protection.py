"""What of a release's tables is withheld, so that nothing of it can be computed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from salsa_ext.reference import names
from salsa_ext.releases.models import Amounts
from salsa_ext.releases.release_tables import TableType, published_cells
from salsa_ext.statistics.disclosure_control import Key, Rules, Table, build_table, follow, protect

RULES: Final = Rules(seconds=60)
CLASS: Final = "class:"
"""Before the class whose total a table of types adds up to, though it does not show it."""
Published = tuple[Amounts, Mapping[str, Any]]
"""Whole amounts of a table of an earlier release, and what was published of them."""


def build(table: TableType, amounts: Amounts) -> Table:
    """Return a table for disclosure control: each state knows its own row, all know its totals.

    Totals of a state are never withheld: those of all guns, and of each class under its types; nor
    is the only column that a total has.
    """
    facts: dict[Key, dict[str, int]] = {
        (state, column): {state: amount}
        for state, columns in amounts.items()
        for column, amount in columns.items()
    }
    if not facts:
        return Table({}, [])
    built = build_table(facts, summed=(0,) if table.is_several else (0, 1))
    if table.is_uncut:
        return replace(built, known=built.cells.keys())
    built = replace(built, known={key for key in built.cells if not key[1]})
    if table.by == ("type",):
        built = _add_classes(built)
    known = built.known
    alone = {parts[0] for total, parts in built.margins if total in known and len(parts) == 1}
    return replace(built, known=known | alone)


def _add_classes(table: Table) -> Table:
    """Add the totals of classes, which another table publishes."""
    columns = dict.fromkeys(column for _, column in table.cells if column)
    cells, margins, known = dict(table.cells), [*table.margins], {*table.known}
    for state in dict.fromkeys(state for state, _ in table.cells):
        classes: dict[str, list[Key]] = {}
        for column in columns:
            classes.setdefault(names.questionnaire_class(column), []).append((state, column))
        for name, parts in classes.items():
            total = (state, CLASS + name)
            cells[total] = sum_amounts(table, parts)
            margins.append((total, tuple(parts)))
            known |= {total}
    return replace(table, cells=cells, margins=margins, known=known)


def sum_amounts(table: Table, keys: Iterable[Key]) -> dict[str, int]:
    """Return the amounts of several cells together, by contributor."""
    total: dict[str, int] = {}
    for key in keys:
        for name, amount in table.cells[key].items():
            total[name] = total.get(name, 0) + amount
    return total


def link_earlier(table: TableType, amounts: Amounts, earlier: Iterable[Published]) -> Table:
    """Return a table with those of earlier releases, which readers have."""
    linked = build(table, amounts)
    for number, (old, content) in enumerate(earlier):
        cells = published_cells(content)
        withheld = frozenset(key for key, amount in cells.items() if amount is None)
        linked = follow(linked, build(table, old), withheld, f"earlier {number}")
    return linked


def publish(table: Table) -> dict[str, Any]:
    """Return a table as published: its columns, and rows of states, the last of all ('').

    The column '' has the totals of states. Withheld amounts are null.
    """
    withheld = protect(table, RULES).withheld if table.cells else frozenset[Key]()
    cells = [key for key in table.cells if len(key) == 2 and not key[1].startswith(CLASS)]
    columns = sorted({column for _, column in cells}, key=lambda each: (not each, each))
    states = sorted({state for state, _ in cells}, key=lambda each: (not each, each))
    rows = [
        {
            "state": state,
            "amounts": [
                None if (state, column) in withheld else table.amount((state, column))
                for column in columns
            ],
        }
        for state in states
    ]
    return {"columns": columns, "rows": rows}

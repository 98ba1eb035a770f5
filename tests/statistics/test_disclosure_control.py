"""Disclosure control: what is withheld cannot be computed, not even by who contributed to it."""

import random

import pytest

from salsa_ext.statistics.disclosure_control import (
    PUBLIC,
    Rules,
    Table,
    build_table,
    find_primary,
    follow,
    link,
    protect,
    recoverable,
)
from tests.support.sizes import sized

POSTS = ("north", "south", "port")


def table(rows, columns="abcdefgh"):
    """Return a table of amounts, each from two posts in equal parts."""
    return build_table(
        {
            (str(number), column): {"north": amount - amount // 2, "south": amount // 2}
            for number, row in enumerate(rows)
            for column, amount in zip(columns, row, strict=False)
        }
    )


def random_table(seed):
    """Return a table of up to 8 x 6 cells with many small ones; of every second the margins known."""
    draw = random.Random(seed)
    facts = {
        (f"s{row}", f"c{column}"): {post: draw.choice((0, 0, 0, 1, 2, 4, 9, 40)) for post in POSTS}
        for row in range(draw.randint(2, 8))
        for column in range(draw.randint(2, 6))
    }
    drawn = build_table(facts)
    known = [key for key in drawn.cells if "" in key and seed % 2]
    return Table(drawn.cells, drawn.margins, frozenset(known))


@pytest.mark.parametrize("seed", range(sized(12, 200)))
def test_of_random_tables_nothing_is_recovered_but_what_known_margins_reveal_alone(seed):
    drawn = random_table(seed)
    pattern = protect(drawn)
    free = drawn.cells.keys() - drawn.known
    alone = recoverable(drawn, free).keys() & pattern.withheld
    assert not pattern.is_by_rows
    assert pattern.withheld >= find_primary(drawn)
    assert recoverable(drawn, pattern.withheld).keys() == pattern.exposed == alone
    # Who alone contributed to a margin knows that the other cells under it are zero.
    assert seed % 2 or not any(drawn.amount(key) for key in pattern.exposed)


def test_without_complementary_cells_many_primary_ones_are_recovered():
    tables = [random_table(seed) for seed in range(0, 12, 2)]
    primary = [find_primary(each) for each in tables]
    recovered = [recoverable(*each) for each in zip(tables, primary, strict=True)]
    assert sum(map(len, recovered)) > sum(map(len, primary)) / 3


def test_small_cells_are_primary_and_zero_is_none():
    amounts = {"a": {"north": 4}, "b": {"north": 3, "south": 2}, "c": {}, "d": {"north": 1}}
    cells = {(name,): each for name, each in amounts.items()}
    assert find_primary(Table(cells, [], known={("d",)})) == {("a",)}


def test_the_least_amount_is_withheld_with_a_primary_cell():
    cut = protect(table([[3, 20, 90], [30, 7, 80], [40, 50, 60]])).withheld
    assert cut == {("0", "a"), ("0", "b"), ("1", "a"), ("1", "b")}


def test_a_table_without_primary_cells_is_whole():
    assert protect(table([[10, 20], [30, 40]])).withheld == set()


def test_known_margins_are_not_withheld_and_bound_what_they_reveal():
    drawn = table([[3, 0, 90], [30, 7, 80]])
    known = frozenset(key for key in drawn.cells if "" in key)
    narrow = Table(drawn.cells, drawn.margins, known | {("0", "c")})
    pattern = protect(narrow)
    assert not pattern.withheld & narrow.known
    assert pattern.exposed >= {("0", "a"), ("0", "b")}  # 93 in all and 90 known leave 3


def test_who_contributed_alone_to_a_cell_recovers_no_other_from_it():
    facts = {("x", column): {"north": 20, "south": 20} for column in "abc"}
    facts |= {("y", "a"): {"north": 30}, ("y", "b"): {"south": 2}, ("y", "c"): {"south": 40}}
    shared = build_table(facts)
    cells = {("y", "a"), ("y", "b"), ("x", "a"), ("x", "b")}
    recovered = recoverable(shared, cells)
    assert recovered[("y", "b")] == "north"
    assert PUBLIC not in recovered.values()
    assert recoverable(shared, protect(shared).withheld) == {}


def test_linked_tables_have_one_pattern_since_each_alone_reveals_the_other():
    whole = build_table(
        {
            (state, kind, outcome): {"north": 15, "south": 15}
            for state in "xyz"
            for kind in ("pistol", "rifle")
            for outcome in ("traced", "no_record")
        }
    )

    def without(axis):
        """Return the table in which one dimension is summed up, with the total of x withheld."""
        cells = {key: amounts for key, amounts in whole.cells.items() if not key[axis]}
        margins = [each for each in whole.margins if {each[0], *each[1]} <= cells.keys()]
        return Table(cells, margins, withheld=frozenset({("x", "", "")}))

    by_kind, by_outcome = without(2), without(1)
    linked = link(by_kind, by_outcome)
    assert ("x", "", "") in recoverable(linked, protect(by_kind).withheld)
    pattern = protect(linked)
    assert ("x", "", "traced") in pattern.withheld or ("x", "", "no_record") in pattern.withheld
    assert not pattern.exposed


def test_a_cell_of_linked_tables_has_one_amount():
    cells = [Table({("x",): {"north": amount}}, []) for amount in (1, 2)]
    with pytest.raises(ValueError, match="differs"):
        link(*cells)


def test_a_later_release_withholds_what_earlier_ones_would_reveal():
    first = table([[3, 20, 90], [30, 7, 80], [40, 50, 60]])
    withheld = protect(first).withheld
    second = table([[3, 20, 90], [30, 9, 80], [40, 50, 2]])
    alone = protect(second).withheld
    both = follow(second, first, withheld)
    pattern = protect(both)
    assert recoverable(both, both.withheld | alone)
    assert withheld <= pattern.withheld
    assert ("2", "c") in pattern.withheld
    assert not pattern.withheld & both.known
    assert not pattern.exposed


def test_whole_rows_are_withheld_where_time_is_up():
    drawn = random_table(0)
    pattern = protect(drawn, Rules(seconds=0))
    assert pattern.is_by_rows
    assert not pattern.exposed
    assert pattern.withheld > protect(drawn).withheld - find_primary(drawn)

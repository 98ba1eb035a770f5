"""Goods against goods: a maximum flow, whatever the order of the lines."""

from decimal import Decimal
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.trade.permits.allocation import Goods, allocate, is_same_kind

TYPES = st.sampled_from([None, "pistol", "rifle"])
MAKES = st.sampled_from([None, "taurus", "glock"])
AMOUNTS = st.integers(1, 9).map(Decimal)
GOODS = st.builds(Goods, AMOUNTS, st.just("firearm"), TYPES, MAKES)
LISTS = st.lists(GOODS, max_size=4).map(lambda goods: dict(enumerate(goods)))


def most(claims, supplies):
    """Return what can be covered at all, by the theorem of Hall for every set of claims."""
    total = sum((goods.quantity for goods in claims.values()), Decimal(0))
    lacks = [Decimal(0)]
    for size in range(1, len(claims) + 1):
        for some in combinations(claims, size):
            wanted = sum(claims[name].quantity for name in some)
            near = [
                name
                for name, supply in supplies.items()
                if any(is_same_kind(claims[each], supply) for each in some)
            ]
            lacks.append(wanted - sum((supplies[name].quantity for name in near), Decimal(0)))
    return total - max(lacks)


@given(LISTS, LISTS)
def test_as_much_is_covered_as_can_be(claims, supplies):
    missing = sum(allocate(claims, supplies).uncovered.values(), Decimal(0))
    total = sum((goods.quantity for goods in claims.values()), Decimal(0))
    assert total - missing == most(claims, supplies)


@given(LISTS, LISTS)
def test_what_is_drawn_is_what_is_covered(claims, supplies):
    settled = allocate(claims, supplies)
    total = sum((goods.quantity for goods in claims.values()), Decimal(0))
    missing = sum(settled.uncovered.values(), Decimal(0))
    assert sum(settled.drawn.values(), Decimal(0)) == total - missing
    assert all(0 <= settled.drawn[name] <= supplies[name].quantity for name in supplies)


@given(LISTS, LISTS)
def test_how_much_is_missing_does_not_depend_on_the_order(claims, supplies):
    turned = allocate(dict(reversed(claims.items())), dict(reversed(supplies.items())))
    settled = allocate(claims, supplies)
    assert sum(turned.uncovered.values()) == sum(settled.uncovered.values())


def test_a_line_that_leaves_the_make_open_gives_way_to_one_that_needs_it():
    claims = {
        "any": Goods(Decimal(5), "firearm", "pistol"),
        "taurus": Goods(Decimal(5), "firearm", "pistol", "taurus"),
    }
    supplies = {
        "taurus": Goods(Decimal(5), "firearm", "pistol", "taurus"),
        "glock": Goods(Decimal(5), "firearm", "pistol", "glock"),
    }
    assert allocate(claims, supplies).uncovered == {}


def test_goods_of_another_category_or_unit_are_foreign():
    claims = {1: Goods(Decimal(5), "ammunition", unit="box"), 2: Goods(Decimal(5), "part")}
    supplies = {1: Goods(Decimal(50), "ammunition"), 2: Goods(Decimal(5), "firearm")}
    assert allocate(claims, supplies).unmatched == [1, 2]

"""Events of which the month or year alone is known: no contradiction is read from that."""

import pytest

from salsa_ext.guns.possession import in_order
from tests.support.chains import SALE, built, event


def test_a_rough_sale_gives_the_time_to_crime_as_a_range():
    found = built(event("domestic_sale", "2024-05"))
    assert (found.outcome, found.time_to_crime, found.time_to_crime_days) == (
        "traced",
        (639, 669),
        None,
    )


@pytest.mark.parametrize("on", ["2024", "2024-02"])
def test_a_rough_import_is_where_it_contradicts_nothing(on):
    way = [
        event("export", "2024-02-03", "BRA", "dealer", counterpart_state="PRY"),
        event("import", on, "PRY", "dealer", counterpart_state="BRA"),
        SALE,
    ]
    found = built(*way)
    assert [each["event"] for each in found.chain] == ["export", "import", "domestic_sale"]
    assert found.conflicts == []


def test_a_rough_theft_is_after_the_sale_that_it_ends():
    found = built(SALE, event("theft", "2024", stolen_from="private"))
    assert (found.conflicts, found.point_of_diversion["diversion_kind"]) == ([], "theft_private")


def test_what_contradicts_at_any_place_is_a_contradiction():
    found = built(SALE, event("registration", "2025", "ARG"))
    assert [each["state"] for each in found.conflicts] == ["ARG"]


def test_what_was_perhaps_destroyed_after_the_find_is_no_diversion():
    found = built(SALE, event("destruction", "2026"))
    assert found.point_of_diversion is None
    assert "may be after" in found.objections["PRY-destruction-2026"].text


@pytest.mark.parametrize("on,is_after", [("2027", True), ("2026-04", True), ("2026-03", False)])
def test_only_what_is_certainly_after_the_find_is_left_out(on, is_after):
    found = built(event("domestic_sale", on))
    assert (found.chain == []) == is_after


def test_among_very_many_events_a_rough_one_is_at_its_first_day():
    sent = event("export", "2024-02-03", "BRA", "dealer", counterpart_state="PRY")
    arrived = event("import", "2024-02", "PRY", "dealer", counterpart_state="BRA")
    seized = [event("seizure", f"2024-{month:02}-05") for month in range(3, 12)]
    assert in_order([sent, arrived, *seized]) == [sent, arrived, *seized]
    assert in_order([sent, arrived, *seized * 4])[:2] == [arrived, sent]

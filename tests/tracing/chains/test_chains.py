"""Chains: events in order, the last lawful one, where the gun was diverted, what is open."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.core import codes
from salsa_ext.tracing.chains.answers import ChainLeg
from salsa_ext.tracing.chains.chain import build_chain
from tests.support.chains import (
    DEALER,
    FOUND,
    GUN,
    PERSON,
    RETAIL,
    SALE,
    WHOLESALE,
    built,
    event,
    sale,
)

EVENTS = (*codes.TRANSFER_KINDS, *codes.REPORT_KINDS, *codes.SEIZURE_KINDS, "export", "import")


def test_events_of_all_legs_are_in_order():
    legs = [
        ChainLeg("PRY", "answered", [SALE, event("import", "2024-02-01", receiver="dealer")]),
        ChainLeg("BRA", "answered", [event("export", "2024-01-01", "BRA", "dealer")]),
    ]
    found = build_chain(legs, FOUND, "BRA", GUN)
    assert [e["event"] for e in found.chain] == ["export", "import", "domestic_sale"]


def test_events_of_one_day_are_in_the_order_of_a_guns_life():
    found = built(SALE, event("registration", "2024-05-06"), event("import", "2024-05-06"))
    assert [e["event"] for e in found.chain] == ["import", "registration", "domestic_sale"]


def test_a_first_sale_gives_the_time_to_crime():
    found = built(SALE)
    assert (found.outcome, found.reached) == ("traced", "first_buyer")
    assert (found.time_to_crime_days, found.since_last_lawful_days) == (664, 664)


def test_the_time_to_crime_runs_from_the_first_sale_and_not_the_last_holder():
    found = built(SALE, event("private_sale", "2025-05-06"))
    assert (found.time_to_crime_days, found.since_last_lawful_days) == (664, 299)
    assert found.reached == "last_holder"


def test_a_sale_on_the_day_itself_is_zero_days():
    assert built(event("domestic_sale", "2026-03-01")).time_to_crime_days == 0


def test_two_first_sales_are_candidates_and_nothing_is_concluded():
    found = built(SALE, event("domestic_sale", "2025-01-01", "ARG"))
    assert found.ambiguous
    assert [c["time_to_crime_days"] for c in found.candidates] == [664, 424]
    assert (found.time_to_crime_days, found.last_lawful, found.point_of_diversion) == (
        None,
        None,
        None,
    )
    assert found.outcome == "partly"


SOLD_BACK = sale("2025-01-01", PERSON, DEALER)
RESALE = sale("2025-02-01", DEALER, PERSON)


@pytest.mark.parametrize(
    "events,days,reached",
    [
        ([WHOLESALE, RETAIL], 759, "first_buyer"),
        ([WHOLESALE, sale("2024-01-15", DEALER, DEALER), RETAIL], 759, "first_buyer"),
        (
            [sale("2024-01-01", {"id": "m", "kind": "manufacturer"}, DEALER), RETAIL],
            759,
            "first_buyer",
        ),
        ([RETAIL, sale("2025-01-01", PERSON, PERSON)], 759, "last_holder"),
        ([RETAIL, SOLD_BACK], 759, "dealer"),
        ([WHOLESALE, RETAIL, SOLD_BACK, RESALE], 759, "last_holder"),
        (
            [RETAIL, sale("2025-01-01", PERSON, DEALER, kind="private_sale"), RESALE],
            759,
            "last_holder",
        ),
    ],
)
def test_sales_that_follow_from_each_other_are_one_chain(events, days, reached):
    found = built(*events)
    assert (found.ambiguous, found.time_to_crime_days, found.reached) == (False, days, reached)
    assert found.last_lawful == events[-1]


POLICE = {"id": "c", "kind": "police"}


@pytest.mark.parametrize(
    "kind,giver",
    [
        ("state_to_civilian", POLICE),
        ("inheritance", PERSON),
        ("private_sale", PERSON),
        ("domestic_sale", {"id": "g", "kind": "government"}),
        ("loan", PERSON),
    ],
)
def test_a_gun_that_came_back_to_the_trade_is_sold_again_whoever_gave_it(kind, giver):
    bought = sale("2024-02-01", DEALER, POLICE)
    found = built(bought, sale("2025-01-01", giver, DEALER, kind=kind), RESALE)
    assert (found.ambiguous, found.time_to_crime_days) == (False, 759)


def test_a_gun_that_was_imported_from_where_it_was_sold_is_sold_again():
    arrived = event("import", "2025-01-20", "URY", receiver="dealer", counterpart_state="PRY")
    found = built(RETAIL, arrived, sale("2025-02-01", DEALER, PERSON, "URY"))
    assert (found.ambiguous, found.time_to_crime_days) == (False, 759)


def test_a_gun_that_its_holder_shipped_to_a_dealer_abroad_is_sold_there_again():
    shipped = event("export", "2025-01-10", receiver="dealer", counterpart_state="URY")
    there = sale("2025-02-01", DEALER, PERSON, "URY")
    assert not built(RETAIL, shipped | {"giver": PERSON}, there).ambiguous


@pytest.mark.parametrize("partner", ["ARG", None])
def test_a_gun_that_was_imported_from_elsewhere_is_another(partner):
    arrived = event("import", "2025-01-20", "URY", receiver="dealer", counterpart_state=partner)
    assert built(RETAIL, arrived, sale("2025-02-01", DEALER, PERSON, "URY")).ambiguous


def test_a_gun_that_was_sold_back_and_shipped_abroad_is_sold_there_again():
    shipped = event("export", "2025-01-10", receiver="dealer", counterpart_state="URY")
    arrived = event("import", "2025-01-20", "URY", receiver="dealer", counterpart_state="PRY")
    there = sale("2025-02-01", DEALER, PERSON, "URY")
    assert not built(RETAIL, SOLD_BACK, shipped, arrived, there).ambiguous


@pytest.mark.parametrize(
    "events",
    [
        [RETAIL, RESALE],
        [RETAIL, WHOLESALE | {"occurred_on": "2025-01-01"}, RESALE],
        [RETAIL, SOLD_BACK, sale("2025-02-01", DEALER, PERSON, "URY")],
        [RETAIL, SOLD_BACK, RESALE, sale("2025-03-01", DEALER, PERSON)],
        [sale("2024-02-01", DEALER, None), sale("2025-02-01", DEALER, None)],
    ],
)
def test_sales_that_nothing_links_are_of_several_guns(events):
    assert built(*events).ambiguous


KINDS = st.sampled_from([None, DEALER, PERSON, {"id": "m", "kind": "manufacturer"}])
YEARS = st.dates(date(2020, 1, 1), date(2026, 2, 1))


@given(st.lists(st.tuples(YEARS, KINDS, KINDS), max_size=8))
def test_a_gun_is_ambiguous_only_by_sales_out_of_the_trade(drawn):
    found = built(*(sale(on.isoformat(), giver, receiver) for on, giver, receiver in drawn))
    out = [each for each in drawn if each[1] is not PERSON and each[2] in (None, PERSON)]
    assert len(found.candidates) <= len(out)
    assert not (found.ambiguous and len(out) < 2)
    assert (found.time_to_crime_days is None) or out


def test_several_guns_that_a_misread_mark_fits_are_candidates_and_nothing_is_concluded():
    shipped = {"state": "USA", "shipment_status": "received_short", "counterpart_state": "HND"}
    row = event("export", "2025-01-02", **shipped, serial="WRKX482") | {"record": "a"}
    found = built(row, event("export", "2025-01-02", **shipped, serial="WRKX501") | {"record": "b"})
    assert (found.ambiguous, found.last_lawful, found.point_of_diversion) == (True, None, None)
    assert [(c["record"], c["time_to_crime_days"]) for c in found.candidates] == [
        ("a", None),
        ("b", None),
    ]


def test_each_gun_that_it_may_be_is_reported_with_the_events_that_are_of_it():
    made = event("manufacture", "2024-01-02", "USA", serial="WRKX482") | {"record": "a"}
    sold = event("domestic_sale", "2025-01-02", "USA", serial="WRKX482") | {"record": "b"}
    other = event("manufacture", "2024-01-03", "USA", serial="WRKX501") | {"record": "c"}
    assert [each["records"] for each in built(made, other, sold).candidates] == [["c"], ["a", "b"]]


@pytest.mark.parametrize("other,link", [("WRKX4B2", None), ("WRKY482", "a"), (None, None)])
def test_a_gun_is_one_by_confused_glyphs_by_a_certain_link_and_without_a_serial(other, link):
    first = event("export", "2025-01-02", "USA", serial="WRKX482") | {"record": "a"}
    two = event("import", "2025-01-05", "HND", serial=other, linked_record=link)
    assert not built(first, two).ambiguous


def test_what_is_not_lawful_is_of_the_gun_whose_serial_it_bears():
    result = [
        ("registration", "A1234", "a"),
        ("registration", "A1235", "b"),
        ("theft", "A1235", "t"),
        ("theft", "A123?", "u"),
    ]
    events = [
        event(kind, f"2024-01-0{at}", serial=serial, record=record)
        for at, (kind, serial, record) in enumerate(result, 1)
    ]
    found = built(*events)
    assert [each["records"] for each in found.candidates] == [["a"], ["b", "t"]]
    assert [each["record"] for each in found.candidates] == ["a", "b"]


def test_one_first_sale_is_no_list_of_candidates():
    assert built(SALE).candidates == []


def test_what_happened_after_it_was_found_is_a_conflict_and_no_part_of_the_chain():
    found = built(SALE, event("private_sale", "2026-03-02"))
    assert [e["event"] for e in found.conflicts] == ["private_sale"]
    assert [e["event"] for e in found.chain] == ["domestic_sale"]


def test_a_sale_after_it_was_found_makes_nothing_ambiguous():
    assert not built(SALE, event("domestic_sale", "2026-03-02")).ambiguous


@pytest.mark.parametrize(
    "stolen_from,kind",
    [
        ("private", "theft_private"),
        ("dealer", "theft_dealer"),
        ("state_stock", "theft_state_stock"),
        ("evidence_store", "theft_evidence_store"),
        ("shipment", "never_arrived"),
        (None, "unknown"),
    ],
)
def test_a_theft_after_the_last_lawful_event_is_the_diversion(stolen_from, kind):
    found = built(SALE, event("theft", "2025-02-03", stolen_from=stolen_from))
    diversion = found.point_of_diversion
    assert diversion["diversion_kind"] == kind
    assert (diversion["after"], diversion["before"]) == (
        "PRY-domestic_sale-2024-05-06",
        "PRY-theft-2025-02-03",
    )


def test_a_gun_that_was_recovered_and_sold_was_not_diverted_by_the_theft():
    found = built(
        SALE,
        event("theft", "2025-02-03"),
        event("recovery", "2025-03-03"),
        event("private_sale", "2025-04-04"),
    )
    assert found.point_of_diversion is None
    assert found.last_lawful["event"] == "private_sale"


@pytest.mark.parametrize(
    "kind,why",
    [
        ("destruction", "PRY recorded on 2025-02-03 that it was destroyed"),
        ("deactivation", "PRY recorded on 2025-02-03 that it was deactivated"),
    ],
)
def test_a_gun_that_was_put_out_of_use_and_found_was_diverted_after_that(kind, why):
    ended = event(kind, "2025-02-03")
    for chain in (
        [SALE, ended],
        [ended],
        [SALE, event("theft", "2025-01-01"), ended],
        [SALE, event("seized", "2025-01-01"), ended],
    ):
        found = built(*chain)
        diversion = found.point_of_diversion
        assert (diversion["after"], diversion["before"]) == (ended["record"], None)
        assert diversion["diversion_kind"] == "unknown"
        assert str(diversion["why"]).startswith(why)
        assert (found.last_lawful, found.outcome) == (ended, "traced")


def test_a_theft_after_the_recorded_destruction_is_the_diversion():
    ended = event("destruction", "2025-02-03")
    stolen = event("theft", "2025-03-03", stolen_from="evidence_store")
    diversion = built(SALE, ended, stolen).point_of_diversion
    assert (diversion["after"], diversion["before"]) == (ended["record"], stolen["record"])
    assert diversion["diversion_kind"] == "theft_evidence_store"


@pytest.mark.parametrize("on", ["2026-03-01", "2026-03-05"])
def test_a_gun_that_was_destroyed_once_it_was_found_was_not_diverted_from_there(on):
    found = built(SALE, event("destruction", on))
    assert (found.point_of_diversion, found.last_lawful) == (None, SALE)
    assert [e["event"] for e in found.conflicts] == ["destruction"]


def test_a_deactivated_gun_that_was_sold_after_that_was_not_diverted_before():
    found = built(SALE, event("deactivation", "2025-02-03"), event("private_sale", "2025-05-05"))
    assert found.point_of_diversion is None


@pytest.mark.parametrize(
    "status,kind",
    [("overdue", "never_arrived"), ("lost", "never_arrived"), ("received_short", "short_receipt")],
)
def test_an_export_that_nobody_received_is_the_diversion(status, kind):
    shipped = event("export", "2026-01-01", "BRA", "dealer", shipment_status=status)
    found = built(shipped | {"counterpart_state": "PRY"})
    assert found.point_of_diversion["diversion_kind"] == kind
    assert found.point_of_diversion["before"] is None
    assert found.outcome == "traced"


@pytest.mark.parametrize("last", ["export", "import"])
def test_what_left_for_a_time_and_was_not_back_in_time_is_the_diversion(last):
    away = event(last, "2026-01-01", return_due_on="2026-02-28", counterpart_state="BRA")
    diversion = built(away).point_of_diversion
    assert (diversion["diversion_kind"], diversion["after"], diversion["before"]) == (
        "unreturned_temporary",
        away["record"],
        None,
    )
    assert "back by 2026-02-28" in str(diversion["why"])


def test_what_is_found_while_it_may_be_away_is_not_diverted():
    away = event("import", "2026-01-01", return_due_on="2026-03-01", counterpart_state="BRA")
    assert built(away).point_of_diversion is None


def test_what_came_back_in_time_is_not_diverted():
    away = event("export", "2026-01-01", "BRA", return_due_on="2026-02-01")
    assert built(away, event("import", "2026-01-20", "BRA")).point_of_diversion is None


def test_a_temporary_export_that_never_arrived_is_reported():
    lost = event(
        "export",
        "2026-01-01",
        "BRA",
        return_due_on="2026-02-01",
        shipment_status="lost",
        counterpart_state="PRY",
    )
    assert built(lost).point_of_diversion["diversion_kind"] == "never_arrived"


def test_an_export_that_arrived_is_no_diversion():
    shipped = event("export", "2026-01-01", "BRA", "dealer", shipment_status="received_short")
    assert built(shipped, event("import", "2026-01-09")).point_of_diversion is None


def test_a_chain_that_ends_at_a_dealer_is_partly_traced():
    found = built(event("import", "2026-01-09", receiver="dealer"))
    assert (found.outcome, found.reached) == ("partly", "dealer")


@pytest.mark.parametrize("asking,scope", [("PRY", "domestic"), ("BRA", "international")])
def test_the_scope_says_whether_a_border_was_crossed(asking, scope):
    assert built(SALE, asking=asking).scope == scope


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_that_can_be_recorded_has_its_place(kind):
    found = built(event(kind, "2025-01-01"))
    assert len([*found.chain, *found.conflicts]) == 1


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.dates(date(2020, 1, 1), date(2027, 1, 1)))))
def test_no_event_is_lost_and_nothing_lawful_follows_the_last_lawful(drawn):
    found = built(*(event(kind, on.isoformat()) for kind, on in drawn))
    assert len(found.chain) + len(found.conflicts) == len(drawn)
    assert found.last_lawful is None or found.last_lawful in found.chain
    assert (found.time_to_crime_days or 0) >= 0

"""Figures of the own state by what was recorded; those of other states are in releases."""

from datetime import date

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.statistics import rollups
from salsa_ext.tracing.traces.figures import TRACES
from tests.support import bodies, jobs

ENDED = "2025-11-20"
TRACED = ("USA", "unknown", "pistol", "traced")


@pytest.fixture
def seize(police):
    """Record a seizure of so many pistols."""

    def post(count, number="S-1", on=ENDED, **changes):
        items = [bodies.firearm(line=n, serial=f"{number}N{n:04}") for n in range(1, count + 1)]
        body = bodies.seizure(number=number, occurred_on=on, items=items) | changes
        return police.post("/seizures", body).json

    return post


def figures(client, dataset="seizures", query=""):
    return client.get(f"/statistics/{dataset}{query}").json


GUNS = "?state=BRA&category=firearm&by=type"


def cells(client, dataset="seizures", query=GUNS):
    return [
        (cell["state"], *cell["values"].values(), cell["period"], cell["amount"])
        for cell in figures(client, dataset, query)["cells"]
    ]


NO_FIREARMS = [
    {"line": 2, "category": "other", "type": "knife"},
    {"line": 3, "category": "other", "type": "chaleco antibalas"},
    {"line": 4, "category": "explosive", "type": "bomb"},
    {"line": 5, "category": "ammunition", "calibre": "9x19", "lot": "BNT-17", "quantity": 500},
    {"line": 6, "category": "part", "type": "barrel"},
]


def test_knives_vests_bombs_ammunition_and_parts_do_not_count_as_firearms(police, seize):
    guns = [bodies.firearm(line=n, serial=f"N{n:06}") for n in range(11, 16)]
    seize(0, items=[*guns, *NO_FIREARMS])
    assert cells(police) == [("BRA", "pistol", "2025-Q4", 5)]


@pytest.mark.parametrize("type_code", ["faca", "body_armour", "bombe"])
def test_what_is_no_firearm_is_not_recorded_as_one(police, type_code):
    body = bodies.seizure(items=[{"line": 1, "type": type_code}])
    assert list(police.post("/seizures", body, 422).json["errors"]) == ["items.0.category"]


def test_datasets_are_named_in_the_callers_language(police):
    items = police.get("/statistics", Accept_Language="es").json["items"]
    assert [item["code"] for item in items] == [
        "seizures",
        "dispositions",
        "flows",
        "traces",
        "requests",
        "licit_trade",
        "permits",
        "discrepancies",
    ]
    assert all(item["name"] != item["code"] for item in items)


def test_a_dataset_that_is_none_is_not_there(police):
    police.get("/statistics/silent_seizures", 404)


def test_guns_are_counted_by_state_type_and_quarter(police, seize):
    seize(5)
    assert cells(police) == [("BRA", "pistol", "2025-Q4", 5)]


@pytest.mark.parametrize("query", ["", "?state=PRY", "?grain=year"])
def test_figures_of_other_states_are_in_releases(police, query):
    assert list(police.get(f"/statistics/seizures{query}", 422).json["errors"]) == ["state"]


def test_a_correction_takes_back_what_it_corrects(police, seize):
    made = seize(6)
    items = [bodies.firearm(line=n, type="revolver", serial=f"S-1N{n:04}") for n in range(1, 7)]
    body = bodies.seizure(occurred_on=ENDED, items=items, reason="All revolvers")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    assert cells(police) == [("BRA", "revolver", "2025-Q4", 6)]


def test_a_correction_of_the_day_moves_the_count(police, seize):
    made = seize(6)
    items = [bodies.firearm(line=n, serial=f"S-1N{n:04}") for n in range(1, 7)]
    body = bodies.seizure(occurred_on="2025-08-20", items=items, reason="Day")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    assert cells(police) == [("BRA", "pistol", "2025-Q3", 6)]


def test_parts_and_munitions_are_not_counted_as_guns(police, seize):
    seize(1, items=[{"line": 1, "category": "ammunition", "quantity": 900, "unit": "piece"}])
    assert cells(police) == []


def test_licit_trade_is_counted_with_its_partner(police, bra):
    body = bodies.permit(issued_on="2025-11-01", expires_on="2026-10-01")
    permit = bra.post("/permits", body).json["id"]
    shipped = bodies.shipment([f"SN{n:05}" for n in range(6)], ships_on=ENDED)
    bra.post(f"/permits/{permit}/shipments", shipped)
    [cell] = figures(police, "licit_trade", "?state=BRA&by=type")["cells"]
    assert (cell["state"], cell["partner"], cell["values"]["type"], cell["amount"]) == (
        "BRA",
        "PRY",
        "pistol",
        6,
    )


@pytest.mark.parametrize(
    "query,found",
    [
        ("&type=pistol", 1),
        ("&type=rifle", 0),
        ("&from_period=2025-10-01&to_period=2025-12-31", 1),
        ("&to_period=2025-10-01", 1),
        ("&to_period=2025-09-30", 0),
    ],
)
def test_figures_are_found_by_their_fields(police, seize, query, found):
    seize(5)
    assert len(cells(police, query=GUNS + query)) == found


def test_a_withdrawn_trace_is_not_counted(police):
    with jobs.as_worker(operator("BRA")):
        rollups.add_facts({TRACES.fact("BRA", TRACED, date(2025, 10, 1)): 5})
    trace = police.post("/traces", bodies.trace()).json
    police.post(f"/traces/{trace['id']}/withdraw", None, 200, If_Match=f'"{trace["version"]}"')
    assert cells(police, "traces", "?state=BRA") == [("BRA", "traced", "2025-Q4", 5)]

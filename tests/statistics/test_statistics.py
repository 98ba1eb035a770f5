"""Figures: ended quarters alone, small cells withheld, and no total beside a withheld one."""

from datetime import date

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.statistics import rollups
from salsa_ext.tracing.traces.figures import TRACES
from tests.support import bodies, jobs

ENDED = "2025-11-20"


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


def cells(client, dataset="seizures", query=""):
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
        "flows",
        "traces",
        "requests",
        "licit_trade",
        "permits",
        "discrepancies",
    ]
    assert all(item["name"] != item["code"] for item in items)


def test_a_dataset_that_is_none_is_not_there(police):
    police.get("/statistics/coverage", 404)


def test_guns_are_counted_by_state_type_and_quarter(police, seize):
    seize(5)
    assert cells(police) == [("BRA", "pistol", "2025-Q4", 5)]


def test_silent_seizures_are_not_counted(police, seize):
    seize(5)
    seize(6, "S-2", visibility="silent")
    assert cells(police) == [("BRA", "pistol", "2025-Q4", 5)]


@pytest.mark.parametrize(
    "before,after,counted",
    [
        ("open", "silent", []),
        ("silent", "open", [6]),
        ("silent", "silent", []),
        ("open", "open", [6]),
    ],
)
def test_a_correction_counts_a_seizure_as_its_visibility_wants(
    police, seize, before, after, counted
):
    made = seize(6, visibility=before)
    items = [bodies.firearm(line=n, serial=f"S-1N{n:04}") for n in range(1, 7)]
    body = bodies.seizure(occurred_on=ENDED, items=items, visibility=after, reason="Read again")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    assert [amount for *_, amount in cells(police)] == counted


def test_five_are_shown_and_four_are_withheld(police, seize):
    seize(5)
    seize(4, "S-2", on="2025-08-20")
    assert cells(police) == [("BRA", "pistol", "2025-Q3", None), ("BRA", "pistol", "2025-Q4", 5)]


def test_no_total_stands_beside_a_withheld_cell(police, seize):
    seize(5)
    assert (figures(police)["total"], figures(police)["withheld"]) == (5, 0)
    seize(4, "S-2", on="2025-08-20")
    assert (figures(police)["total"], figures(police)["withheld"]) == (None, 1)


def test_a_filter_that_leaves_only_shown_cells_gives_their_total(police, seize):
    seize(5)
    seize(4, "S-2", on="2025-08-20")
    assert figures(police, query="?from_period=2025-10-01")["total"] == 5


def test_the_running_quarter_is_not_shown(police, seize):
    seize(6, on="2026-03-01")
    assert figures(police)["cells"] == []
    assert figures(police)["before"] == "2026-01-01"


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
    assert figures(police)["cells"] == []


def test_licit_trade_is_counted_with_its_partner(police, bra):
    body = bodies.permit(issued_on="2025-11-01", expires_on="2026-10-01")
    permit = bra.post("/permits", body).json["id"]
    shipped = bodies.shipment([f"SN{n:05}" for n in range(6)], ships_on=ENDED)
    bra.post(f"/permits/{permit}/shipments", shipped)
    [cell] = figures(police, "licit_trade")["cells"]
    assert (cell["state"], cell["partner"], cell["values"]["type"], cell["amount"]) == (
        "BRA",
        "PRY",
        "pistol",
        6,
    )


@pytest.mark.parametrize(
    "query,found",
    [
        ("?state=BRA", 1),
        ("?state=PRY", 0),
        ("?type=pistol", 1),
        ("?type=rifle", 0),
        ("?from_period=2025-10-01&to_period=2025-12-31", 1),
        ("?to_period=2025-09-30", 0),
    ],
)
def test_figures_are_found_by_their_fields(police, seize, query, found):
    seize(5)
    assert len(cells(police, query=query)) == found


def test_no_part_of_a_published_quarter_is_counted(police, seize):
    seize(5)
    assert cells(police, query="?to_period=2025-10-01") == cells(police)


def test_a_withdrawn_trace_is_not_counted(police):
    with jobs.as_worker(operator("BRA")):
        rollups.add_facts({TRACES.fact("BRA", ("traced", "pistol"), date(2025, 10, 1)): 5})
    trace = police.post("/traces", bodies.trace()).json
    police.post(f"/traces/{trace['id']}/withdraw", None, 200, If_Match=f'"{trace["version"]}"')
    assert cells(police, "traces") == [("BRA", "traced", "2025-Q4", 5)]

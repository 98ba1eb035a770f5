"""A state's figures of its own: whole, up to today, by any dimensions that are counted together."""

import itertools
from random import Random

import pandas
import pytest
from sqlalchemy import text

from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from salsa_ext.tracing.traces.figures import median_time_to_crime
from tests.statistics.test_statistics import figures
from tests.support import bodies

OWN = "?state=BRA"
ORIGIN = {
    "occurred_on": "2026-03-05",
    "established_by": "trace",
    "diversion_kind": "theft_dealer",
    "state": "PRY",
}


def cells(client, query, dataset="seizures"):
    table = figures(client, dataset, OWN + query)
    return [(*cell["values"].values(), cell["period"], cell["amount"]) for cell in table["cells"]]


def draw_seizures(random, count):
    """Return bodies of seizures of guns drawn by lot, and a row for each gun."""
    seizures, rows = [], []
    for number in range(count):
        on = f"202{random.choice('56')}-0{random.choice('12')}-{random.randint(10, 28)}"
        kind = random.choice(("seized", "found", "surrendered"))
        grounds = random.sample(("possession", "trafficking", "other"), random.randint(1, 2))
        place = bodies.FOZ | {"admin1": random.choice(("Paraná", "Acre"))}
        guns = [
            bodies.firearm(
                line=line,
                serial=f"D{number:03}{line}77",
                type=random.choice(("pistol", "revolver", "rifle")),
                marking=random.choice(("intact", "altered")),
            )
            for line in range(1, random.randint(2, 4))
        ]
        changes = {"kind": kind, "legal_grounds": grounds, "place": place, "occurred_on": on}
        seizures.append(bodies.seizure(number=f"D-{number}", items=guns, **changes))
        facts = {"kind": kind, "division": place["admin1"], "month": on[:7], "grounds": grounds}
        rows += [facts | {"class": gun["type"], "marking": gun["marking"]} for gun in guns]
    return seizures, pandas.DataFrame(rows)


@pytest.mark.parametrize("seed", range(2))
def test_they_equal_a_plain_count_of_the_same_guns(police, seed):
    seizures, guns = draw_seizures(Random(seed), 15)
    for body in seizures:
        police.post("/seizures", body)
    for by, columns in (
        ("kind,class", ["kind", "class"]),
        ("class,marking", ["class", "marking"]),
        ("kind,division", ["kind", "division"]),
    ):
        counted = guns.groupby([*columns, "month"]).size().reset_index().itertuples(index=False)
        assert sorted(cells(police, f"&by={by}&grain=month")) == sorted(map(tuple, counted))
    by_ground = guns.explode("grounds").assign(year=lambda row: row.month.str[:4])
    expected = by_ground.groupby(["grounds", "year"]).size().reset_index()
    found = cells(police, "&by=legal_ground&grain=year")
    assert sorted(found) == sorted(map(tuple, expected.itertuples(index=False)))
    assert figures(police, query=OWN + "&by=legal_ground")["total"] is None
    assert figures(police, query=OWN + "&by=kind")["total"] == len(guns)


def test_silent_records_count_in_own_figures_and_in_the_secretariats_totals(police, as_actor):
    police.post("/seizures", bodies.seizure(occurred_on="2025-11-20"))
    silent = {"number": "S-2", "visibility": "silent", "occurred_on": "2025-11-20"}
    police.post("/seizures", bodies.seizure(**silent))
    assert cells(police, "&by=class&grain=year") == [("pistol", "2025", 2)]
    yearly = "?by=class&grain=year&kind=seized"
    assert figures(as_actor(None, "secretariat"), query=yearly)["total"] == 2
    visible = text(
        "SELECT dataset, dimension IN ('', 'established_by', 'exported_by', 'disposition')"
        " FROM rollup WHERE state = 'BRA'"
        " AND dataset IN ('seizures', 'silent_seizures', 'flows') GROUP BY 1, 2"
    )
    every = {*itertools.product(("seizures", "silent_seizures", "flows"), (True, False))}
    granted = {("seizures", True), ("silent_seizures", True)}
    for state, expected in (("BRA", every), ("PRY", set()), (None, granted)):
        with transaction(operator(state)):
            assert {*map(tuple, db.session.execute(visible))} == expected


def test_goods_count_by_pieces_of_their_category(police):
    goods = {"line": 2, "category": "ammunition", "calibre": "9x19", "quantity": 500}
    weighed = {"line": 3, "category": "explosive", "quantity": 4, "unit": "kg"}
    police.post("/seizures", bodies.seizure(items=[bodies.firearm(line=1), goods, weighed]))
    found = cells(police, "&by=category&grain=year")
    assert found == [("ammunition", "2026", 500), ("firearm", "2026", 1)]


def test_an_established_origin_counts_until_it_is_withdrawn(police):
    made = police.post("/seizures", bodies.seizure()).json
    query = "&by=established_by,kind&grain=year"
    assert cells(police, query) == [("none", "seized", "2026", 1)]
    [item] = police.post(f"/seizures/{made['id']}/origins", ORIGIN).json["items"]
    assert cells(police, query) == [("trace", "seized", "2026", 1)]
    assert cells(police, "&by=diverted_in&class=pistol&grain=year") == [("PRY", "2026", 1)]
    entry = item["origins"][0]
    path = f"/seizures/{made['id']}/entries/{entry['id']}/withdraw"
    police.post(path, {"reason": "Another gun"}, 200, If_Match=f'"{entry["version"]}"')
    assert cells(police, query) == [("none", "seized", "2026", 1)]


def test_flows_join_where_a_gun_was_made_left_lawful_hands_and_was_found(police, as_actor):
    made = police.post("/seizures", bodies.seizure()).json
    police.post(f"/seizures/{made['id']}/origins", ORIGIN)
    query = "&by=country_of_manufacture,diverted_in,established_by&grain=year"
    assert cells(police, query, "flows") == [("BRA", "PRY", "trace", "2026", 1)]
    for other in ("", "?state=PRY"):
        assert list(police.get(f"/statistics/flows{other}", 422).json["errors"]) == ["state"]
    as_actor(None, "secretariat").get("/statistics/flows", 404)


@pytest.mark.parametrize(
    "query,field",
    [
        ("?state=BRA&by=marking,transport", "by"),
        ("?state=BRA&by=marking&transport=sea", "by"),
        ("?state=BRA&by=outcome", "by"),
        ("?state=BRA&outcome=traced", "outcome"),
        ("?by=kind", "state"),
        ("?state=PRY&grain=month", "state"),
    ],
)
def test_what_is_not_counted_together_or_of_others_is_refused(police, query, field):
    errors = police.get(f"/statistics/seizures{query}", 422).json["errors"]
    assert list(errors) == [field]


def test_dimensions_are_named_in_the_callers_language(police):
    [seizures, *_] = police.get("/statistics", Accept_Language="pt").json["items"]
    names = {each["code"]: (each["name"], each["is_finer"]) for each in seizures["dimensions"]}
    assert names["kind"] == ("Apreendida, encontrada ou entregue", False)
    assert names["marking"] == ("Condição da marcação", True)


def test_indicator_16_4_2_is_the_share_of_guns_whose_origin_is_established(police, as_actor):
    guns = [bodies.firearm(line=line, serial=f"SDG{line}5{line}0") for line in range(1, 5)]
    rounds = {"line": 5, "category": "ammunition", "quantity": 900}
    made = police.post("/seizures", bodies.seizure(items=[*guns, rounds])).json
    police.post(f"/seizures/{made['id']}/origins", ORIGIN | {"lines": [1, 2]})
    share = police.get("/statistics/origins-established?year=2026").json
    assert share == {"established": 2, "recovered": 4, "percent": 50.0}
    assert police.get("/statistics/origins-established?year=2025").json["percent"] is None
    secretariat = as_actor(None, "secretariat")
    year = "/statistics/origins-established?year="
    assert secretariat.get(f"{year}2026").json["percent"] is None, "it has not ended"
    old = police.post("/seizures", bodies.seizure(number="S-2", occurred_on="2025-11-20")).json
    police.post(f"/seizures/{old['id']}/origins", ORIGIN)
    assert secretariat.get(f"{year}2025").json["percent"] == 100


def test_the_secretariat_reads_ended_years_whole_of_states_that_allow_it(police, as_actor):
    guns = [bodies.firearm(line=line, serial=f"YT{line}5{line}0") for line in (1, 2)]
    police.post("/seizures", bodies.seizure(items=guns, occurred_on="2025-11-20"))
    police.post("/seizures", bodies.seizure(number="S-2", occurred_on="2026-03-01"))
    secretariat = as_actor(None, "secretariat")

    def yearly(query=""):
        cells = figures(secretariat, query=f"?by=kind,class&grain=year{query}")["cells"]
        return [(*cell["values"].values(), cell["period"], cell["amount"]) for cell in cells]

    assert yearly() == [("seized", "pistol", "2025", 2)]
    for query in ("?by=marking&grain=year", "?grain=month", "?by=class&grain=year&marking=altered"):
        secretariat.get(f"/statistics/seizures{query}", 422)
    administrator = as_actor("BRA", "state_administrator")
    administrator.post("/settings", {"yearly_totals": False}, 200, If_Match='"0"')
    assert yearly() == []


@pytest.mark.parametrize(
    "amounts,median",
    [
        ({}, None),
        ({"unknown": 9}, None),
        ({"3_to_5_years": 4}, 4),
        ({"under_3_months": 1, "1_to_3_years": 3}, 1 + 2 / 3),
        ({"over_20_years": 1}, 20),
    ],
)
def test_a_median_time_to_crime_lies_within_its_band(amounts, median):
    assert median_time_to_crime(amounts) == (median if median is None else pytest.approx(median))

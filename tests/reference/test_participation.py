"""A state takes part by its own declarations: each a version, of one register, for all to read."""

import re
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from salsa_ext.firearms.records.event_kinds import EVENT_ORDER
from salsa_ext.reference.participation import rules
from salsa_ext.reference.participation.rules import LAWFUL_REGISTERS, Declaration

DOCUMENT = Path(__file__).parents[2] / "docs/participation.md"
BODY = {"register": "import", "mode": "service", "since": "2026-01-01"}
MAKES, YEARS = {"makes": ("taurus",)}, {"year_from": 1990, "year_to": 2020}
LIMITS = {
    "nothing": {},
    "all guns": {"complete": True},
    "some makes": {"complete": True} | MAKES,
    "some years": {"complete": True} | YEARS,
    "some makes and years": {"complete": True} | MAKES | YEARS,
}
GUN_MAKES = {"listed": "taurus", "other": "glock", "unknown": None}
GUN_YEARS = {"within": 2020, "outside": 2021, "unknown": None}
ROWS = re.findall(
    r"^\| (not declared|person|service) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$",
    DOCUMENT.read_text(),
    re.M,
)


def choices(cell, known):
    return known if cell == "any" else [cell]


CELLS = [
    (mode, limits, make, year, found, nothing)
    for mode, limits, makes, years, found, nothing in ROWS
    for limits, make, year in product(
        choices(limits, LIMITS), choices(makes, GUN_MAKES), choices(years, GUN_YEARS)
    )
]


def declared(mode, limits, registers=LAWFUL_REGISTERS):
    if mode == "not declared":
        return {}
    since = date(2026, 1, 1)
    return {name: Declaration(name, mode, since, **LIMITS[limits]) for name in registers}


@pytest.mark.parametrize("mode,limits,make,year,found,nothing", CELLS)
def test_the_table_of_the_document_is_the_rule(mode, limits, make, year, found, nothing):
    declarations = declared(mode, limits)
    given = rules.gives_record(declarations, "import")
    reported = rules.reports_no_record(declarations, GUN_MAKES[make], GUN_YEARS[year])
    result = {True: "the service", False: "a person"}
    assert (result[given], result[reported]) == (found, nothing)


def test_the_table_has_each_case_once():
    cases = [cell[:4] for cell in CELLS]
    modes = ("not declared", "person", "service")
    assert sorted(cases) == sorted(product(modes, LIMITS, GUN_MAKES, GUN_YEARS))


@pytest.mark.parametrize("register", LAWFUL_REGISTERS)
def test_no_record_needs_each_register_of_lawful_life(register):
    others = set(LAWFUL_REGISTERS) - {register}
    assert not rules.reports_no_record(declared("service", "all guns", others), "taurus", 2020)


def test_each_event_of_a_gun_is_in_a_register():
    assert set(rules.REGISTER_BY_EVENT) == set(EVENT_ORDER)
    declarations = declared("service", "nothing", ["lost_stolen"])
    assert rules.gives_record(declarations, "theft")
    assert not rules.gives_record(declarations, "domestic_sale")


@pytest.mark.parametrize("day,is_in_force", [(1, False), (2, True), (5, True), (6, False)])
def test_a_declaration_is_in_force_from_its_first_day_to_its_last(day, is_in_force):
    declaration = Declaration("import", "person", date(2026, 3, 2), date(2026, 3, 5))
    assert declaration.is_in_force(date(2026, 3, day)) == is_in_force


def listed(client, query="state=BRA&register=import"):
    return client.get(f"/participation?{query}").json["items"]


def test_a_declaration_replaces_the_one_before_and_both_stay_readable(administrator, pry):
    limited = BODY | {"complete": True, "makes": ["Taurus"], "year_from": 1990}
    first = administrator.post("/participation", limited, 201).json
    assert first["makes"] == ["taurus"] and first["in_force"]
    last = administrator.post("/participation", BODY | {"mode": "person"}, 201).json
    assert last["version"] == first["version"] + 1
    assert listed(pry) == [last]
    assert listed(pry, "state=BRA&register=import&all_versions=true")[:2] == [last, first]


def test_a_declaration_is_audited(administrator, as_actor):
    version = administrator.post("/participation", BODY, 201).json["version"]
    audit = as_actor("BRA", "auditor").get("/audit?action=participation:declared").json["items"]
    assert audit[0]["data"] == {"register": "import", "version": version}


@pytest.mark.parametrize(
    "changed,field",
    [
        ({"until": "2025-12-31"}, "until"),
        ({"year_from": 2020, "year_to": 2019}, "year_to"),
        ({"makes": ["taurus", "Nobody & Sons"]}, "makes.1"),
        ({"register": "parks"}, "register"),
        ({"mode": "robot"}, "mode"),
    ],
)
def test_what_cannot_be_is_refused(administrator, changed, field):
    errors = administrator.post("/participation", BODY | changed, 422).json["errors"]
    assert list(errors) == [field]


def test_what_begins_later_is_not_in_force(administrator):
    assert not administrator.post("/participation", BODY | {"since": "2030-01-01"}, 201).json[
        "in_force"
    ]


def test_the_list_goes_on_from_page_to_page(administrator, bra):
    for mode in ("service", "person", "service"):
        administrator.post("/participation", BODY | {"mode": mode}, 201)
    query = "state=BRA&register=import&all_versions=true"
    whole, found = listed(bra, query), []
    url = f"/participation?{query}&limit=1"
    while url:
        page = bra.get(url.removeprefix("/api/v1")).json
        found, url = found + page["items"], page["next"]
    assert found == whole and len(whole) >= 3

"""What eTrace asks besides a trace: typed once for a seizure, sealed, and all its guns in one file."""

import csv
import io

import pytest
from sqlalchemy import select

from salsa_ext.database.session import db
from salsa_ext.tracing.traces.models import Trace
from tests.support import bodies

AMERICAN = {"make": "Ruger", "model": "LCP", "country_of_manufacture": "USA"}
DESK = {
    "agency": "BRA-POLICE",
    "kind": "liaison_authority",
    "languages": ["pt"],
    "hours": "9 to 17",
    "telephone": "+55 61 5550100",
}
OFFICE = DESK | {"address": "Setor de Autarquias Sul 1, Brasília", "ori": "BRAPF0100"}
TYPED = {
    "crime_code": "5212",
    "officer": "A. Silva",
    "possessor": {"name": "Raimundo Possessor", "birth_date": "1990-04-01"},
    "recovery": {"street": "Rua 7, 12", "postal_code": "85851-000"},
}


class Seizure:
    """The traces of the guns of a seizure, each asked of the United States by eTrace."""

    def __init__(self, analyst, police, guns, **changes):
        self.analyst = analyst
        items = [
            {name: value for name, value in described.items() if value is not None}
            for line, gun in enumerate(guns, start=1)
            for described in [bodies.firearm(line=line, **AMERICAN | gun)]
        ]
        made = police.post("/seizures", bodies.seizure(items=items, **changes)).json
        self.traces = [self.ask(made["id"], line) for line in range(1, len(guns) + 1)]

    def ask(self, seizure, line):
        made = self.analyst.post("/traces", bodies.trace_of(seizure, item=line)).json
        [leg] = [leg["id"] for leg in made["legs"] if leg["state"] == "USA"]
        path = f"/traces/{made['id']}"
        self.analyst.post(f"{path}/legs/{leg}/attempts", {"channel": "etrace"})
        return path, f"{path}/legs/{leg}"

    @property
    def path(self):
        return self.traces[0][0]

    def type(self, **changes):
        self.analyst.post(f"{self.path}/etrace-data", TYPED | changes, 200)

    def guns(self):
        return self.analyst.get(f"{self.path}/working-file").json["guns"]

    def values(self, at=0):
        return {field["name"]: field["value"] for field in self.guns()[at]["fields"]}


@pytest.fixture
def seizure(analyst, as_actor):
    def make(*guns, **changes):
        return Seizure(analyst, as_actor("BRA", "police_officer"), guns or ({},), **changes)

    return make


@pytest.fixture
def office(administrator):
    administrator.post("/contacts", OFFICE)


def test_the_working_file_of_forty_guns_has_what_is_required_or_names_it(seizure, office):
    serials = [{"serial": f"ABC1234{number}"} for number in range(10, 48)]
    made = seizure(*serials, {"serial": None, "marking": "obliterated"}, {"model": None})
    guns = made.guns()
    assert [gun["line"] for gun in guns] == [*range(1, 41)]
    assert [gun["missing"] for gun in guns] == [[]] * 39 + [["Model"]]
    required = {field["name"] for field in guns[0]["fields"] if field["required"]}
    assert required == {
        *("Priority", "NCIC crime code", "ORI number", "Serial number", "Manufacturer", "Type"),
        *("Calibre", "Model", "Country of origin", "Recovery date", "Recovery place"),
    }
    rows = made.analyst.get(f"{made.path}/working-file?format=csv").data.decode("utf-8-sig")
    lines = [*csv.reader(io.StringIO(rows))]
    assert len(lines) == 41 and lines[-1][-1] == "Model"
    order = [lines[0].index(name) for name in ("4a ORI number*", "5a Serial number*", "Missing")]
    assert order == sorted(order)


def test_what_the_service_does_not_know_is_named(seizure):
    made = seizure({}, crime_context=["none"])
    assert made.guns()[0]["missing"] == ["NCIC crime code", "ORI number"]


def test_the_office_with_an_agreement_with_atf_is_named(seizure, office, administrator):
    administrator.post("/contacts", {**DESK, "agency": "BRA-TEST", "kind": "duty_24h"})
    values = seizure().values()
    assert (values["ORI number"], values["Mailing address"]) == (OFFICE["ori"], OFFICE["address"])


def test_an_ori_has_nine_characters(administrator):
    errors = administrator.post("/contacts", OFFICE | {"ori": "BR-1"}, 422).json["errors"]
    assert errors.keys() == {"ori"}


def test_what_is_typed_once_is_on_the_form_of_each_gun(seizure):
    made = seizure({}, {"serial": "ABC123499"})
    assert made.values()["NCIC crime code"] == "3599 (Dangerous drugs, unverified)"
    made.type()
    for at in (0, 1):
        values = made.values(at)
        assert values["NCIC crime code"] == "5212"
        assert values["Possessor's name"] == "Raimundo Possessor"
        assert (values["Recovery street"], values["Recovery city"]) == (
            "Rua 7, 12",
            bodies.FOZ["name"],
        )


def test_what_is_typed_is_sealed_until_it_is_erased(seizure, as_actor):
    made = seizure()
    made.type()
    sealed = db.session.scalars(select(Trace.etrace_data)).all()
    assert all(text and b"Possessor" not in text for text in sealed)
    audited = as_actor("BRA", "auditor").get("/audit?action=trace:etrace_typed").json["items"]
    assert [entry["data"] for entry in audited] == [{"traces": 1}]
    made.analyst.post(f"{made.path}/etrace-data/erase", {}, 200)
    assert made.values()["Possessor's name"] is None
    assert db.session.scalars(select(Trace.etrace_data)).all() == [None]


def test_a_form_goes_out_complete_or_confirmed_and_atfs_number_closes_it(seizure):
    made = seizure({"model": None})
    attempts = f"{made.traces[0][1]}/attempts"
    sent = {"channel": "etrace", "sent": True}
    errors = made.analyst.post(attempts, sent, 422).json["errors"]
    assert errors == {
        "confirm_incomplete": [
            "eTrace requires what the form lacks: ORI number, Model. Fill it in, or confirm it.",
            "Your administrator enters the ORI number of the office on the page of its agency.",
        ]
    }
    numbered = {"channel": "etrace", "reference": "T20260001"}
    assert made.analyst.post(attempts, numbered, 422).json["errors"] == errors
    refused = made.analyst.post(attempts, sent, 422, Accept_Language="es").json["errors"]
    assert "Número ORI, Modelo." in refused["confirm_incomplete"][0]

    def status(body):
        legs = made.analyst.post(attempts, body).json["legs"]
        [leg] = [leg for leg in legs if leg["state"] == "USA"]
        return leg["attempts"][1]["status"], leg["attempts"][1]["reference"]

    assert status(sent | {"confirm_incomplete": True}) == ("sent", None)
    assert status(numbered) == ("sent", "T20260001")


def test_a_working_file_is_made_for_etrace_by_who_may_ask(analyst, as_actor, seizure):
    made = seizure()
    as_actor("PRY", "trace_analyst").get(f"{made.path}/working-file", 404)
    as_actor("BRA", "auditor").get(f"{made.path}/working-file", 403)
    other = analyst.post("/traces", bodies.trace()).json["id"]
    assert analyst.get(f"/traces/{other}/working-file", 422).json["errors"].keys() == {"channel"}

"""Requests of persons: what is found, who is erased, what stays as it was."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from salsa_ext.administration import migrations
from salsa_ext.administration.models import Attachment
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import Base, db
from salsa_ext.firearms.records.models import Party
from salsa_ext.personal_data.erasure import PARTY_COLUMNS
from tests.conftest import NOW, client_of
from tests.support import bodies, files
from tests.support.grounds import beginning
from tests.support.jobs import run_due

auditor = client_of("PRY", "auditor")
ANA = {"name": "Ana Ejemplo", "country": "PRY"}
PERSON = ANA | {
    "kind": "individual",
    "address": "Calle Ejemplo 7",
    "contact": "ana@example.org",
    "identification": "4.455.667",
    "licence": "LIC-9",
}
VALUES = ("Ana Ejemplo", "Calle Ejemplo 7", "ana@example.org", "4.455.667", "LIC-9", "SALE-3")


@beginning
def sale(as_actor):
    """A sale to a person, which was corrected once, with a photograph that names her."""
    clerk = as_actor("PRY", "licensing_officer")
    body = bodies.transfer(to=PERSON, number="T-7", licence="SALE-3")
    sold = clerk.post("/transfers", body).json
    body = body | {"reason": "Read again", "note": "Of the year 2024"}
    clerk.post(f"/transfers/{sold['id']}/correct", body, 200, If_Match='"1"')
    subject, title = f"transfer:{sold['id']}", "Licence of Ana Ejemplo"
    files.attach(clerk, subject, files.photograph(), kind="photograph", title=title)
    return sold


def ask(auditor, kind="erasure", **person):
    body = {"kind": kind, "person": ANA | person, "received_on": "2026-03-02"}
    return auditor.post("/subject-requests", body).json


def erase(auditor, asked, status=200, **more):
    body = {"answer": "Erased as you asked."} | more
    path = f"/subject-requests/{asked['id']}/erase"
    return auditor.post(path, body, status, If_Match='"1"').json


def test_an_access_request_has_all_that_is_known_of_the_person(auditor, sale):
    asked = ask(auditor, "access", identification="4455667")
    assert (asked["status"], asked["due_on"]) == ("open", "2026-04-01")
    result = {
        name: PERSON[name] for name in ("name", "address", "contact", "identification", "licence")
    }
    assert [{name: each[name] for name in result} for each in asked["findings"]] == [result, result]
    named = [each["documents"] for each in asked["findings"]]
    assert named == [[{"kind": "transfer", "id": sale["id"]}]] * 2


@pytest.mark.parametrize("other", [{"identification": "1"}, {"country": "BRA"}, {"name": "Ana E"}])
def test_another_person_is_not_found(auditor, sale, other):
    assert ask(auditor, "access", **other)["findings"] == []


def test_a_request_is_of_its_state_alone(as_actor, auditor, sale):
    asked = ask(auditor)
    other = as_actor("BRA", "auditor")
    other.get(f"/subject-requests/{asked['id']}", 404)
    assert ask(other)["findings"] == []


def test_a_text_written_by_a_person_is_sealed(auditor, sale):
    ask(auditor, text="Where is my pistol?")
    [row] = db.session.scalars(text("SELECT subject_request::text FROM subject_request"))
    for value in ("Ana", "pistol"):
        assert value not in row
        assert value.encode().hex() not in row


@pytest.mark.parametrize(("act", "field"), [("answer", "answer"), ("refuse", "reason")])
def test_a_request_is_decided_once(auditor, sale, act, field):
    path = f"/subject-requests/{ask(auditor, 'access')['id']}"
    decided = auditor.post(f"{path}/{act}", {field: "By post"}, 200, If_Match='"1"').json
    assert decided["answer"] == "By post"
    auditor.post(f"{path}/{act}", {field: "Again"}, 409, If_Match='"2"')


def test_a_person_is_erased_in_all_versions_and_the_gun_stays(as_actor, auditor, sale):
    assert erase(auditor, ask(auditor))["status"] == "answered"
    clerk = as_actor("PRY", "licensing_officer")
    for as_of in ("", f"?as_of={NOW.strftime('%Y-%m-%dT%H:%M:%SZ')}"):
        read = clerk.get(f"/transfers/{sale['id']}{as_of}")
        assert not [value for value in VALUES if value in read.get_data(as_text=True)]
    assert read.json["firearm"]["serial"] == sale["firearm"]["serial"]
    assert (read.json["to"]["kind"], read.json["to"]["country"]) == ("individual", "PRY")
    assert db.session.scalars(select(Attachment.title)).all() == [None]
    assert clerk.get("/search?q=Ana Ejemplo").json["items"] == []


def test_an_erasure_is_in_the_audit_without_the_person(auditor, sale):
    asked = ask(auditor)
    erase(auditor, asked)
    [entry] = auditor.get("/audit?action=person:erased").json["items"]
    assert (entry["subject_id"], entry["data"]) == (sale["id"], {"request": asked["id"]})
    assert "Ana" not in auditor.get("/audit").get_data(as_text=True)


def test_a_request_for_access_erases_nobody(auditor, sale):
    erase(auditor, ask(auditor, "access"), 409)


def test_a_party_of_another_person_is_not_erased(auditor, sale):
    seller = db.session.scalar(select(Party.id).where(Party.kind == "dealer"))
    assert "parties" in erase(auditor, ask(auditor), 422, parties=[str(seller)])["errors"]


def test_who_recorded_a_request_erases_nobody_alone(run, as_actor, auditor, sale):
    run(None, migrations.declare_real)
    asked = ask(auditor)
    assert "A second person has to erase." in erase(auditor, asked, 403)["detail"]
    erase(as_actor("PRY", "auditor"), asked)


def test_reading_a_request_is_in_the_audit(auditor, sale):
    path = f"/subject-requests/{ask(auditor, 'access')['id']}"
    auditor.get(path)
    entries = auditor.get("/audit?action=subject_request:read").json["items"]
    assert [entry["data"]["parties"] for entry in entries] == [2, 2]


def test_a_held_document_keeps_its_persons_until_the_hold_is_lifted(auditor, sale):
    stored = {"document_kind": "transfer", "document": sale["id"], "reason": "Order 7"}
    hold = auditor.post("/legal-holds", stored).json
    asked = ask(auditor)
    assert {each["obstacle"] for each in asked["findings"]} == {"legal_hold"}
    assert "a legal hold" in erase(auditor, asked, 409)["detail"]
    auditor.post(f"/legal-holds/{hold['id']}/lift", expect=200)
    erase(auditor, asked)


def test_an_open_case_keeps_the_persons_of_its_gun(as_actor, auditor, sale):
    as_actor("PRY", "police_officer").post("/traces", bodies.trace())
    assert {each["obstacle"] for each in ask(auditor)["findings"]} == {"open_case"}


def test_a_licence_in_force_keeps_its_holder(as_actor, auditor):
    as_actor("PRY", "licensing_officer").post("/licensees", bodies.licensee(party=PERSON))
    assert {each["obstacle"] for each in ask(auditor)["findings"]} == {"in_force"}


def test_no_document_of_another_state_is_held(as_actor, sale):
    hold = {"document_kind": "transfer", "document": sale["id"], "reason": "Order 7"}
    as_actor("BRA", "auditor").post("/legal-holds", hold, 422)


def test_another_state_is_given_the_same_of_the_gun_as_before(as_actor, auditor, police, sale):
    gun = f"/guns/{sale['firearm']['record']}"
    purpose = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
    before = police.get(gun, **purpose).json
    erase(auditor, ask(auditor))
    assert police.get(gun, **purpose).json == before


def names(clerk):
    return [item["to"]["name"] for item in clerk.get("/transfers").json["items"]]


def test_private_persons_are_erased_when_their_years_are_over(app, as_actor, auditor, sale):
    clerk = as_actor("PRY", "licensing_officer")
    hold = clerk.post("/transfers", bodies.transfer(to=PERSON, number="T-8")).json
    body = {"document_kind": "transfer", "document": hold["id"], "reason": "Order 7"}
    auditor.post("/legal-holds", body)
    run_due(app, "retention", clock=FixedClock(NOW + timedelta(days=19 * 366)))
    assert names(clerk) == ["Ana Ejemplo", "Ana Ejemplo"]
    run_due(app, "retention", clock=FixedClock(NOW + timedelta(days=21 * 366)))
    assert names(clerk) == ["Ana Ejemplo", None]
    [entry] = auditor.get("/audit?action=person:erased").json["items"]
    assert entry["data"] == {"cause": "retention"}


def test_each_column_that_names_a_party_is_looked_through():
    ends = ("giver_id", "receiver_id", "signatory_id", "exporter_id", "importer_id", "consignee_id")
    named = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith((*ends, "broker_id", "carrier_id", "party_id"))
    }
    documents = {(table, name) for table, name in named if table in ("report", "transfer")}
    known = {(table, name) for table, columns in PARTY_COLUMNS.items() for name in columns}
    assert named - documents == known

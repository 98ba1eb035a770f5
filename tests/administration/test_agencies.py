"""The register of agencies and of offices to call, and where documents name an agency."""

import pytest

from salsa_ext.documents import seizures
from salsa_ext.reference import agencies
from salsa_ext.trade.permits import permits
from tests.support import bodies

CUSTOMS = {
    "code": "BRA-CUSTOMS",
    "kind": "customs",
    "name": "Alfândega Exemplo",
    "time_zone": "America/Sao_Paulo",
    "posts": [],
}
DUTY = {
    "agency": "BRA-POLICE",
    "kind": "duty_24h",
    "languages": ["pt", "es"],
    "hours": "24/7",
    "telephone": "+55 45 0000000",
}
OURS = "your agencies are: BRA-LICENSING, BRA-POLICE, BRA-TEST."


def test_an_agency_that_is_registered_is_visible_to_all_states(administrator, as_actor):
    made = administrator.post("/agencies", CUSTOMS).json
    assert made == CUSTOMS | {"id": made["id"], "state": "BRA"}
    found = as_actor("PRY", "auditor").get("/agencies?state=BRA&kind=customs").json["items"]
    assert found == [made]


def test_an_agency_is_registered_once(administrator):
    administrator.post("/agencies", CUSTOMS)
    assert administrator.post("/agencies", CUSTOMS, 409).json["code"] == "duplicate"


@pytest.mark.parametrize(
    "field,value",
    [
        ("code", "PRY-CUSTOMS"),
        ("code", "CUSTOMS"),
        ("code", "BRA-"),
        ("code", "bra-customs"),
        ("kind", "secretariat"),
        ("kind", "regional_body"),
        ("time_zone", "America/Utopia"),
    ],
)
def test_an_agency_that_cannot_be_is_refused_with_its_field(administrator, field, value):
    answer = administrator.post("/agencies", CUSTOMS | {field: value}, 422).json
    assert list(answer["errors"]) == [field]


def test_a_contact_that_is_registered_is_visible_to_all_states(administrator, as_actor):
    made = administrator.post("/contacts", DUTY).json
    assert made == DUTY | {
        "id": made["id"],
        "state": "BRA",
        "email": None,
        "ori": None,
        "address": None,
        "mou_user": None,
    }
    assert as_actor("PRY", "auditor").get("/contacts?state=BRA").json["items"] == [made]


def test_the_user_of_etrace_is_read_by_the_own_state_alone(administrator, as_actor):
    etrace = {"ori": "BRAPF0100", "mou_user": "br-traces"}
    made = administrator.post("/contacts", DUTY | etrace).json
    assert made["mou_user"] == "br-traces"
    [read] = as_actor("PRY", "auditor").get("/contacts?state=BRA").json["items"]
    assert (read["ori"], read["mou_user"]) == ("BRAPF0100", None)


def test_an_agency_is_corrected_by_its_own_state_and_its_code_stays(administrator, as_actor):
    administrator.post("/agencies", CUSTOMS)
    change = {"kind": "border", "name": "Fronteira Exemplo", "time_zone": "America/Manaus"}
    made = administrator.post("/agencies/BRA-CUSTOMS/correct", change, 200).json
    assert made == CUSTOMS | change | {"id": made["id"], "state": "BRA"}
    wrong = change | {"time_zone": "America/Utopia"}
    answer = administrator.post("/agencies/BRA-CUSTOMS/correct", wrong, 422).json
    assert list(answer["errors"]) == ["time_zone"]
    other = as_actor("PRY", "state_administrator")
    other.post("/agencies/BRA-CUSTOMS/correct", change, 404)


def test_a_contact_is_corrected_and_closed_and_nobody_is_given_what_it_was(administrator, as_actor):
    made = administrator.post("/contacts", DUTY).json
    path = f"/contacts/{made['id']}"
    other = as_actor("PRY", "state_administrator")
    other.post(f"{path}/correct", DUTY | {"hours": "Nights"}, 404)
    assert administrator.post(f"{path}/correct", DUTY, 409).json["code"] == "duplicate"
    new = administrator.post(f"{path}/correct", DUTY | {"telephone": "+55 45 1111111"}, 200).json
    assert administrator.get("/contacts?state=BRA").json["items"] == [new]
    administrator.post(f"{path}/close", None, 404)
    administrator.post(f"/contacts/{new['id']}/close", None, 204)
    assert administrator.get("/contacts?state=BRA").json["items"] == []


def test_a_name_is_of_one_line(administrator):
    answer = administrator.post("/agencies", CUSTOMS | {"name": "Customs\nof Brazil"}, 422).json
    assert answer["errors"] == {"name": ["Control characters cannot be part of a text."]}


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"agency": "PRY-POLICE"}, "agency"),
        ({"kind": "friend"}, "kind"),
        ({"languages": ["Spanish"]}, "languages.0"),
        ({"languages": ["E1"]}, "languages"),
        ({"languages": []}, "languages"),
        ({"telephone": "ask at the desk"}, "telephone"),
        ({"telephone": "12 34"}, "telephone"),
        ({"telephone": "+" + "1" * 16}, "telephone"),
        ({"email": "duty"}, "email"),
        ({"ori": "brapf0100"}, "ori"),
        ({"ori": "BRAPF010"}, "ori"),
        ({"email": "duty@example"}, "email"),
        ({"email": "the duty@example.org"}, "email"),
    ],
)
def test_a_contact_that_cannot_be_is_refused_with_its_field(administrator, changes, field):
    assert list(administrator.post("/contacts", DUTY | changes, 422).json["errors"]) == [field]


def test_a_contact_is_registered_once(administrator):
    administrator.post("/contacts", DUTY)
    assert administrator.post("/contacts", DUTY, 409).json["code"] == "duplicate"
    administrator.post("/contacts", DUTY | {"hours": "08:00 to 18:00"})
    administrator.post("/contacts", DUTY | {"email": "duty@bra.example.org"})


def test_a_contact_can_be_reached_somehow(administrator):
    silent = {name: value for name, value in DUTY.items() if name != "telephone"}
    assert list(administrator.post("/contacts", silent, 422).json["errors"]) == ["telephone"]
    administrator.post("/contacts", silent | {"email": "duty@example.org"})


def test_registrations_are_in_the_audit(administrator, as_actor):
    administrator.post("/agencies", CUSTOMS)
    administrator.post("/contacts", DUTY)
    entries = as_actor("BRA", "auditor").get("/audit").json["items"]
    assert [entry["action"] for entry in entries] == ["contact:registered", "agency:registered"]


@pytest.mark.parametrize(
    "path,role,body,field",
    [
        (
            "/accounts",
            "state_administrator",
            {"username": "bra.ana", "role": "auditor", "agency": "BRA-AUDIT"},
            "agency",
        ),
        (
            "/permits",
            "licensing_officer",
            bodies.permit(authority={"agency": "PRY-LICENSING", "signatory": "R"}),
            "authority.agency",
        ),
        ("/seizures", "police_officer", bodies.seizure(agency="Police"), "agency"),
    ],
)
def test_an_agency_that_is_not_registered_is_refused(as_actor, path, role, body, field):
    answer = as_actor("BRA", role).post(path, body, 422).json
    assert list(answer["errors"]) == [field]
    assert answer["errors"][field][0].endswith(OURS)


def test_a_state_without_agencies_sees_how_to_register_one(as_actor):
    administrator = as_actor("VAT", "state_administrator")
    body = {"username": "vat.ana", "role": "auditor", "agency": "VAT-POLICE"}
    [errors] = administrator.post("/accounts", body, 422).json["errors"]["agency"]
    assert "POST /api/v1/agencies or salsa agency create registers one" in errors


def test_a_correction_names_a_registered_agency_or_the_recorded_one(monkeypatch, police):
    path = f"/seizures/{police.post('/seizures', bodies.seizure()).json['id']}/correct"
    wrong = bodies.seizure(reason="Typo", agency="Police")
    assert list(police.post(path, wrong, 422, If_Match='"1"').json["errors"]) == ["agency"]
    monkeypatch.setattr(seizures, "agency_codes", lambda state: frozenset())
    police.post(path, bodies.seizure(reason="Typo"), 200, If_Match='"1"')


@pytest.mark.parametrize(
    "module,path,role,body",
    [
        (permits, "/permits", "licensing_officer", bodies.permit()),
        (seizures, "/seizures", "police_officer", bodies.seizure()),
    ],
)
def test_the_register_is_read_once_for_a_batch(
    run, as_actor, monkeypatch, module, path, role, body
):
    asked, used = [], []
    monkeypatch.setattr(
        module, "agency_codes", lambda state: asked.append(state) or agencies.agency_codes(state)
    )
    record = module.record_many
    monkeypatch.setattr(
        module, "record_many", lambda **given: used.append(given) or record(**given)
    )
    as_actor("BRA", role).post(path, body)
    [given] = used
    asked.clear()
    batch = [replaced(given["batch"][0], number) for number in ("B-1", "B-2", "B-3")]
    run("BRA", record, batch=batch)
    assert asked == ["BRA"]


def replaced(document, number):
    return type(document)(**vars(document) | {"number": number})

"""What becomes of a permit that was issued: cancelled, suspended, amended, reissued, refused."""

import pytest
from sqlalchemy import text

from salsa_ext.database.session import db
from tests.support import bodies

AGAIN = {
    "number": "E-2",
    "issued_on": "2026-03-01",
    "expires_on": "2027-03-01",
    "authority": bodies.authority("BRA"),
    "lines": [{"line": 1, "quantity": 8}],
}
WHY = {"reason": "Forged signature"}


@pytest.fixture
def permit(bra, pry):
    pry.post("/permits", bodies.import_permit())
    return Held(bra, bra.post("/permits", bodies.permit()).json["id"])


class Held:
    """A permit and its client: each action is on the current version."""

    def __init__(self, client, permit_id):
        self.client, self.path = client, f"/permits/{permit_id}"

    def read(self):
        return self.client.get(self.path).json

    def act(self, action, body, expect=200):
        etag = self.client.get(self.path).headers["ETag"]
        return self.client.post(f"{self.path}/{action}", body, expect, If_Match=etag).json


def first(client, **wanted):
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    return client.get(f"/permits?{query}").json["items"][0]


def test_a_cancelled_permit_ships_nothing_more(permit, bra):
    bra.post(f"{permit.path}/shipments", bodies.shipment())
    result = permit.act("cancel", WHY)
    assert (
        result["status"],
        result["balance"][0]["lapsed"],
        result["balance"][0]["remaining"],
    ) == ("cancelled", 8, 0)
    bra.post(f"{permit.path}/shipments", bodies.shipment(("X1Y2Z3",), number="A-2"), 409)


def test_the_other_side_waits_again_when_a_permit_is_cancelled(permit, pry):
    assert first(pry, kind="import")["counterpart_status"] == "complete"
    permit.act("cancel", WHY)
    assert first(pry, kind="import")["counterpart_status"] == "awaiting_counterpart"


def test_a_cancellation_is_reported_to_the_states_concerned_with_its_reason(permit, pry):
    permit.act("cancel", WHY)
    result = first(pry, kind="export")["events"]
    assert [(each["state"], each["kind"], each["reason"]) for each in result] == [
        ("BRA", "cancelled", "Forged signature")
    ]


@pytest.mark.parametrize(
    "action,code",
    [
        ("cancel", "permit_cancelled"),
        ("suspend", "permit_suspended"),
        ("reissue", "permit_replaced"),
    ],
)
def test_changes_of_a_permit_are_reported_to_the_officers_of_the_other_state(
    permit, pry, action, code
):
    permit.act(action, AGAIN if action == "reissue" else WHY, 201 if action == "reissue" else 200)
    notices = pry.get(f"/notifications?code={code}").json["items"]
    assert [each["number"] for each in notices] == ["E-1"]


def test_a_permit_is_cancelled_once(permit):
    permit.act("cancel", WHY)
    problem = permit.act("cancel", WHY, 409)
    assert (problem["code"], problem["article"]) == ("cancelled_already", "Model Regulations 9.8")


def test_a_suspended_permit_ships_nothing_until_it_is_reinstated(permit, bra):
    assert permit.act("suspend", WHY)["status"] == "suspended"
    bra.post(f"{permit.path}/shipments", bodies.shipment(), 409)
    assert permit.act("reinstate", WHY)["status"] == "issued"
    bra.post(f"{permit.path}/shipments", bodies.shipment())


def test_what_is_suspended_already_says_how_that_is_lifted(permit):
    permit.act("suspend", WHY)
    refused = permit.act("suspend", WHY, 409)["detail"]
    assert refused.endswith("To lift the suspension, reinstate it.")


def test_only_a_suspended_permit_is_reinstated(permit):
    assert permit.act("reinstate", WHY, 409)["code"] == "illegal_transition"


@pytest.mark.parametrize(
    "action,body",
    [("cancel", WHY), ("suspend", WHY), ("amend", {"source": "x"}), ("reissue", AGAIN)],
)
def test_another_state_changes_nothing(permit, pry, action, body):
    assert Held(pry, permit.path.rpartition("/")[2]).act(action, body, 403)["code"] == "forbidden"


@pytest.mark.parametrize("action,body", [("cancel", WHY), ("amend", {"source": "x"})])
def test_who_saw_an_older_version_changes_nothing(permit, bra, action, body):
    etag = bra.get(permit.path).headers["ETag"]
    permit.act("suspend", WHY)
    bra.post(f"{permit.path}/{action}", body, 412, If_Match=etag)


def test_the_source_is_amended_with_the_sign_that_shows_it(permit):
    result = permit.act("amend", {"source": "Fábrica Nova", "authentication": "Seal 12"} | WHY)
    assert result["source"] == "Fábrica Nova"
    assert result["events"][-1]["data"] == {
        "before": {"source": None},
        "after": {"source": "Fábrica Nova"},
        "authentication": "Seal 12",
    }


def test_an_amendment_without_a_sign_is_refused(permit):
    problem = permit.act("amend", {"source": "Fábrica Nova"}, 409)
    assert (problem["code"], problem["article"]) == (
        "authentication_missing",
        "Model Regulations 8.5",
    )
    assert permit.read()["source"] is None


def test_an_amendment_that_is_authenticated_says_why(permit):
    problem = permit.act("amend", {"source": "Fábrica Nova", "authentication": "Seal 12"}, 422)
    assert list(problem["errors"]) == ["reason"]


@pytest.mark.parametrize(
    "field,value",
    [("lines", []), ("exporter", bodies.party()), ("importing_state", "ARG"), ("number", "E-9")],
)
def test_what_cannot_be_amended_is_named(permit, field, value):
    problem = permit.act("amend", {field: value}, 422)
    assert (problem["code"], problem["article"], list(problem["errors"])) == (
        "not_amendable",
        "Model Regulations 8.5",
        [field],
    )


@pytest.mark.parametrize("field", ["expires_on", "latest_import_on"])
def test_a_permit_is_not_extended(permit, field):
    problem = permit.act("amend", {field: "2027-12-31"}, 422)
    assert (problem["code"], problem["article"]) == ("no_extension", "Model Regulations 8.2")


def test_only_a_transit_has_a_plan_to_be_amended(permit):
    assert permit.act("amend", {"plan": {"mode": "rail"}}, 422)["code"] == "not_amendable"


def test_the_mode_of_a_transit_is_amended_without_a_sign(arg):
    transit = Held(arg, arg.post("/permits", in_transit()).json["id"])
    assert transit.act("amend", {"plan": {"mode": "rail"}})["plan"]["mode"] == "rail"
    assert transit.act("amend", {"plan": {"port_of_exit": "Itajaí"}}, 409)["code"] == (
        "authentication_missing"
    )


def test_the_carrier_of_a_transit_is_amended_and_stored_with_the_parties_alone(arg, session):
    transit = Held(arg, arg.post("/permits", in_transit()).json["id"])
    amended = transit.act(
        "amend", {"plan": {"carrier": "Otra Línea"}, "authentication": "Stamp"} | WHY
    )
    assert amended["plan"]["carrier"] == "Otra Línea"
    assert "Otra" not in str(amended["events"])
    [plan] = db.session.scalars(text("SELECT plan FROM permit WHERE plan IS NOT NULL"))
    assert "route" in plan and "carrier" not in plan


def test_after_the_last_day_nothing_is_amended(bra):
    hold = Held(bra, bra.post("/permits", bodies.permit(expires_on="2026-03-01")).json["id"])
    assert hold.read()["status"] == "expired"
    problem = hold.act("amend", {"source": "x", "authentication": "Seal"}, 409)
    assert problem["code"] == "amended_after_expiry"


def test_a_reissue_names_the_old_number_and_takes_what_is_left(permit, bra, pry):
    bra.post(f"{permit.path}/shipments", bodies.shipment())
    fresh = permit.act("reissue", AGAIN, 201)
    assert (fresh["number"], fresh["replaces"], fresh["counterpart_status"]) == (
        "E-2",
        "E-1",
        "complete",
    )
    assert fresh["exporter"] == permit.read()["exporter"]
    old = permit.read()
    assert (old["status"], old["balance"][0]["remaining"], fresh["balance"][0]["remaining"]) == (
        "replaced",
        0,
        8,
    )
    assert first(pry, kind="import")["counterpart_status"] == "complete"


def test_a_reissue_without_lines_takes_all_that_is_left(permit, bra):
    bra.post(f"{permit.path}/shipments", bodies.shipment())
    body = {name: value for name, value in AGAIN.items() if name != "lines"}
    assert permit.act("reissue", body, 201)["balance"][0]["authorised"] == 8


def test_a_line_of_which_zero_is_reissued_is_left_out(permit):
    problem = permit.act("reissue", AGAIN | {"lines": [{"line": 1, "quantity": 0}]}, 422)
    assert problem["errors"] == {"lines": ["A permit has at least one line."]}
    negative = AGAIN | {"lines": [{"line": 1, "quantity": -1}]}
    errors = permit.act("reissue", negative, 422)["errors"]["lines.0.quantity"]
    assert errors[0].startswith("A number from zero up to")


def test_a_reissue_of_more_than_is_left_is_refused_with_the_balance(permit, bra):
    bra.post(f"{permit.path}/shipments", bodies.shipment())
    problem = permit.act("reissue", AGAIN | {"lines": [{"line": 1, "quantity": 9}]}, 409)
    assert (problem["code"], problem["balance"]) == ("over_quantity", {"1": "8"})
    assert permit.read()["status"] == "issued"


def test_a_permit_posted_with_the_old_number_replaces_it_too(permit, bra):
    bra.post("/permits", bodies.permit(number="E-2", replaces="E-1"))
    assert permit.read()["status"] == "replaced"


def test_what_was_replaced_is_not_replaced_again(permit, bra):
    bra.post("/permits", bodies.permit(number="E-2", replaces="E-1"))
    problem = bra.post("/permits", bodies.permit(number="E-3", replaces="E-1"), 409).json
    assert problem["code"] == "illegal_transition"


def test_a_paper_that_is_not_recorded_here_can_be_replaced(bra):
    made = bra.post("/permits", bodies.permit(replaces="1998/77")).json
    assert (made["status"], made["replaces"]) == ("issued", "1998/77")


def test_an_export_under_a_reissued_import_goes_on(permit, pry, bra):
    old = Held(pry, first(pry, kind="import")["id"])
    again = AGAIN | {"number": "I-2", "authority": bodies.authority("PRY"), "lines": []}
    old.act("reissue", again, 201)
    assert permit.read()["counterpart_status"] == "complete"
    bra.post(f"{permit.path}/shipments", bodies.shipment())
    assert first(pry, number="I-2")["balance"][0]["remaining"] == 8


def test_a_permit_is_valid_for_a_year_at_most(bra):
    bra.post("/permits", bodies.permit(issued_on="2026-01-10", expires_on="2027-01-10"))
    body = bodies.permit(number="E-2", issued_on="2026-01-10", expires_on="2027-01-11")
    problem = bra.post("/permits", body, 422).json
    assert (problem["code"], problem["article"], list(problem["errors"])) == (
        "validity_over_one_year",
        "Model Regulations 8.1",
        ["expires_on"],
    )


def test_an_equivalent_document_is_valid_as_long_as_its_state_says(bra, as_actor):
    licence = {"document_kind": "equivalent", "issued_on": "2026-01-10"}
    bra.post("/permits", bodies.permit(**licence, expires_on="2030-01-10"))
    administrator = as_actor("BRA", "state_administrator")
    administrator.post("/settings", {"equivalent_years": 2}, 200, If_Match='"0"')
    longer = bodies.permit(**licence, number="E-2", expires_on="2028-01-11")
    problem = bra.post("/permits", longer, 422).json
    assert (problem["code"], list(problem["errors"])) == ("invalid", ["expires_on"])


def test_a_refusal_is_recorded_and_is_nobodys_counterpart(bra, pry):
    made = pry.post("/permits", bodies.import_permit(refusal="No end-user certificate")).json
    assert (made["status"], made["refusal"]) == ("refused", "No end-user certificate")
    export = bra.post("/permits", bodies.permit()).json
    assert export["counterpart_status"] == "awaiting_counterpart"


def test_a_finding_about_a_party_says_what_each_side_names(bra, pry):
    pry.post("/permits", bodies.import_permit(importer=bodies.party("Otra Casa")))
    found = bra.post("/permits", bodies.permit()).json["findings"]
    assert [(each["field"], each["ours"], each["theirs"]) for each in found] == [
        ("importer", "Armas del Sur", "Otra Casa")
    ]


@pytest.mark.parametrize("name", ["ARMAS DEL SUR", "Armas del Sur S.A.", "Ármas  del Sur, S. A."])
def test_a_name_is_the_same_in_any_spelling_of_its_form(bra, pry, name):
    pry.post("/permits", bodies.import_permit(importer=bodies.party(name)))
    assert bra.post("/permits", bodies.permit()).json["counterpart_status"] == "complete"


def test_goods_that_the_import_certificate_does_not_know_are_a_mismatch(bra, pry):
    lines = [bodies.permit()["lines"][0] | {"make": "Glock", "model": "G17"}]
    pry.post("/permits", bodies.import_permit(lines=lines))
    made = bra.post("/permits", bodies.permit()).json
    assert [(found["code"], found["field"]) for found in made["findings"]] == [
        ("mismatch", "lines")
    ]


def in_transit(**changes):
    plan = {
        "route": "RN-14",
        "port_of_entry": "Libres",
        "port_of_exit": "Clorinda",
        "mode": "road",
        "enters_on": "2026-02-01",
        "leaves_on": "2026-02-03",
        "carrier": "Línea Uno",
    }
    return bodies.permit(
        kind="in_transit",
        number="T-1",
        transit_states=["ARG"],
        plan=plan,
        authority=bodies.authority("ARG"),
        **changes,
    )

"""Consents: asked of the origin of a record, granted, refused and revoked, and what they allow."""

from datetime import timedelta
from uuid import UUID

import pytest

from api.http.context import current_vault
from salsa_ext.access.rules import operator
from salsa_ext.core.actor import Purpose
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import transaction
from salsa_ext.disclosure import consents, disclosures
from salsa_ext.disclosure.consents import ConsentData
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import EnvelopeData
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.jobs import jobs_to_idle

pytestmark = pytest.mark.between_writes

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
WHY = {"reason": "The inquiry is not over"}


@beginning
def record(as_actor):
    """A sale of Paraguay, by a firm to a private person."""
    clerk = as_actor("PRY", "licensing_officer")
    return clerk.post("/transfers", bodies.transfer()).json["firearm"]["record"]


def ask(client, record, expect=201, **changes):
    return client.post("/consents", bodies.consent(record, **changes), expect).json


def act(client, consent, action, expect=200, **body):
    path = f"/consents/{consent['id']}"
    etag = client.get(path).headers["ETag"]
    return client.post(f"{path}/{action}", body, expect, If_Match=etag).json


def grant(client, consent, **changes):
    return act(client, consent, "grant", **{"expires_on": "2026-12-31"} | changes)


def read(client, record, **changes):
    return client.get(f"/records/{record}", **PURPOSE | changes).json


def uses(shown):
    return {each["use"]: (each["allowed"], each["code"], each["to"]) for each in shown["uses"]}


def test_the_same_is_not_asked_twice_while_it_waits_for_an_answer_or_is_allowed(
    analyst, pry_analyst, record
):
    asked = ask(analyst, record)
    again = ask(analyst, record, 409)["detail"]
    assert asked["id"] in again and "Paraguay was asked for this" in again
    ask(analyst, record, case_number="C-2")
    grant(pry_analyst, asked)
    again = ask(analyst, record, 409)["detail"]
    assert asked["id"] in again and "Paraguay allowed this" in again and "2026-12-31" in again
    act(pry_analyst, analyst.get(f"/consents/{asked['id']}").json, "revoke", **WHY)
    assert ask(analyst, record)["status"] == "asked"


def test_what_was_allowed_through_a_day_is_asked_for_anew_after_it(analyst, pry_analyst, record):
    grant(pry_analyst, ask(analyst, record), expires_on="2026-03-09")
    ask(analyst, record, 409)
    later = operator("BRA", clock=FixedClock(NOW + timedelta(days=1)), vault=current_vault())
    data = ConsentData(UUID(record), "names", "C-1", "To find the last holder")
    with transaction(later):
        assert (
            consents.load_consent(later, consents.request_consent(actor=later, data=data)).status
            == "asked"
        )


def test_a_question_is_visible_to_both_sides_alone(as_actor, analyst, pry_analyst, record):
    asked = ask(analyst, record)
    assert (asked["status"], asked["origin_state"], asked["asking_state"]) == (
        "asked",
        "PRY",
        "BRA",
    )
    assert (
        analyst.get("/consents").json["items"]
        == pry_analyst.get("/consents").json["items"]
        == [asked]
    )
    other = as_actor("URY", "trace_analyst")
    other.get(f"/consents/{asked['id']}", 404)
    assert other.get("/consents").json["items"] == []


def test_private_persons_are_named_with_consent_in_its_case_alone(analyst, pry_analyst, record):
    assert read(analyst, record)["to"] == {"kind": "individual", "country": "PRY"}
    grant(pry_analyst, ask(analyst, record))
    shown = read(analyst, record)
    assert (shown["to"]["name"], shown["withheld"]) == ("Ana Ejemplo", [])
    assert read(analyst, record, Salsa_Case="C-2")["to"] == {"kind": "individual", "country": "PRY"}
    assert read(analyst, record, Salsa_Purpose="border")["to"] == {
        "kind": "individual",
        "country": "PRY",
    }


def test_the_examiner_sees_no_names_that_the_analyst_sees(as_actor, analyst, pry_analyst, record):
    grant(pry_analyst, ask(analyst, record))
    assert "name" not in read(as_actor("BRA", "forensic_examiner"), record)["to"]


def test_unnamed_values_are_described_in_the_readers_language(analyst, record):
    [withheld] = read(analyst, record)["withheld"]
    assert (withheld["group"], withheld["code"]) == ("persons", "named_on_request")
    assert withheld["text"].startswith("Private persons are named with the owner's consent")
    [withheld] = read(analyst, record, Accept_Language="pt")["withheld"]
    assert withheld["text"].startswith("Os particulares são nomeados")


def test_what_is_revoked_names_nobody_any_more(analyst, pry_analyst, record):
    asked = ask(analyst, record)
    grant(pry_analyst, asked)
    act(pry_analyst, asked, "revoke", **WHY)
    assert "name" not in read(analyst, record)["to"]


def test_what_is_granted_is_granted_for_a_day_to_come(analyst, pry_analyst, record):
    asked = ask(analyst, record)
    errors = act(pry_analyst, asked, "grant", 422, expires_on="2036-03-10")["errors"]
    assert "10 years at most: until 2036-03-09" in errors["expires_on"][0]
    errors = act(pry_analyst, asked, "grant", 422, expires_on="2026-03-08")["errors"]
    assert list(errors) == ["expires_on"]
    grant(pry_analyst, asked, expires_on="2026-03-09")
    assert read(analyst, record)["to"]["name"] == "Ana Ejemplo"


def test_what_has_expired_is_listed_so_and_names_nobody(analyst, pry_analyst, record):
    grant(pry_analyst, ask(analyst, record), expires_on="2026-03-09")
    jobs_to_idle()
    later = operator("BRA", clock=FixedClock(NOW + timedelta(days=1)))
    later = later.for_purpose(Purpose("investigation", "C-1"))
    for acting, status in ((operator("BRA", clock=FixedClock(NOW)), "granted"), (later, "expired")):
        with transaction(acting):
            [view] = consents.list_consents(acting, {"status": status}, 10, None).items
            assert view.status == status
    with transaction(later):
        shown = disclosures.read_record(actor=later, record_id=UUID(record))
        assert not shown.sharing.may("persons")


def test_the_result_of_a_trace_names_with_consent_and_its_owner_reads_it(
    as_actor, analyst, pry_analyst, record
):
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    [event] = analyst.get(f"/traces/{trace}/result").json["chain"]
    assert (event["to"], [each["group"] for each in event["withheld"]]) == (
        {"kind": "individual", "country": "PRY"},
        ["persons"],
    )
    grant(pry_analyst, ask(analyst, record))
    [event] = analyst.get(f"/traces/{trace}/result").json["chain"]
    assert (event["to"]["name"], event["withheld"]) == ("Ana Ejemplo", [])
    newest = pry_analyst.get(f"/records/{record}/disclosures").json["items"][0]
    assert newest["groups"] == ["firms", "persons"]


def test_an_answer_says_what_else_may_be_done_with_it(analyst, pry_analyst, record):
    asked = {"court": (False, "ask_for_court", []), "onward": (False, "ask_for_onward", [])}
    assert uses(read(analyst, record)) == asked
    grant(pry_analyst, ask(analyst, record, use="court"))
    grant(pry_analyst, ask(analyst, record, use="onward", to="URY"))
    assert uses(read(analyst, record)) == {
        "court": (True, "consented", []),
        "onward": (True, "consented", ["URY"]),
    }
    assert uses(read(analyst, record, Salsa_Case="C-2")) == asked


def test_a_state_is_not_notified_of_its_own_uses(pry_analyst, record):
    shown = pry_analyst.get(f"/records/{record}").json
    assert (shown["uses"], shown["withheld"], shown["to"]["name"]) == ([], [], "Ana Ejemplo")


def test_where_the_law_forces_it_the_origin_has_notice_and_is_not_asked(
    analyst, pry_analyst, record
):
    notice = ask(analyst, record, use="compelled")
    assert notice["status"] == "notified"
    assert uses(read(analyst, record))["court"] == (True, "notified", [])
    assert uses(read(analyst, record))["onward"][0] is False
    act(pry_analyst, notice, "refuse", 409, **WHY)
    [notices] = [
        item
        for item in pry_analyst.get("/notifications").json["items"]
        if item["code"].startswith("consent")
    ]
    assert (notices["code"], notices["subject"]["id"]) == ("consent_compelled", notice["id"])


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"use": "onward"}, "to"),
        ({"to": "URY"}, "to"),
        ({"use": "onward", "to": "PRY"}, "to"),
        ({"use": "onward", "to": "BRA"}, "to"),
        ({"use": "onward", "to": "YUG"}, "to"),
        ({"record": "0199f2c0-0000-7000-8000-000000000000"}, "record"),
        ({"use": "sell"}, "use"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(analyst, record, changes, field):
    body = bodies.consent(record) | changes
    assert list(analyst.post("/consents", body, 422).json["errors"]) == [field]


def test_consent_to_ones_own_record_is_not_asked(pry_analyst, record):
    assert list(ask(pry_analyst, record, 422)["errors"]) == ["record"]


@pytest.mark.parametrize("visibility", ["silent", "pointer"])
def test_a_record_that_is_hidden_is_asked_for_by_nobody_who_was_not_given_it(
    analyst, visibility, pry
):
    made = pry.post("/transfers", bodies.transfer(visibility=visibility)).json
    hidden = ask(analyst, made["firearm"]["record"], 422)
    assert hidden["errors"] == ask(analyst, "0199f2c0-0000-7000-8000-000000000000", 422)["errors"]


def test_the_asking_state_does_not_decide(analyst, record):
    asked = ask(analyst, record)
    assert act(analyst, asked, "grant", 403, expires_on="2026-12-31")["code"] == "forbidden"


def test_each_decision_follows_what_stands(analyst, pry_analyst, record):
    asked = ask(analyst, record)
    act(pry_analyst, asked, "revoke", 409, **WHY)
    assert act(pry_analyst, asked, "refuse", **WHY)["status"] == "refused"
    act(pry_analyst, asked, "refuse", 409, **WHY)
    assert grant(pry_analyst, asked)["version"] == 3
    act(pry_analyst, asked, "refuse", 409, **WHY)
    assert act(pry_analyst, asked, "revoke", **WHY)["answer"] == WHY["reason"]
    act(pry_analyst, asked, "grant", 409, expires_on="2026-12-31")
    assert analyst.get(f"/consents/{asked['id']}").json["status"] == "revoked"


def test_an_old_view_decides_nothing(analyst, pry_analyst, record):
    asked = ask(analyst, record)
    path = f"/consents/{asked['id']}/refuse"
    pry_analyst.post(path, WHY, 428)
    pry_analyst.post(path, WHY, 412, If_Match='"7"')


def test_both_sides_are_notified_and_audit_it(as_actor, analyst, pry_analyst, record):
    asked = ask(analyst, record)
    grant(pry_analyst, asked)
    for client, codes in ((pry_analyst, ["consent_asked"]), (analyst, ["consent_granted"])):
        notices = [item["code"] for item in client.get("/notifications").json["items"]]
        assert [code for code in notices if code.startswith("consent")] == codes
    for state in ("BRA", "PRY"):
        auditor = as_actor(state, "auditor")
        for action in ("consent:asked", "consent:granted"):
            [entry] = auditor.get(f"/audit?action={action}").json["items"]
            assert (entry["subject_id"], entry["data"]["record"]) == (asked["id"], record)


def test_a_list_is_filtered(analyst, record):
    asked = ask(analyst, record)
    ask(analyst, record, use="court", case_number="C-2")
    for query in ("use=names", "case_number=C-1"):
        assert analyst.get(f"/consents?{query}").json["items"] == [asked]
    assert (
        len(analyst.get(f"/consents?record={record}&status=asked&origin_state=PRY").json["items"])
        == 2
    )
    assert analyst.get("/consents?asking_state=PRY").json["items"] == []


def test_nobody_but_the_origin_decides(app, analyst, pry_analyst, record):
    asked = ask(analyst, record)
    stranger = operator("ARG", clock=FixedClock(NOW), vault=app.config["VAULT"])
    body = {"consent": asked["id"], "status": "granted", "answer": None, "expires_on": "2026-12-31"}
    with transaction(stranger):
        outbox.send(stranger, EnvelopeData("consent.decision", "C-1", "BRA", body))
    assert analyst.get(f"/consents/{asked['id']}").json["status"] == "asked"
    assert grant(pry_analyst, asked)["status"] == "granted"


def test_no_state_is_asked_about_the_record_of_another(app, as_actor, record):
    stranger = operator("BRA", clock=FixedClock(NOW), vault=app.config["VAULT"])
    body = {"consent": str(new_id()), "record": record, "use": "names", "to": None, "about": []}
    with transaction(stranger):
        letter = EnvelopeData("consent.request", "C-1", "ARG", body | {"reason": "Why not"})
        outbox.send(stranger, letter)
    assert as_actor("ARG", "trace_analyst").get("/consents").json["items"] == []

"""Discrepancies: raised by facts, worked on by each state for itself, resolved by facts."""

from datetime import timedelta

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.trade.permits import classification
from tests.conftest import NOW
from tests.support import bodies
from tests.support.jobs import jobs_to_idle

OTHER = bodies.party("Otra Casa")
WHY = {"text": "One firm under two names"}


@pytest.fixture
def exporter(as_actor):
    return as_actor("BRA", "licensing_officer")


@pytest.fixture
def differ(exporter, pry):
    """Let the two sides name different importers."""
    pry.post("/permits", bodies.import_permit(importer=OTHER))
    exporter.post("/permits", bodies.permit())


def only(client, query=""):
    found = client.get(f"/discrepancies{query}").json["items"]
    assert len(found) == 1
    return found[0]


def act(client, action, body, expect=200):
    path = f"/discrepancies/{only(client)['id']}"
    etag = client.get(path).headers["ETag"]
    return client.post(f"{path}/{action}", body, expect, If_Match=etag).json


def test_a_mismatch_is_one_discrepancy_for_both_sides(differ, exporter, pry):
    ours, theirs = only(exporter), only(pry)
    assert ours["id"] == theirs["id"]
    assert (ours["kind"], ours["status"], ours["data"]["field"], ours["subject"]["number"]) == (
        "document_invalid",
        "open",
        "importer",
        "E-1",
    )


def test_a_discrepancy_holds_no_name(differ, exporter):
    result = str(only(exporter))
    assert "Otra" not in result and "Armas" not in result


def test_more_than_the_import_certificate_allows_is_raised_on_it(exporter, pry):
    less = [bodies.permit()["lines"][0] | {"quantity": 9}]
    pry.post("/permits", bodies.import_permit(lines=less))
    exporter.post("/permits", bodies.permit())
    found = only(pry)
    assert (found["kind"], found["subject"]["number"]) == ("over_quantity", "I-1")
    assert (found["data"]["ours"], found["data"]["theirs"]) == ("9", "10")


def test_each_state_explains_for_itself(differ, exporter, pry):
    assert act(exporter, "explain", WHY)["status"] == "explained"
    result = act(pry, "explain", {"text": "A branch"})
    assert [
        (each["state"], each["stance"], each["explanation"]) for each in result["statements"]
    ] == [("BRA", "explained", "One firm under two names"), ("PRY", "explained", "A branch")]


def test_what_is_agreed_says_that_it_has_to_be_reopened(differ, exporter, pry):
    act(exporter, "agree", {})
    act(pry, "agree", {})
    refused = act(exporter, "explain", WHY, 409)["detail"]
    assert refused.endswith("To change the statement, reopen it first.")


def test_it_is_agreed_when_every_state_agrees(differ, exporter, pry):
    assert act(exporter, "agree", {})["status"] == "explained"
    assert act(pry, "agree", {})["status"] == "agreed"
    assert exporter.get("/discrepancies?waiting=true").json["items"] == []


def test_a_state_takes_its_agreement_back(differ, exporter, pry):
    act(exporter, "agree", {})
    act(pry, "agree", {})
    assert act(exporter, "reopen", {"text": "A third name"})["status"] == "explained"
    assert act(pry, "reopen", {"text": "Indeed"})["status"] == "reopened"


def test_what_nobody_explained_is_not_reopened(differ, exporter):
    assert act(exporter, "reopen", WHY, 409)["code"] == "illegal_transition"


def test_what_was_agreed_is_not_explained_again(differ, exporter, pry):
    act(exporter, "agree", {})
    act(pry, "agree", {})
    assert act(exporter, "explain", WHY, 409)["code"] == "illegal_transition"


def test_facts_resolve_it_and_bring_it_back(differ, exporter, pry):
    act(exporter, "explain", WHY)
    found = pry.get("/permits?kind=import").json["items"][0]["id"]
    etag = pry.get(f"/permits/{found}").headers["ETag"]
    pry.post(f"/permits/{found}/cancel", {"reason": "Wrong name"}, 200, If_Match=etag)
    assert only(exporter)["status"] == "resolved"
    pry.post("/permits", bodies.import_permit(number="I-2", replaces="I-9"))
    assert only(exporter)["status"] == "resolved"


def test_who_saw_an_older_version_says_nothing(differ, exporter, pry):
    path = f"/discrepancies/{only(exporter)['id']}"
    etag = exporter.get(path).headers["ETag"]
    act(pry, "explain", WHY)
    exporter.post(f"{path}/agree", {}, 412, If_Match=etag)


def test_it_is_assigned_to_somebody_of_the_own_state_in_secret(differ, exporter, pry, bra):
    name = f"licensing_officer-{bra.token[:8]}"
    path = f"/discrepancies/{only(exporter)['id']}/assign"
    assert exporter.post(path, {"username": name}, 200).json["assignee"] == name
    assert only(pry)["assignee"] is None
    assert only(exporter, f"?assignee={name}")["assignee"] == name
    assert assigned(bra) == 1 and assigned(exporter) == 0


def assigned(client):
    notices = client.get("/notifications?kind=discrepancy&limit=200").json["items"]
    return [each["code"] for each in notices].count("discrepancy_assigned")


def test_it_is_assigned_to_nobody_of_another_state(differ, exporter):
    path = f"/discrepancies/{only(exporter)['id']}/assign"
    assert list(exporter.post(path, {"username": "pry.eva"}, 422).json["errors"]) == ["username"]


@pytest.mark.parametrize(
    "query,count",
    [
        ("kind=document_invalid", 1),
        ("kind=overdue", 0),
        ("status=open", 1),
        ("status=agreed", 0),
        ("number=E-1", 1),
        ("number=I-1", 0),
        ("state=BRA", 1),
        ("state=PRY", 0),
        ("subject_kind=permit", 1),
        ("subject_kind=shipment", 0),
        ("waiting=true", 1),
        ("waiting=false", 0),
    ],
)
def test_discrepancies_are_found_by_their_fields(differ, exporter, query, count):
    assert len(exporter.get(f"/discrepancies?{query}").json["items"]) == count


@pytest.fixture
def watch(session):
    """Let the own state's permits be watched some days from now."""

    def run(state, days):
        actor = operator(state, clock=FixedClock(NOW + timedelta(days=days)))
        with transaction(actor):
            return classification.check_overdue_counterparts(actor=actor)

    return run


def test_a_counterpart_that_nobody_issues_is_raised_after_the_state_s_time(exporter, watch):
    exporter.post("/permits", bodies.permit())
    assert watch("BRA", 30) == 0
    assert exporter.get("/discrepancies").json["items"] == []
    assert watch("BRA", 32) == 1
    found = only(exporter)
    assert (found["kind"], found["data"]) == (
        "missing_counterpart",
        {"state": "PRY", "kind": "import"},
    )


def test_an_import_certificate_that_is_not_used_is_no_discrepancy(exporter, pry, watch):
    pry.post("/permits", bodies.import_permit())
    assert watch("PRY", 366) == 0
    assert pry.get("/discrepancies").json["items"] == []


def test_it_is_raised_once_however_often_it_is_watched(exporter, watch):
    exporter.post("/permits", bodies.permit())
    jobs_to_idle()
    assert [watch("BRA", days) for days in (32, 33, 34)] == [1, 0, 0]
    assert only(exporter)["version"] == 1


def test_what_was_missing_is_resolved_when_it_comes(exporter, pry, watch):
    exporter.post("/permits", bodies.permit())
    watch("BRA", 32)
    pry.post("/permits", bodies.import_permit())
    assert only(exporter)["status"] == "resolved"


def test_the_own_state_s_time_for_a_counterpart_counts(exporter, watch, administrator):
    administrator.post("/settings", {"counterpart_days": 5}, 200, If_Match='"0"')
    exporter.post("/permits", bodies.permit())
    assert [watch("BRA", days) for days in (5, 7)] == [0, 1]


def test_both_states_are_notified_of_a_discrepancy(differ, exporter, pry):
    for client in (exporter, pry):
        notices = client.get("/notifications?code=discrepancy_raised").json["items"]
        assert [(each["subject"]["kind"], each["number"]) for each in notices] == [
            ("discrepancy", "E-1")
        ]


def test_an_explanation_is_reported_to_the_other_state(differ, exporter, pry):
    act(exporter, "explain", WHY)
    assert pry.get("/notifications?code=discrepancy_explained").json["items"]


@pytest.mark.parametrize(
    "licensees,verdict",
    [
        ([], None),
        ([bodies.licensee(party=bodies.party("Fábrica Exemplo", "BRA"), roles=["exporter"])], None),
        (
            [bodies.licensee(party=bodies.party("Outra", "BRA"), roles=["exporter"])],
            "not_registered",
        ),
        (
            [
                bodies.licensee(
                    party=bodies.party("Fábrica Exemplo", "BRA"),
                    roles=["exporter"],
                    valid_from="2024-01-01",
                    valid_to="2025-01-01",
                )
            ],
            "expired",
        ),
    ],
)
def test_each_party_is_checked_against_the_register_of_its_state(exporter, pry, licensees, verdict):
    pry.post("/permits", bodies.import_permit())
    for licensee in licensees:
        exporter.post("/licensees", licensee)
    exporter.post("/permits", bodies.permit())
    found = pry.get("/discrepancies?kind=party_not_authorised").json["items"]
    assert {each["data"]["verdict"] for each in found} == ({verdict} if verdict else set())


def test_figures_count_each_for_its_owner_by_its_status_now(differ, exporter, pry):
    def counted(client, state):
        jobs_to_idle()
        query = f"/statistics/discrepancies?state={state}&by=discrepancy,status&grain=year"
        cells = client.get(query).json["cells"]
        return [(*cell["values"].values(), cell["amount"]) for cell in cells]

    assert counted(exporter, "BRA") == [("document_invalid", "open", 1)]
    act(pry, "explain", WHY)
    assert counted(exporter, "BRA") == [("document_invalid", "explained", 1)]
    assert counted(pry, "PRY") == []

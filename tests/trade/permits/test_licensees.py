"""The register of licensees: who is entered, what is decided, who may see and do it."""

import pytest

from tests.support import bodies

ON = {"reason": "Inspection", "on": "2026-03-01"}
CLOSED = ON | {"books_with": "PRY-LICENSING"}


@pytest.fixture
def decide(pry):
    """Decide on a licensee that is entered anew: `decide("suspend", "revoke")`."""

    def run(*actions):
        made = pry.post("/licensees", bodies.licensee()).json
        for version, action in enumerate(actions, 1):
            made = act(pry, made, action, version)
        return made

    return run


def act(officer, licensee, action, version, expect=200, **changes):
    body = (CLOSED if action == "close" else ON) | changes
    path = f"/licensees/{licensee['id']}/{action}"
    return officer.post(path, body, expect, If_Match=f'"{version}"').json


def test_a_licensee_is_entered_and_read_back(pry):
    made = pry.post("/licensees", bodies.licensee()).json
    assert made["party"]["name"] == "Armas del Sur"
    assert {name: made[name] for name in ("state", "number", "roles", "status", "version")} == {
        "state": "PRY",
        "number": "L-1",
        "roles": ["dealer", "importer"],
        "status": "active",
        "version": 1,
    }
    assert pry.get(f"/licensees/{made['id']}").json == made


def test_a_number_is_entered_once_by_each_state(pry, as_actor):
    pry.post("/licensees", bodies.licensee())
    assert pry.post("/licensees", bodies.licensee(), 409).json["code"] == "duplicate"
    as_actor("BRA", "licensing_officer").post("/licensees", bodies.licensee())


@pytest.mark.parametrize(
    "changes,path",
    [
        ({"roles": []}, "roles"),
        ({"roles": ["king"]}, "roles.0"),
        ({"valid_to": "2024-12-31"}, "valid_to"),
        ({"number": " "}, "number"),
        ({"king": 1}, "king"),
        ({"party": {"name": "A"}}, "party.kind"),
    ],
)
def test_a_licensee_that_cannot_be_is_refused_with_its_field(pry, changes, path):
    assert path in pry.post("/licensees", bodies.licensee(**changes), 422).json["errors"]
    assert pry.get("/licensees").json["items"] == []


def test_the_register_of_a_state_is_read_by_itself_alone(pry, bra):
    made = pry.post("/licensees", bodies.licensee()).json
    assert bra.get("/licensees").json["items"] == []
    bra.get(f"/licensees/{made['id']}", 404)
    act(bra, made, "suspend", 1, 404)


def test_other_states_read_what_a_state_publishes(pry, bra, as_actor):
    pry.post("/licensees", bodies.licensee())
    person = bodies.party("Ana Ejemplo", "PRY", "individual")
    pry.post("/licensees", bodies.licensee(number="L-2", party=person))
    pry.post("/licensees", bodies.licensee(number="L-3", roles=["carrier"]))
    assert bra.get("/licensees/published?state=PRY").json["items"] == []
    published = {"published_roles": ["manufacturer", "importer"]}
    as_actor("PRY", "state_administrator").post("/settings", published, 200, If_Match='"0"')
    assert bra.get("/licensees/published?state=PRY").json["items"] == [
        {
            "state": "PRY",
            "number": "L-1",
            "name": "Armas del Sur",
            "kind": "dealer",
            "roles": ["importer"],
            "valid_from": "2025-01-01",
            "valid_to": "2026-12-31",
            "status": "active",
        }
    ]
    for query, count in (("role=importer", 1), ("role=dealer", 0), ("name=del+sur", 1)):
        found = bra.get(f"/licensees/published?state=PRY&{query}").json["items"]
        assert len(found) == count
    own = pry.get("/licensees/published").json["items"]
    assert [each["number"] for each in own] == ["L-3", "L-2", "L-1"]


def test_a_permit_for_a_firm_that_no_register_knows_is_confirmed_first(pry, bra):
    pry.post("/licensees", bodies.licensee())
    unknown = bodies.permit(importer=bodies.party("Armas del Norte"))
    refused = bra.post("/permits", unknown | {"confirm_unregistered": False}, 409).json
    assert refused["code"] == "party_not_registered"
    assert "Armas del Norte" in refused["detail"]
    known = bodies.permit(confirm_unregistered=False)
    bra.post("/permits", known)
    bra.post("/permits", unknown | {"number": "E-2"})


@pytest.mark.parametrize(
    "query,found",
    [
        ("role=importer", ["L-2", "L-1"]),
        ("role=carrier", ["L-3"]),
        ("status=suspended", ["L-3"]),
        ("number=L-2", ["L-2"]),
        ("role=broker", []),
        ("role=importer&limit=1", ["L-2"]),
    ],
)
def test_licensees_are_found_by_role_status_and_number(pry, query, found):
    for number in ("L-1", "L-2"):
        pry.post("/licensees", bodies.licensee(number=number))
    carrier = pry.post("/licensees", bodies.licensee(number="L-3", roles=["carrier"])).json
    act(pry, carrier, "suspend", 1)
    assert [item["number"] for item in pry.get(f"/licensees?{query}").json["items"]] == found


def test_twenty_licensees_take_no_more_statements_than_one(pry, asked):
    for number in range(20):
        pry.post("/licensees", bodies.licensee(number=f"L-{number}"))
    asked.clear()
    pry.get("/licensees?limit=1")
    few = len(asked)
    asked.clear()
    pry.get("/licensees?limit=20")
    assert len(asked) == few


@pytest.mark.parametrize(
    "actions,status",
    [
        (["suspend"], "suspended"),
        (["suspend", "reinstate"], "active"),
        (["revoke"], "revoked"),
        (["suspend", "revoke"], "revoked"),
        (["close"], "defunct"),
        (["revoke", "close"], "defunct"),
        (["suspend", "close"], "defunct"),
    ],
)
def test_a_decision_changes_the_status_and_says_why(decide, actions, status):
    licensee = decide(*actions)
    assert (licensee["status"], licensee["version"]) == (status, 1 + len(actions))
    assert (licensee["status_on"], licensee["status_reason"]) == ("2026-03-01", "Inspection")
    assert licensee["books_with"] == ("PRY-LICENSING" if status == "defunct" else None)


@pytest.mark.parametrize(
    "before,action",
    [
        ([], "reinstate"),
        (["suspend"], "suspend"),
        (["revoke"], "reinstate"),
        (["revoke"], "revoke"),
        (["revoke"], "suspend"),
        (["close"], "close"),
        (["close"], "reinstate"),
        (["close"], "revoke"),
    ],
)
def test_a_decision_that_does_not_follow_is_refused(pry, decide, before, action):
    licensee = decide(*before)
    assert act(pry, licensee, action, licensee["version"], 409)["code"] == "illegal_transition"
    assert pry.get(f"/licensees/{licensee['id']}").json == licensee


def test_a_decision_wants_the_version_that_was_read(pry, decide):
    licensee = decide()
    path = f"/licensees/{licensee['id']}/suspend"
    pry.post(path, ON, 428)
    pry.post(path, ON, 412, If_Match='"2"')
    pry.post(path, ON, 200, If_Match='"1"')


@pytest.mark.parametrize(
    "action,changes,field",
    [
        ("suspend", {"on": "2026-03-20"}, "on"),
        ("suspend", {"on": "2024-12-31"}, "on"),
        ("suspend", {"reason": " "}, "reason"),
        ("suspend", {"books_with": "L-9"}, "books_with"),
        ("close", {"books_with": "L-9"}, "books_with"),
        ("close", {"books_with": "L-1"}, "books_with"),
        ("close", {"books_with": "BRA-LICENSING"}, "books_with"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_with_its_field(pry, decide, action, changes, field):
    assert list(act(pry, decide(), action, 1, 422, **changes)["errors"]) == [field]


def test_a_firm_that_closes_says_who_holds_its_books(pry, decide):
    pry.post("/licensees", bodies.licensee(number="L-2"))
    licensee = decide()
    path = f"/licensees/{licensee['id']}/close"
    assert list(pry.post(path, ON, 422, If_Match='"1"').json["errors"]) == ["books_with"]
    closed = act(pry, licensee, "close", 1, books_with="L-2")
    assert (closed["status"], closed["books_with"]) == ("defunct", "L-2")


def test_books_do_not_go_to_a_firm_that_is_no_more(pry, decide):
    act(pry, pry.post("/licensees", bodies.licensee(number="L-2")).json, "close", 1)
    assert list(act(pry, decide(), "close", 1, 422, books_with="L-2")["errors"]) == ["books_with"]


def renew(officer, licensee, valid_to, expect=200):
    path, visible = f"/licensees/{licensee['id']}/renew", f'"{licensee["version"]}"'
    return officer.post(path, {"valid_to": valid_to}, expect, If_Match=visible).json


@pytest.mark.parametrize("before", [[], ["suspend"]])
def test_a_licence_is_renewed_and_keeps_its_status(pry, decide, before):
    licensee = decide(*before)
    renewed = renew(pry, licensee, "2027-12-31")
    assert renewed == licensee | {
        "valid_to": "2027-12-31",
        "version": licensee["version"] + 1,
        "decisions": renewed["decisions"],
    }


def test_a_licence_is_renewed_to_a_later_day(pry, decide):
    assert list(renew(pry, decide(), "2026-12-31", 422)["errors"]) == ["valid_to"]


def test_a_licence_without_end_is_not_renewed(pry):
    body = bodies.licensee()
    del body["valid_to"]
    licensee = pry.post("/licensees", body).json
    assert licensee["valid_to"] is None
    assert list(renew(pry, licensee, "2027-12-31", 422)["errors"]) == ["valid_to"]


@pytest.mark.parametrize("before", [["revoke"], ["close"]])
def test_a_licence_that_ended_is_not_renewed(pry, decide, before):
    assert renew(pry, decide(*before), "2027-12-31", 409)["code"] == "illegal_transition"


def test_every_step_is_in_the_audit_without_a_name(as_actor, decide):
    licensee = decide("suspend", "reinstate", "revoke", "close")
    answer = as_actor("PRY", "supervisor").get(f"/audit?subject_id={licensee['id']}")
    assert [entry["action"].partition(":")[2] for entry in answer.json["items"]] == [
        "closed",
        "revoked",
        "reinstated",
        "suspended",
        "recorded",
    ]
    result = answer.get_data(as_text=True)
    assert "Armas del Sur" not in result and "Inspection" not in result


def test_every_decision_is_kept_in_its_order_with_its_reason(pry):
    made = pry.post("/licensees", bodies.licensee()).json
    assert made["decisions"] == []
    act(pry, made, "suspend", 1, reason="Books not kept", on="2026-02-01")
    act(pry, made, "reinstate", 2, reason="Books shown", on="2026-02-20")
    path = f"/licensees/{made['id']}"
    pry.post(f"{path}/renew", {"valid_to": "2027-12-31"}, 200, If_Match='"3"')
    act(pry, made, "close", 4)
    answer = pry.get(path).json["decisions"]
    assert [(each["kind"], each["on"], each["status"], each["reason"]) for each in answer] == [
        ("suspended", "2026-02-01", "suspended", "Books not kept"),
        ("reinstated", "2026-02-20", "active", "Books shown"),
        ("renewed", "2026-03-09", "active", None),
        ("closed", "2026-03-01", "defunct", "Inspection"),
    ]
    assert (answer[2]["valid_to"], answer[3]["books_with"]) == ("2027-12-31", "PRY-LICENSING")
    assert pry.get("/licensees").json["items"][0]["decisions"] == answer

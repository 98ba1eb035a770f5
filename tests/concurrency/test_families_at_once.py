"""Permits of one family that states post at once: the last standing misses none of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import bodies

ROUNDS = 12


@pytest.fixture
def officer(real_client):
    """Return a licensing officer of a state; his transactions are real."""
    return lambda state: real_client(state, "licensing_officer")


@pytest.fixture
def post_all(real_app):
    """Post each body by its officer, all at the same moment; every one is taken."""

    def post(sent):
        def one(pair):
            caller, body = pair
            headers = {"Authorization": f"Bearer {caller.token}"}
            answer = real_app.test_client().post("/api/v1/permits", json=body, headers=headers)
            return answer.status_code

        with ThreadPoolExecutor(len(sent)) as pool:
            assert set(pool.map(one, sent)) == {201}

    return post


def findings(real_client):
    read = real_client.get("/permits?kind=export&limit=200").json["items"]
    return {
        permit["number"]: sorted((found["code"], found["state"]) for found in permit["findings"])
        for permit in read
    }


def export(number, **more):
    named = {"import_permit": {"state": "PRY", "number": f"I-{number}"}}
    return bodies.permit(number=f"E-{number}", transit_states=["CHL"], **named, **more)


def transit(number, **more):
    made = bodies.transit_permit("CHL", number=f"T-{number}", **more)
    return made | {"export_permit": {"state": "BRA", "number": f"E-{number}"}}


def test_a_transit_and_an_import_that_come_at_once_complete_the_export(officer, post_all):
    bra, pry, chl = map(officer, ("BRA", "PRY", "CHL"))
    sent = []
    for number in range(ROUNDS):
        bra.post("/permits", export(number))
        named = {"import_permit": {"state": "PRY", "number": f"I-{number}"}}
        sent += [(pry, bodies.import_permit(number=f"I-{number}")), (chl, transit(number, **named))]
    post_all(sent)
    assert findings(bra) == {f"E-{number}": [] for number in range(ROUNDS)}


def test_documents_that_share_no_state_but_one_export_are_both_compared_with_it(officer, post_all):
    """An import certificate for goods of Argentina and a transit to Uruguay name one Brazilian export."""
    bra, pry, chl = map(officer, ("BRA", "PRY", "CHL"))
    sent = []
    for number in range(ROUNDS):
        bra.post("/permits", export(number))
        sent += [
            (pry, bodies.import_permit(number=f"I-{number}", exporting_state="ARG")),
            (chl, transit(number, importing_state="URY", import_permit=None)),
        ]
    for _, body in sent:
        body.pop("import_permit", None)
    post_all(sent)
    for reader, state in ((bra, "CHL"), (pry, "PRY")):  # each sees what it may read both sides of
        expected = {f"E-{number}": [("mismatch", state)] for number in range(ROUNDS)}
        assert findings(reader) == expected


def test_families_that_cross_wait_for_each_other_and_never_for_good(officer, post_all):
    """Each import certificate reaches by an export into the states of the other family."""
    bra, pry, arg = map(officer, ("BRA", "PRY", "ARG"))
    sent = []
    for number in range(ROUNDS):
        here = bodies.permit(
            number=f"E-{number}",
            importing_state="ARG",
            transit_states=["PRY"],
            import_permit={"state": "ARG", "number": f"J-{number}"},
        )
        bra.post("/permits", here)
        bra.post(
            "/permits",
            bodies.permit(
                number=f"F-{number}",
                transit_states=["ARG"],
                import_permit={"state": "PRY", "number": f"I-{number}"},
            ),
        )
        sent += [
            (pry, bodies.import_permit(number=f"I-{number}")),
            (
                arg,
                bodies.import_permit(number=f"J-{number}", importing_state="ARG")
                | {"authority": bodies.authority("ARG")},
            ),
        ]
    post_all(sent)
    awaited = {f"E-{number}": [("awaiting_counterpart", "PRY")] for number in range(ROUNDS)}
    awaited |= {f"F-{number}": [("awaiting_counterpart", "ARG")] for number in range(ROUNDS)}
    assert findings(bra) == awaited


def test_a_permit_that_is_posted_while_its_firm_is_suspended_is_flagged(officer, real_app):
    bra, pry = officer("BRA"), officer("PRY")
    firm = pry.post("/licensees", bodies.licensee()).json["id"]
    suspended = (pry, f"/licensees/{firm}/suspend", {"reason": "R", "on": "2026-03-01"})
    sent = [(bra, "/permits", bodies.permit(number=f"E-{number}")) for number in range(ROUNDS)]

    def each(call):
        caller, path, body = call
        headers = {"Authorization": f"Bearer {caller.token}", "If-Match": '"1"'}
        return real_app.test_client().post(f"/api/v1{path}", json=body, headers=headers).status_code

    with ThreadPoolExecutor(ROUNDS + 1) as pool:
        calls = [*sent[: ROUNDS // 2], suspended, *sent[ROUNDS // 2 :]]
        assert sorted(pool.map(each, calls)) == [200] + [201] * ROUNDS
    found = bra.get("/discrepancies?kind=party_not_authorised&limit=200").json["items"]
    assert {each["subject"]["number"] for each in found} == {f"E-{n}" for n in range(ROUNDS)}

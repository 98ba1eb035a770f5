"""What a trace says of itself once states refused: who did, and never that nobody was heard."""

import pytest

from tests.support import bodies

NO = {"reason": "national_security", "text": "No"}


@pytest.fixture
def trace(of):
    """A trace for which persons of Paraguay and Argentina have to answer."""
    for state in ("PRY", "ARG"):
        sold = bodies.transfer(number=f"{state}-1", visibility="pointer")
        of(state, "licensing_officer").post("/transfers", sold)
    return of("BRA").post("/traces", bodies.trace()).json


@pytest.fixture
def send(of):
    def act(state, action, body=None):
        [asked] = of(state).get("/requests").json["items"]
        of(state).change(f"/requests/{asked['id']}", action, body or {})

    return act


@pytest.fixture
def standing(of, trace):
    def read():
        now = of("BRA").get(f"/traces/{trace['id']}").json
        return now["status"], now["refused_by"]

    return read


@pytest.fixture
def result(of, trace):
    def read():
        found = of("BRA").get(f"/traces/{trace['id']}/result").json
        return {each["state"]: each["answer"] for each in found["searched"]}, found["missing"]

    return read


def test_one_that_refused_is_named_while_another_is_awaited_and_beside_its_answer(send, standing):
    send("PRY", "refuse", NO)
    assert standing() == ("in_progress", ["PRY"])
    send("ARG", "report-no-record")
    assert standing() == ("completed", ["PRY"])


def test_a_trace_that_all_refused_names_them(send, standing):
    for state in ("PRY", "ARG"):
        send(state, "refuse", NO)
    status, refused = standing()
    assert (status, sorted(refused)) == ("completed", ["ARG", "PRY"])


@pytest.mark.between_writes
def test_a_refusal_that_is_to_be_explained_is_heard_all_the_same(of, trace, send, standing):
    send("PRY", "refuse", NO)
    send("ARG", "refuse", NO)
    for leg in trace["legs"]:
        if leg["state"] != "BRA":
            path = f"/traces/{trace['id']}/legs/{leg['id']}/reply"
            of("BRA").post(path, {"text": "Why?"})
    assert standing() == ("in_progress", [])
    send("PRY", "refuse", NO)
    assert standing() == ("in_progress", ["PRY"])


@pytest.mark.parametrize("action", ["close", "withdraw"])
def test_who_refused_did_so_though_the_trace_has_ended(of, trace, send, standing, result, action):
    send("PRY", "refuse", NO)
    of("BRA").change(f"/traces/{trace['id']}", action)
    assert standing()[1] == ["PRY"]
    texts, missing = result()
    assert (texts["PRY"], texts["ARG"]) == ("refused", "withdrawn")
    assert "The answer of Paraguay, which refused." in missing
    assert [each for each in missing if "Argentina" in each] == [
        "The answer of Argentina: it had given none when the request was withdrawn."
    ]


def test_what_came_of_a_refusal_since_is_said_and_not_the_refusal(
    of, trace, send, result, standing
):
    send("PRY", "refuse", NO)
    send("PRY", "ask-questions", {"questions": ["Which?"]})
    of("BRA").change(f"/traces/{trace['id']}", "close")
    assert (standing()[1], result()[0]["PRY"]) == ([], "withdrawn")


def test_a_refusal_by_another_channel_is_one_too(of, trace, standing):
    asked = {"state": "ESP", "reason": "A mark", "channel": "mail", "reference": "P-1"}
    path = f"/traces/{trace['id']}"
    of("BRA").post(f"{path}/legs", asked)
    [leg] = [each["id"] for each in of("BRA").get(path).json["legs"] if each["state"] == "ESP"]
    of("BRA").post(f"{path}/legs/{leg}/reply", {"status": "refused", "text": "No"})
    assert standing() == ("in_progress", ["ESP"])
    of("BRA").change(path, "close")
    assert standing()[1] == ["ESP"]

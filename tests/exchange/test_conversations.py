"""Conversations between points of contact: both states have each message, and nobody else."""

import pytest

from tests.support import files

HELLO = {"to": "PRY", "title": "Lot L77", "text": "Could you look at it?", "about_kind": "seizure"}


@pytest.fixture
def begun(analyst):
    return analyst.post("/conversations", HELLO).json


def texts(client, begun):
    answer = client.get(f"/conversations/{begun['id']}").json
    return [(each["sender"], each["text"]) for each in answer["messages"]]


def test_a_message_is_read_by_both_states_and_the_other_is_notified(analyst, pry_analyst, begun):
    assert texts(analyst, begun) == [("BRA", "Could you look at it?")]
    assert texts(pry_analyst, begun) == texts(analyst, begun)
    [notice] = pry_analyst.get("/notifications?code=conversation_message").json["items"]
    assert (notice["subject"]["id"], notice["data"]["by"]) == (begun["id"], "BRA")
    [theirs] = pry_analyst.get("/conversations?partner=BRA").json["items"]
    assert (theirs["title"], theirs["partner"], theirs["about_kind"]) == (
        "Lot L77",
        "BRA",
        "seizure",
    )


def test_the_other_state_replies_in_the_same_conversation(analyst, pry_analyst, begun):
    path = f"/conversations/{begun['id']}"
    answer = pry_analyst.post(f"{path}/reply", {"text": "We did: nothing."}, 200).json
    assert (answer["partner"], len(answer["messages"])) == ("BRA", 2)
    assert texts(analyst, begun)[1] == ("PRY", "We did: nothing.")
    assert len(analyst.get("/conversations").json["items"]) == 1


def test_no_third_state_reads_it(as_actor, begun):
    other = as_actor("ARG", "trace_analyst")
    other.get(f"/conversations/{begun['id']}", expect=404)
    other.post(f"/conversations/{begun['id']}/reply", {"text": "Me too"}, 404)


def test_a_file_on_a_message_is_read_by_both(analyst, pry_analyst, begun):
    [message] = begun["messages"]
    subject = f"message:{message['id']}"
    pry_analyst.get("/conversations")
    file = files.attach(analyst, subject, files.photograph(), kind="photograph").json
    [theirs] = pry_analyst.get(f"/attachments?subject={subject}").json["items"]
    assert theirs["id"] == file["id"]


@pytest.mark.parametrize("state", ["BRA", "AUT"])
def test_the_own_state_and_one_that_takes_no_part_are_refused(analyst, state):
    wrong = analyst.post("/conversations", HELLO | {"to": state}, 422).json
    assert list(wrong["errors"]) == ["to"]

"""A natural number is of one document of a state and kind at a time."""

import pytest

from salsa_ext.core.errors import Duplicate
from salsa_ext.documents import transfers
from salsa_ext.documents.values import TransferData
from salsa_ext.firearms.marks.values import Firearm
from tests.conftest import NOW
from tests.support import bodies

DOCUMENTS = {
    "transfers": ("licensing_officer", bodies.transfer),
    "reports": ("police_officer", bodies.report),
    "seizures": ("police_officer", bodies.seizure),
}


@pytest.fixture(params=DOCUMENTS)
def desk(request, as_actor):
    """Record and correct documents of one kind, each under a number."""
    role, body = DOCUMENTS[request.param]
    return Desk(as_actor("BRA", role), f"/{request.param}", body)


class Desk:
    def __init__(self, real_client, path, body):
        self.client, self.path, self.body = real_client, path, body

    def record(self, number, expect=201):
        again = {"confirm_second": True} if self.path == "/reports" else {}
        return self.client.post(self.path, self.body(number=number, **again), expect).json

    def correct(self, made, number, expect=200, version=1):
        body = self.body(number=number, reason="Read again")
        path = f"{self.path}/{made['id']}/correct"
        return self.client.post(path, body, expect, If_Match=f'"{version}"').json


def test_a_number_that_a_correction_gave_is_not_taken_again(desk):
    made = desk.record("A-1")
    desk.correct(made, "X-1")
    answer = desk.record("X-1", expect=409)
    assert answer["code"] == "duplicate"
    assert answer["detail"].endswith(f" of the number X-1 (id {made['id']}).")


def test_a_number_that_a_correction_gave_up_is_free(desk):
    desk.correct(desk.record("A-1"), "X-1")
    desk.record("A-1")


def test_a_correction_does_not_take_the_number_of_another(desk):
    desk.record("X-1")
    desk.correct(desk.record("A-1"), "X-1", expect=409)


def test_a_refused_correction_changes_no_number(desk):
    desk.record("X-1")
    desk.correct(desk.record("A-1"), "X-1", expect=409)
    desk.record("A-1", expect=409)


def test_a_number_goes_to_another_and_comes_back(desk):
    made = desk.record("A-1")
    desk.correct(made, "X-1")
    desk.correct(made, "A-1", version=2)
    desk.record("X-1")
    desk.record("A-1", expect=409)


def test_a_transfer_gives_its_number_up_and_takes_one(as_actor):
    desk = Desk(as_actor("BRA", "licensing_officer"), "/transfers", bodies.transfer)
    made = desk.record("A-1")
    body = bodies.transfer(reason="It has none")
    desk.client.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"')
    again = desk.record("A-1")
    desk.correct(made, "X-1", version=2)
    desk.correct(again, "X-1", expect=409)


def test_two_states_have_the_same_number_each(as_actor):
    for state in ("BRA", "PRY"):
        as_actor(state, "licensing_officer").post("/transfers", bodies.transfer(number="A-1"))


def sales(*numbers):
    gun = Firearm(type="pistol")
    return [TransferData(NOW.date(), kind="loan", firearm=gun, number=number) for number in numbers]


@pytest.mark.parametrize("numbers", [["A-2", "A-1", "A-3"], ["B-1", "A-1", "B-2"]])
def test_a_batch_with_a_number_in_use_is_refused_whole(run, numbers):
    [standing] = run("BRA", transfers.record_many, batch=sales("A-1"))
    with pytest.raises(Duplicate, match=rf"of the number A-1 \(id {standing}\)\.$"):
        run("BRA", transfers.record_many, batch=sales(*numbers))
    others = [number for number in numbers if number != "A-1"]
    run("BRA", transfers.record_many, batch=sales(*others))


def test_a_number_appears_once_within_a_batch(run):
    with pytest.raises(Duplicate, match=r"of the number A-1\.$"):
        run("BRA", transfers.record_many, batch=sales("A-1", "A-2", "A-1"))


def test_documents_without_a_number_are_many(run):
    assert len(run("BRA", transfers.record_many, batch=sales(None, None))) == 2

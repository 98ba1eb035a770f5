"""Workers, commands and kills at the same moment, each over a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from salsa_ext.access.signing import find_public_key
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.exchange import inbox, outbox, processing
from salsa_ext.exchange.envelopes import EnvelopeData
from tests.conftest import NOW, standing_on
from tests.exchange.conftest import acting, applied, note, sent, statuses
from tests.support import jobs

TIMES = 8


@pytest.fixture
def application(server, registered, standing):
    with standing_on(server, registered, standing) as made:
        yield made


@pytest.fixture
def at_once(application):
    """Run functions at the same moment, each in a context of its own; returns what they return."""

    def run(*functions):
        def one(function):
            with application.app_context():
                return function()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(one, functions))

    return run


@pytest.fixture
def speak(application):
    """Return a function that lets a state say something to another."""

    def made(sender, recipient):
        def one():
            actor = acting(sender)
            with transaction(actor):
                return outbox.send(actor, EnvelopeData("test.said", "BR-1", recipient, {}))

        return one

    return made


def work():
    return jobs.deliver_envelopes(FixedClock(NOW))


def test_commands_that_say_at_once_number_without_a_gap_or_a_double(at_once, speak, noted):
    result = at_once(*[speak("BRA", "PRY")] * TIMES)
    at_once(work)
    assert sorted(each.sequence for each in result) == list(range(1, TIMES + 1))
    [order] = at_once(lambda: applied("PRY"))
    assert order == [each.id for each in sorted(result, key=lambda each: each.sequence)]


def test_two_states_that_ask_each_other_at_once_wait_for_nobody_for_good(at_once, speak, handle):
    def answer(actor, envelope):
        note(actor, envelope)
        if envelope.in_reply_to is None:
            outbox.send(actor, EnvelopeData("test.said", "BR-1", envelope.sender, {}, envelope))

    handle("test.said", answer)
    at_once(*[speak("BRA", "PRY"), speak("PRY", "BRA")] * TIMES)
    at_once(work, work)
    at_once(work)
    for state in ("BRA", "PRY"):
        [there] = at_once(lambda state=state: applied(state))
        assert len(there) == len(set(there)) == 2 * TIMES


def test_workers_that_deliver_at_once_apply_each_once(at_once, speak, noted):
    result = [item for _ in range(20) for item in at_once(speak("BRA", "PRY"))]
    at_once(*[work] * TIMES)
    at_once(work)
    assert at_once(lambda: applied("PRY")) == [[each.id for each in result]]


def test_copies_that_come_at_once_get_one_receipt(at_once, speak, noted):
    at_once(speak("BRA", "PRY"))
    [[raw]] = at_once(lambda: sent("BRA"))

    def take():
        actor = acting("PRY")
        with transaction(actor):
            return inbox.receive(actor, raw, find_public_key)

    assert len(set(at_once(*[take] * TIMES))) == 1


class Killed(BaseException):
    """What ends a worker amid its work: nothing of its transaction is left."""


@pytest.mark.parametrize(
    "place",
    ["salsa_ext.exchange.inbox.mark_processed", "salsa_ext.database.session.db.session.commit"],
)
def test_a_worker_that_is_killed_between_applying_and_marking_has_applied_nothing(
    at_once, speak, noted, monkeypatch, place
):
    [envelope] = at_once(speak("BRA", "PRY"))
    at_once(lambda: processing.deliver(acting("BRA")))

    def killed(*_, **__):
        raise Killed

    def die():
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(place, killed)
            processing.apply_next(acting("PRY"))

    at_once(die)
    assert at_once(lambda: applied("PRY")) == [[]]
    assert at_once(lambda: statuses("PRY")) == [{envelope.id: ("waiting", None)}]
    at_once(lambda: jobs.deliver_envelopes(FixedClock(NOW + timedelta(minutes=1))))
    assert at_once(lambda: applied("PRY")) == [[envelope.id]]

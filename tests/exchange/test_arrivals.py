"""What comes from another state is taken once, in order, and only if it is the sender's own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from salsa_ext.access import signing
from salsa_ext.access.signing import find_public_key
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import transaction
from salsa_ext.exchange import inbox, processing
from salsa_ext.exchange.envelopes import parse, seal
from tests.conftest import NOW
from tests.exchange.conftest import acting, applied, sent, statuses

SECRET_TEXT = "Juan Ejemplo"


@pytest.fixture
def take(session):
    """Let a state take bytes; returns the receipt, or why it refuses them."""

    def bytes_of(raw, state="PRY", at=NOW):
        actor = acting(state, at)
        with transaction(actor):
            return inbox.receive_many(actor, [raw], find_public_key)[0]

    return bytes_of


@pytest.fixture
def forge(session):
    """Seal an envelope as its sender would who has the key, whatever it says."""

    def made(envelope, **changes):
        actor = acting(envelope.sender)
        with transaction(actor):
            return seal(replace(envelope, **changes), signing.signer(actor))

    return made


def test_a_copy_gets_the_same_receipt_whenever_it_comes(say, take, noted):
    say(now=False)
    [raw] = sent("BRA")
    first = take(raw)
    assert take(raw, at=NOW + timedelta(days=9)) == first
    assert first.received_at == NOW


def test_the_hour_that_counts_is_the_recipient_s(say, take, noted):
    later = NOW + timedelta(days=400)
    say(now=False, at=later)
    [raw] = sent("BRA")
    assert parse(raw).created_at == later
    assert take(raw).received_at == NOW


def test_a_gap_is_waited_for(say, take, noted):
    envelopes = [say(now=False) for _ in range(4)]
    for at in (3, 1, 2):
        assert take(sent("BRA")[at]).id == envelopes[at].id
        processing.run_steps(actor=acting("PRY"))
        assert applied("PRY") == []
    take(sent("BRA")[0])
    processing.run_steps(actor=acting("PRY"))
    assert applied("PRY") == [each.id for each in envelopes]


def test_nobody_takes_what_is_for_another(say, take):
    say(now=False)
    [raw] = sent("BRA")
    assert take(raw, "ARG").reason == "other_recipient"
    assert statuses("ARG") == {}


def test_nobody_speaks_for_another_by_his_own_key(say, take):
    envelope = say(now=False)
    with transaction(acting("ARG")):
        forged = seal(envelope, lambda state: signing.signer(acting("ARG"))("ARG"))
    assert take(forged.raw).reason == "unknown_key"


def test_a_changed_byte_is_noticed(say, take):
    say(now=False, amount=1)
    [raw] = sent("BRA")
    assert take(raw.replace(b'"amount":1', b'"amount":2')).reason == "bad_signature"


def test_an_id_and_a_number_are_used_once(say, take, forge):
    envelope = say(now=False)
    take(envelope.raw)
    assert take(forge(envelope, body={"other": 1}).raw).reason == "id_taken"
    assert take(forge(envelope, id=new_id()).raw).reason == "sequence_taken"
    assert take(envelope.raw).hash == envelope.hash


def test_one_that_does_not_follow_the_last_is_not_accepted(say, take, forge):
    say(now=False)
    second = say(now=False)
    take(sent("BRA")[0])
    assert take(forge(second, previous="0" * 64).raw).reason == "chain_broken"
    assert take(second.raw).id == second.id


def test_one_that_came_first_and_does_not_follow_is_set_aside(say, take, forge, work, noted):
    first, second, third = (say(now=False) for _ in range(3))
    wrong = forge(second, previous="0" * 64)
    take(wrong.raw)
    take(first.raw)
    take(forge(third, previous=wrong.hash).raw)
    work()
    assert applied("PRY") == [first.id, third.id]
    assert statuses("PRY")[second.id] == ("refused", "chain_broken")


def test_an_answer_to_what_was_not_asked_is_set_aside(say, take, forge, work, noted):
    asked, other = say("PRY", "BRA"), say(now=False)
    answer = forge(other, in_reply_to=asked.id, request_hash="0" * 64)
    take(answer.raw)
    work()
    assert statuses("PRY")[answer.id] == ("refused", "other_request")


def test_nobody_answers_what_another_was_asked(say, take, forge, work, noted):
    asked, other = say("PRY", "ARG"), say(now=False)
    answer = forge(other, in_reply_to=asked.id, request_hash=asked.hash)
    take(answer.raw)
    work()
    assert statuses("PRY")[answer.id] == ("refused", "other_request")


def test_a_new_key_takes_nothing_from_what_the_old_one_signed(say, run, take):
    envelope = say(now=False)
    run("BRA", signing.rotate_key)
    assert take(envelope.raw).id == envelope.id
    assert say(now=False).kid != envelope.kid


def test_what_waits_is_signed_again_where_its_key_was_stolen(say, run, take, work, noted):
    first, second = say(now=False), say(now=False)
    take(first.raw)
    run("BRA", signing.report_compromise, kid=first.kid, since=NOW)
    assert take(second.raw).reason == "compromised_key"
    work()
    assert applied("PRY") == [first.id, second.id]

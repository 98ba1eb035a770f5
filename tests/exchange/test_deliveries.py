"""What a state sends is applied by its recipient once, in order, and answered."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from api.http.context import current_vault
from salsa_ext.access.models import AuditEntry
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import Conflict, EnvelopeRefused, Invalid, Unavailable
from salsa_ext.core.errors import message as sentence
from salsa_ext.database.session import db, transaction
from salsa_ext.exchange import outbox, processing
from salsa_ext.exchange.envelopes import EnvelopeData
from salsa_ext.exchange.models import InboxEnvelope, InboxProgress, OutboxEnvelope, OutboxProgress
from tests.conftest import NOW
from tests.exchange.conftest import acting, applied, deliver, note, sent, statuses

SECRET_TEXT = "Juan Ejemplo"


@pytest.fixture
def entries(session):
    def read(state, action):
        with transaction(acting(state)):
            columns = (AuditEntry.concerned, AuditEntry.subject_id, AuditEntry.data)
            wanted = select(*columns).where(AuditEntry.action == action)
            return db.session.execute(wanted.order_by(AuditEntry.id)).all()

    return read


def test_a_message_is_applied_by_its_recipient(say, noted):
    envelope = say()
    assert applied("PRY") == [envelope.id]
    assert statuses("PRY") == {envelope.id: ("applied", None)}
    assert (applied("BRA"), statuses("BRA")) == ([], {})


def test_each_pair_of_states_counts_and_chains_for_itself(say, noted):
    first, second = say(), say()
    there, back = say(recipient="ARG"), say("PRY", "BRA")
    assert [each.sequence for each in (first, second, there, back)] == [1, 2, 1, 1]
    assert (first.previous, second.previous) == (None, first.hash)
    assert (there.previous, back.previous) == (None, None)


def test_several_letters_keep_their_order(session, noted):
    actor = acting("BRA")
    with transaction(actor):
        letters = [EnvelopeData("test.said", "BR-1", name, {}) for name in ("PRY", "ARG", "PRY")]
        result = outbox.send_many(actor, letters)
    deliver()
    assert [(each.recipient, each.sequence) for each in result] == [
        ("PRY", 1),
        ("ARG", 1),
        ("PRY", 2),
    ]
    assert applied("PRY") == [result[0].id, result[2].id]


def test_a_command_that_fails_says_nothing(session, noted):
    actor = acting("BRA")
    with pytest.raises(Conflict), transaction(actor):
        outbox.send(actor, EnvelopeData("test.said", "BR-1", "PRY", {}))
        raise Conflict(sentence("Something else is wrong."))
    deliver()
    assert (applied("PRY"), statuses("PRY"), sent("BRA")) == ([], {}, [])


def test_an_answer_names_the_request_and_comes_with_it(say, handle):
    heard = []

    def answer(actor, envelope):
        result = EnvelopeData(
            "test.answered", envelope.case_number, envelope.sender, {"n": 1}, envelope
        )
        outbox.send(actor, result)

    handle("test.said", answer)
    handle("test.answered", lambda actor, envelope: heard.append((actor, envelope)))
    asked = say()
    [(actor, texts)] = heard
    assert (texts.in_reply_to, texts.request_hash) == (asked.id, asked.hash)
    assert (texts.sender, actor.state, actor.role) == ("PRY", "BRA", "operator")


def test_states_that_answer_each_other_for_ever_do_not_hold_others(say, handle):
    def answer(actor, envelope):
        outbox.send(actor, EnvelopeData("test.said", "BR-1", envelope.sender, {}, envelope))

    handle("test.said", answer)
    say(now=False)
    assert [processing.run_steps(actor=acting(state)) for state in ("BRA", "PRY", "BRA")] == [
        1,
        2,
        2,
    ]
    assert (len(statuses("PRY")), len(statuses("BRA"))) == (2, 1)


def test_what_an_officer_causes_is_applied_by_the_state_and_not_by_him(session, handle):
    collected = []
    handle("test.said", lambda actor, envelope: collected.append(actor))
    officer = Actor(
        "BRA",
        "police_officer",
        frozenset(),
        officer="P-7",
        clock=FixedClock(NOW),
        vault=current_vault(),
    )
    with transaction(officer):
        outbox.send(officer, EnvelopeData("test.said", "BR-1", "PRY", {}))
    deliver()
    [actor] = collected
    assert (actor.state, actor.role, actor.officer, actor.now()) == ("PRY", "operator", None, NOW)


def test_the_audit_of_each_side_names_it_for_itself(say, noted, entries):
    envelope = say()
    [result], [done] = entries("BRA", "envelope:sent"), entries("PRY", "envelope:applied")
    assert (result.concerned, done.concerned) == (["BRA"], ["PRY"])
    assert result.subject_id == done.subject_id == str(envelope.id)
    assert done.data["sender"] == "BRA"
    assert entries("BRA", "envelope:applied") == entries("PRY", "envelope:sent") == []


def test_a_failing_handler_leaves_what_is_said_waiting_and_what_follows_too(
    say, handle, work, caplog
):
    def fail(actor, envelope):
        note(actor, envelope)
        raise RuntimeError(f"{SECRET_TEXT} is not known")

    handle("test.said", fail)
    with caplog.at_level(logging.INFO):
        first, second = say(name=SECRET_TEXT), say()
    assert set(statuses("PRY").values()) == {("waiting", None)}
    assert applied("PRY") == []
    assert "envelope not applied" in caplog.text
    assert SECRET_TEXT not in caplog.text + str([vars(record) for record in caplog.records])
    handle("test.said", note)
    assert work() == 0  # its time has not come
    work(at=NOW + timedelta(seconds=5))
    assert applied("PRY") == [first.id, second.id]


def test_a_handler_that_fails_again_is_tried_less_and_less_often(say, handle, work):
    tried = []

    def fail(actor, envelope):
        tried.append((actor.now() - NOW).total_seconds())
        raise Unavailable(sentence("Not now."))

    handle("test.said", fail)
    say()
    for second in range(0, 200, 5):
        work(at=NOW + timedelta(seconds=second))
    assert tried == [0, 5, 15, 35, 75, 155]


def test_one_that_fails_for_good_is_refused_and_holds_up_its_own_pair_alone(
    say, handle, work, noted
):
    def fail(actor, envelope):
        if envelope.body:
            raise RuntimeError
        note(actor, envelope)

    handle("test.said", fail)
    poison, after, other = say(poison=True), say(), say("ARG")
    assert applied("PRY") == [other.id]
    for hour in range(1, processing.MAX_TRIES + 1):
        work(at=NOW + timedelta(hours=hour))
    assert statuses("PRY")[poison.id] == ("refused", "failed")
    assert applied("PRY") == [other.id, after.id]


def test_one_that_finds_the_service_in_trouble_is_never_refused(say, handle, work):
    def fail(actor, envelope):
        raise Unavailable(sentence("Not now."))

    handle("test.said", fail)
    envelope = say()
    for hour in range(1, processing.MAX_TRIES + 5):
        work(at=NOW + timedelta(hours=hour))
    assert statuses("PRY") == {envelope.id: ("waiting", None)}


def test_a_try_that_ends_with_its_process_is_counted(say, handle, work, noted, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    envelope = say(now=False)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setitem(processing.HANDLERS, "test.said", die)
        work()
    with transaction(acting("PRY")):
        assert db.session.scalar(select(InboxProgress.attempts)) == 1
    work(at=NOW + timedelta(seconds=5))
    assert applied("PRY") == [envelope.id]


def test_an_envelope_that_breaks_a_rule_is_set_aside_and_its_sender_notified(
    say, handle, monkeypatch, entries
):
    heard = []

    def refuse(actor, envelope):
        note(actor, envelope)
        raise Invalid({"serial": [sentence("Not now.")]})

    handle("test.said", refuse)
    monkeypatch.setitem(
        processing.REFUSAL_HANDLERS,
        "test.said",
        lambda actor, mine, code: heard.append((actor.state, mine, code)),
    )
    envelope = say()
    handle("test.said", note)
    after = say()
    assert statuses("PRY") == {envelope.id: ("refused", "invalid"), after.id: ("applied", None)}
    assert heard == [("BRA", envelope, "invalid")]
    assert applied("PRY") == [after.id]
    [refused], [returned] = entries("PRY", "envelope:refused"), entries("BRA", "envelope:returned")
    assert refused.data["code"] == returned.data["code"] == "invalid"


def test_what_the_database_never_takes_is_set_aside_and_what_follows_goes_on(say, handle):
    def keep(actor, envelope):
        db.session.execute(text("SELECT CAST(:said AS jsonb)"), {"said": '"\\u0000"'})

    handle("test.said", keep)
    envelope = say()
    handle("test.said", note)
    after = say()
    assert statuses("PRY") == {envelope.id: ("refused", "malformed"), after.id: ("applied", None)}


def test_news_of_a_refusal_that_fails_itself_is_no_reason_for_more_news(say, handle, monkeypatch):
    def refuse(*_):
        raise Conflict(sentence("Not now."))

    handle("test.said", refuse)
    monkeypatch.setitem(processing.REFUSAL_HANDLERS, "test.said", refuse)
    say()
    assert list(statuses("BRA").values()) == [("refused", "conflict")]
    assert len(sent("PRY")) == len(sent("BRA")) == 1


def test_a_kind_that_nobody_handles_waits_a_day_for_a_program_that_does(say, work):
    envelope = say()
    assert statuses("PRY") == {envelope.id: ("waiting", None)}
    work(at=NOW + timedelta(hours=23))
    assert statuses("PRY") == {envelope.id: ("waiting", None)}
    work(at=NOW + timedelta(hours=25))
    assert statuses("PRY") == {envelope.id: ("refused", "unknown_kind")}
    assert [kind for kind, _ in statuses("BRA").values()] == ["applied"]


@pytest.mark.parametrize("recipient", ["XYZ", "FRA", "---"])
def test_nothing_is_sent_to_a_state_that_takes_no_part(say, recipient):
    with pytest.raises(Invalid):
        say(recipient=recipient)


def test_nothing_is_sent_to_oneself(say):
    with pytest.raises(EnvelopeRefused, match="recipient"):
        say("BRA", "BRA")


def test_what_the_recipient_refuses_is_offered_again_later(say, run, work, noted, monkeypatch):
    envelope = say(now=False)
    monkeypatch.setattr(processing, "find_public_key", lambda kid: {})
    work()
    columns = (OutboxProgress.attempts, OutboxProgress.failure, OutboxProgress.delivered_at)
    with transaction(acting("BRA")):
        assert db.session.execute(select(*columns)).one() == (1, "unknown_key", None)
    monkeypatch.undo()
    assert work() == 0
    work(at=NOW + timedelta(seconds=5))
    assert list(statuses("PRY")) == [envelope.id]


def test_nothing_is_delivered_before_the_worker_does(say, work, noted):
    envelope = say(now=False)
    assert applied("PRY") == []
    work()
    assert applied("PRY") == [envelope.id]
    assert work() == 0


@pytest.mark.parametrize("model", [InboxEnvelope, OutboxEnvelope])
def test_no_state_sees_the_letters_of_others(say, noted, model):
    say()
    for state in ("ARG", "BRA", "PRY", None):
        with transaction(acting(state)):
            visible = db.session.scalar(select(func.count()).select_from(model))
        assert visible == (state == {InboxEnvelope: "PRY", OutboxEnvelope: "BRA"}[model])


def test_a_handler_sees_with_the_eyes_of_the_recipient(say, handle):
    collected = []

    def look(actor, envelope):
        collected.extend(db.session.scalars(select(InboxEnvelope.owner_state)))
        raise RuntimeError

    handle("test.said", look)
    say()
    say("PRY", "BRA", kind="test.other")
    assert set(collected) == {"PRY"}

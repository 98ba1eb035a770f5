"""What both sides of a trace say at one moment: letters cross on the way, and both agree after."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.http.context import current_vault
from api.schemas.documents import TransferRequest
from api.schemas.tracing.traces import TraceRequest as TraceBody
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db, transaction
from salsa_ext.documents import transfers
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import EnvelopeData
from salsa_ext.exchange.models import InboxProgress
from salsa_ext.notifications.models import Notification
from salsa_ext.tracing.channels import commands as channel_commands
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.requests.models import TraceMessage, TraceRequest
from salsa_ext.tracing.requests.values import (
    AnswerData,
    CommentData,
    DeferralData,
    ManualEvent,
    QuestionData,
    RefusalData,
)
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import ReplyData
from tests.conftest import NOW
from tests.support import bodies, jobs


@pytest.fixture
def way():
    """Whether what is said is late."""
    return {"late": False}


@pytest.fixture
def run(run, way):
    """Run a command of a state, and deliver what it said unless that is late."""

    def call(*given, **arguments):
        result = run(*given, **arguments)
        if not way["late"]:
            deliver(NOW)
        return result

    return call


@pytest.fixture
def record(run):
    """A sale in Paraguay of which others learn only that it is there."""
    run("PRY", transfers.record, data=TransferRequest().load(bodies.transfer(visibility="pointer")))


@pytest.fixture
def trace(run, record):
    return run("BRA", trace_commands.create_trace, data=TraceBody().load(bodies.trace()))


@pytest.fixture
def late(way):
    """Let nothing be delivered any more until that is done by hand."""
    return lambda: way.update(late=True)


def row(state, model, *which):
    with transaction(operator(state)):
        columns = [getattr(model, column.key) for column in model.__mapper__.column_attrs]
        return db.session.execute(select(*columns).where(model.owner_state == state, *which)).one()


def request():
    return row("PRY", TraceRequest)


def code_of(envelope):
    return row("BRA", InboxProgress, InboxProgress.envelope_id == envelope.id).code


def leg():
    return row("BRA", TraceLeg, TraceLeg.state == "PRY")


def deliver(at=NOW + timedelta(hours=1)):
    """Let the worker bring all that was said."""
    jobs.deliver_envelopes(FixedClock(at))


@pytest.fixture
def act(run, trace):
    """Let Paraguay say something of the request."""
    return lambda command, data: run(
        "PRY", command, request_id=request().id, expected_version=None, data=data
    )


@pytest.fixture
def reply(run, trace):
    return lambda: run(
        "BRA", channel_commands.reply, trace_id=trace, leg_id=leg().id, data=ReplyData("So")
    )


def test_a_refusal_that_waits_again_has_a_new_term(act, trace):
    act(request_commands.refuse, RefusalData("national_security", "No"))
    later = NOW + timedelta(days=56)

    def then(state, command, **content):
        actor = operator(state, f"{state}-TEST", FixedClock(later), current_vault())
        with transaction(actor):
            command(actor=actor, **content)
        deliver(later)

    then(
        "PRY",
        request_commands.ask_questions,
        request_id=request().id,
        expected_version=None,
        data=QuestionData(("Why?",)),
    )
    then("BRA", channel_commands.reply, trace_id=trace, leg_id=leg().id, data=ReplyData("So"))
    assert (request().status, request().due_at) == ("acknowledged", due(later))


def due(since):
    """Return the end of a term of seven working days."""
    return since + timedelta(days=9)


def test_a_second_answer_moves_when_it_was_answered(act, run):
    result = AnswerData(points_to=("URY",))
    act(request_commands.answer, result)
    later = operator("PRY", "PRY-TEST", FixedClock(NOW + timedelta(days=2)), current_vault())
    with transaction(later):
        request_commands.answer(
            actor=later, request_id=request().id, expected_version=None, data=result
        )
    deliver(later.now())
    assert request().answered_at == leg().answered_at == NOW + timedelta(days=2)


def test_answers_of_the_service_are_withdrawn_while_it_is_asked_again(run, late):
    run("PRY", transfers.record, data=TransferRequest().load(bodies.transfer()))
    made = run("BRA", trace_commands.create_trace, data=TraceBody().load(bodies.trace()))
    assert (leg().status, len(leg().events)) == ("answered", 1)
    late()
    actor = operator("BRA", "BRA-TEST", FixedClock(NOW), current_vault())
    with transaction(actor):
        asked = db.session.get_one(Trace, made)
        trace_commands.resend_requests(actor, asked, earlier_serial=asked.firearm["serial"])
    assert (leg().status, leg().events) == ("sent", [])
    deliver()
    assert (leg().status, len(leg().events)) == ("answered", 1)


def test_statements_are_read_without_the_counted_events(act, trace):
    result = ManualEvent("domestic_sale", date(2020, 1, 2))
    act(request_commands.answer, AnswerData(events=(result, result)))
    with transaction(operator("PRY")):
        last = request_queries.load(request().id).messages[-1]
    assert (last.kind, last.events, "events" in last.data) == ("answer", 2, False)


def test_a_reply_to_an_older_question_does_not_answer_the_newer_one(act, reply, late):
    act(request_commands.ask_questions, QuestionData(("Which?",)))
    late()
    reply()
    act(request_commands.defer, DeferralData(NOW.date() + timedelta(days=3), "Holidays"))
    act(request_commands.ask_questions, QuestionData(("Whose?",)))
    deliver()
    assert (request().status, leg().status) == ("clarification", "clarification")


def test_a_reply_that_crosses_an_answer_changes_nothing_and_is_stored(act, reply, late):
    act(request_commands.ask_questions, QuestionData(("Which?",)))
    late()
    reply()
    act(request_commands.report_no_record, CommentData())
    deliver()
    assert (request().status, leg().status) == ("no_record", "no_record")
    row("PRY", TraceMessage, TraceMessage.kind == "reply")


def test_a_reply_to_a_question_that_crosses_a_refusal_does_not_reply_to_that(act, reply, late):
    act(request_commands.ask_questions, QuestionData(("Which?",)))
    late()
    reply()
    act(request_commands.refuse, RefusalData("national_security", "No"))
    deliver()
    assert (request().status, leg().status) == ("refused", "refused")


def test_an_answer_that_crosses_a_withdrawal_is_set_aside_and_both_know(act, run, late, trace):
    late()
    act(request_commands.answer, AnswerData(points_to=("URY",)))
    run("BRA", trace_commands.withdraw_trace, trace_id=trace, expected_version=None)
    deliver()
    assert (request().status, leg().status) == ("withdrawn", "withdrawn")
    aside = row("PRY", TraceMessage, TraceMessage.kind == "set_aside")
    assert aside.data == {"code": "illegal_transition", "kind": "trace.answer"}


@pytest.mark.parametrize(
    "kind,body,code",
    [
        ("trace.acknowledge", {"text": None, "is_automatic": False}, None),
        ("trace.reply", {"text": "So"}, "not_found"),
        ("trace.acknowledge", {"text": 7}, "malformed"),
        ("trace.refuse", {"text": "No"}, "malformed"),
        ("trace.forward", {"state": "ZZZ", "reason": "There"}, None),
    ],
)
def test_a_letter_is_applied_whole_or_set_aside(run, trace, kind, body, code):
    before, result = leg(), {"leg": str(leg().id)} | body
    actor = operator("PRY", clock=FixedClock(NOW), vault=current_vault())
    with transaction(actor):
        sent = outbox.send(actor, EnvelopeData(kind, "C-1", "BRA", result))
    deliver(NOW)
    assert code_of(sent) == code
    assert (leg() == before) == (code is not None)


def test_a_state_tells_nothing_of_another_state_s_records(run, trace):
    event = {
        "state": "URY",
        "record": "0199f2c0-0000-7000-8000-000000000000",
        "version": 1,
        "event": "domestic_sale",
        "occurred_on": "2024-01-01",
        "handling": "H1",
        "bits": 9.0,
        "strength": "strong",
    }
    names = (
        "document_kind",
        "document_number",
        "shipment_status",
        "stolen_from",
        "giver",
        "return_due_on",
        "counterpart_state",
        "receiver",
        "serial",
        "make",
        "make_text",
        "model",
        "calibre",
        "calibre_text",
        "type",
        "linked_record",
    )
    result = {
        "leg": str(leg().id),
        "completeness": "full",
        "restriction_reason": None,
        "events": [dict.fromkeys(names) | event],
        "points_to": [],
        "handling": "H1",
        "note": None,
        "is_automatic": False,
    }
    actor = operator("PRY", clock=FixedClock(NOW), vault=current_vault())
    with transaction(actor):
        sent = outbox.send(actor, EnvelopeData("trace.answer", "C-1", "BRA", result))
    deliver(NOW)
    assert (code_of(sent), leg().status) == ("malformed", "acknowledged")


@pytest.mark.parametrize(
    "change",
    [
        {"circumstances": "Found\x00"},
        {"firearm": {"model": "A\x00"}},
        {"firearm": {"quantity": "x"}},
        {"firearm": {"quantity": "NaN"}},
        {"firearm": {"line": "1"}},
        {"firearm": {"antique": 0}},
        {"firearm": {"marks": [{"kind": "proof", "text": "B", "year": "x"}]}},
        {"firearm": {"marks": [{"kind": "proof", "text": "B", "condition": "good"}]}},
    ],
)
def test_a_request_that_nobody_can_read_is_set_aside_and_the_next_one_is_there(trace, change):
    mine = request()
    gun = mine.body["firearm"] | change.pop("firearm", {})
    ask((mine.body | {"leg": str(new_id()), "trace": str(mine.trace_id), "firearm": gun}) | change)
    assert row("PRY", InboxProgress, InboxProgress.code == "malformed").status == "refused"
    ask(mine.body | {"leg": str(new_id()), "trace": str(mine.trace_id)})
    assert row("PRY", InboxProgress, InboxProgress.sequence == 3).status == "applied"


def test_of_a_gun_no_more_is_kept_than_is_known(trace):
    mine = request()
    mark = {"kind": "proof", "text": "BM9", "colour": "red"}
    gun = mine.body["firearm"] | {"colour": "red", "marks": [mark]}
    leg_id = new_id()
    ask(mine.body | {"leg": str(leg_id), "trace": str(mine.trace_id), "firearm": gun})
    stored = row("PRY", TraceRequest, TraceRequest.leg_id == leg_id).body["firearm"]
    assert stored.keys() == mine.body["firearm"].keys()
    known = {"kind", "text", "state", "year", "location", "condition", "method"}
    assert [mark.keys() for mark in stored["marks"]] == [known]


def notices(state, code):
    with transaction(operator(state)):
        wanted = select(Notification.data).where(
            Notification.owner_state == state, Notification.code == code
        )
        return db.session.scalars(wanted).all()


def test_the_asker_is_notified_of_a_later_answer_of_the_service(run, late):
    late()
    asked = TraceBody().load(bodies.trace(firearm=bodies.firearm(country_of_manufacture="PRY")))
    run("BRA", trace_commands.create_trace, data=asked)
    assert notices("BRA", "trace_no_record") == []
    deliver()
    assert (leg().status, notices("BRA", "trace_no_record")) == ("no_record", [{"by": "PRY"}])


def test_the_asker_is_not_notified_of_an_answer_within_a_minute(run):
    asked = TraceBody().load(bodies.trace(firearm=bodies.firearm(country_of_manufacture="PRY")))
    run("BRA", trace_commands.create_trace, data=asked)
    assert (leg().status, notices("BRA", "trace_no_record")) == ("no_record", [])


def test_the_asker_is_notified_that_a_request_was_set_aside(trace):
    mine = request()
    ask(mine.body | {"leg": str(mine.leg_id), "trace": str(mine.trace_id), "found_on": "?"})
    assert notices("BRA", "trace_not_taken") == [{"by": "PRY"}]


def ask(body):
    """Let Brazil ask Paraguay by a letter of its own."""
    actor = operator("BRA", clock=FixedClock(NOW), vault=current_vault())
    with transaction(actor):
        outbox.send(actor, EnvelopeData("trace.request", "C-1", "PRY", body))
    deliver(NOW)


def test_a_leg_is_asked_once_however_often_it_is_sent(run, trace):
    mine = request()
    body = mine.body | {"leg": str(mine.leg_id), "trace": str(mine.trace_id)}
    actor = operator("BRA", clock=FixedClock(NOW), vault=current_vault())
    with transaction(actor):
        outbox.send(actor, EnvelopeData("trace.request", "C-1", "PRY", body))
    deliver(NOW)
    assert request() == mine
    aside = row("BRA", TraceMessage, TraceMessage.kind == "set_aside")
    assert aside.data == {"code": "conflict", "kind": "trace.request"}

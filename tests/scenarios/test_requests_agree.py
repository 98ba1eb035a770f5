"""Whatever is asked, said and renewed, and however late it comes: both sides of a trace agree in the end."""

import inspect
import itertools
import random
from collections import Counter
from contextlib import ExitStack
from datetime import date, timedelta
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import select

from salsa_ext.access.rules import operator
from salsa_ext.access.signing import find_public_key
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import Conflict
from salsa_ext.core.occurrence import Place
from salsa_ext.database.session import db, transaction
from salsa_ext.documents import added_marks, seizures, transfers
from salsa_ext.documents.values import SeizureData, TransferData
from salsa_ext.exchange import inbox, processing
from salsa_ext.exchange.models import InboxProgress, OutboxEnvelope
from salsa_ext.firearms.marks.values import Firearm, Mark
from salsa_ext.tracing.channels import commands as channel_commands
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests import workflow
from salsa_ext.tracing.requests.envelope_handlers import PERSON_DECIDES
from salsa_ext.tracing.requests.models import TraceMessage, TraceRequest
from salsa_ext.tracing.requests.values import (
    ANSWERED_STATUSES,
    LEG_TRANSITIONS,
    OPEN_STATUSES,
    TRANSITIONS,
    WAITING_STATUSES,
    AnswerData,
    CommentData,
    DeferralData,
    QuestionData,
    ReferralData,
    RefusalData,
    next_status,
)
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces import follow_up, legs
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import LegData, ReplyData, TraceData
from tests.conftest import NOW
from tests.support.sizes import drawn

STATES = ("ARG", "BRA", "PRY")
STATE = st.sampled_from(STATES)
ONE, FIVE = st.integers(0, 63), st.integers(0, 4)
GUN = Firearm(serial="ABC123456", make="Taurus", model="PT 92", calibre="9x19", type="pistol")
DONE: Counter[str] = Counter()
"""How often each thing was done and not refused, so that the test cannot pass by refusals alone."""
SAYINGS = {  # what goes on stands first: chance prefers that
    "ask": (request_commands.ask_questions, QuestionData(("Which?",))),
    "defer": (request_commands.defer, DeferralData(date(2026, 6, 1), "Holidays")),
    "acknowledge": (request_commands.acknowledge, CommentData()),
    "refuse": (request_commands.refuse, RefusalData("national_security", "No")),
    "no_record": (request_commands.report_no_record, CommentData()),
    "forward": (request_commands.forward, ReferralData("URY", "Sold on")),
    "restrict": (
        request_commands.answer,
        AnswerData("restricted", "A hearing", points_to=("CHL",)),
    ),
    "answer": (request_commands.answer, AnswerData(points_to=("URY",))),
}


class Asking(RuleBasedStateMachine):
    """Three states that ask each other about one gun, over a way that repeats, mixes and is late."""

    app = grounds = None

    def __init__(self):
        super().__init__()
        self.stack, self.now, self.numbers = ExitStack(), NOW, itertools.count(1)
        self.stack.enter_context(self.grounds.undone())
        self.is_late = False
        for module in (legs, workflow):
            self.stack.enter_context(patch.object(module, "set_status", watched(module.set_status)))
        self.sell("PRY", "pointer")
        seizure = SeizureData(
            NOW.date(),
            number="S-1",
            kind="seized",
            agency="ARG-POLICE",
            place=Place(country="ARG"),
            legal_grounds=("possession",),
            crime_context=("none",),
            items=(GUN,),
        )
        self.seized = self.do("ARG", seizures.record, data=seizure)
        self.trace("ARG", of_seizure=True)

    def actor(self, state):
        return operator(state, f"{state}-TEST", FixedClock(self.now), self.app.config["VAULT"])

    def do(self, state, command, **data):
        actor = self.actor(state)
        with transaction(actor):
            result = command(actor=actor, **data)
        if not self.is_late:
            for each in STATES:
                self.work(each)
        return result

    def attempt(self, name, state, command, **data):
        """Do it, or let the table refuse it; nothing else may go wrong."""
        try:
            self.do(state, command, **data)
            DONE[name] += 1
        except Conflict:
            DONE[f"{name} refused"] += 1

    def one_of(self, state, model, choice, *which):
        """Return one of a state's rows by a number, detached; None where there is none."""
        with transaction(self.actor(state)):
            mine = (model.owner_state == state, *which)
            rows = db.session.execute(select(model.__table__).where(*mine).order_by(model.id)).all()
        return rows[choice % len(rows)] if rows else None

    def sell(self, state, visibility):
        sale = TransferData(
            date(2024, 5, 6),
            kind="domestic_sale",
            firearm=GUN,
            visibility=visibility,
            number=f"T-{next(self.numbers)}",
        )
        self.do(state, transfers.record, data=sale)

    @rule(late=st.booleans())
    def hurry_or_not(self, late):
        self.is_late = late

    @rule(state=STATE, of_seizure=st.booleans())
    def trace(self, state, of_seizure):
        gun = (
            {"seizure": self.seized}
            if of_seizure and state == "ARG"
            else {"firearm": GUN, "found_on": date(2026, 3, 1)}
        )
        asked = TraceData(
            "C-1",
            "routine",
            "Law 1",
            "used_in_crime",
            "Found",
            "evidence",
            confirm_second=True,
            **gun,
        )
        self.attempt("trace", state, trace_commands.create_trace, data=asked)

    @rule(state=STATE, choice=ONE, words=st.lists(ONE, min_size=1, max_size=4), anyhow=FIVE)
    def say(self, state, choice, words, anyhow):
        """Let persons of an asked state speak, mostly of what waits, and mostly what is possible."""
        for word in words:
            waiting = (TraceRequest.status.in_(WAITING_STATUSES),)
            request = anyhow and self.one_of("PRY", TraceRequest, choice, *waiting)
            if not (request := request or self.one_of(state, TraceRequest, choice)):
                return
            possible = [name for name in SAYINGS if next_status(request.status, name)]
            names = possible if possible and anyhow else list(SAYINGS)
            action = names[word % len(names)]
            command, data = SAYINGS[action]
            self.attempt(
                action,
                request.owner_state,
                command,
                request_id=request.id,
                expected_version=None,
                data=data,
            )

    @rule(choice=ONE)
    def reply(self, choice):
        for state in STATES:
            waiting = (TraceLeg.status.in_(("clarification", "refused")),)
            if leg := self.one_of(state, TraceLeg, choice, *waiting):
                self.attempt(
                    "reply",
                    state,
                    channel_commands.reply,
                    trace_id=leg.trace_id,
                    leg_id=leg.id,
                    data=ReplyData("So"),
                )

    @rule(state=STATE, other=st.sampled_from((*STATES, "URY")), choice=ONE)
    def ask_one_more(self, state, other, choice):
        if trace := self.one_of(state, Trace, choice):
            self.attempt(
                "one more",
                state,
                follow_up.ask_another_state,
                trace_id=trace.id,
                data=LegData(other, "A witness"),
            )

    @rule(state=STATE, choice=ONE)
    def withdraw(self, state, choice):
        if (trace := self.one_of(state, Trace, choice)) and choice % 3 == 0:
            self.attempt(
                "withdraw",
                state,
                trace_commands.withdraw_trace,
                trace_id=trace.id,
                expected_version=None,
            )

    @rule(state=STATE, choice=ONE)
    def close(self, state, choice):
        if (trace := self.one_of(state, Trace, choice)) and choice % 3 == 1:
            self.attempt(
                "close", state, trace_commands.close_trace, trace_id=trace.id, expected_version=None
            )

    @rule(visibility=st.sampled_from(("pointer", "silent", "open")), state=STATE)
    def learn(self, visibility, state):
        self.sell(state, visibility)

    @rule()
    def renew(self):
        mark = Mark("proof", f"BM{next(self.numbers)}")
        self.attempt(
            "renew",
            "ARG",
            added_marks.add_mark,
            seizure_id=self.seized,
            line=1,
            mark=mark,
            reason="Seen",
        )

    @rule(sender=STATE, recipient=STATE, data=st.data())
    def copy(self, sender, recipient, data):
        """Let some of what was ever said come, in any order, some of it twice."""
        with transaction(self.actor(sender)):
            wanted = select(OutboxEnvelope.raw).where(
                OutboxEnvelope.owner_state == sender, OutboxEnvelope.recipient == recipient
            )
            raws = [
                bytes(raw) for raw in db.session.scalars(wanted.order_by(OutboxEnvelope.sequence))
            ]
        if raws:
            some = data.draw(st.lists(st.sampled_from(raws), min_size=1, max_size=4))
            with transaction(self.actor(recipient)):
                inbox.receive_many(self.actor(recipient), some, find_public_key)

    @rule(state=STATE)
    def work(self, state):
        while processing.run_steps(actor=self.actor(state)):
            pass

    def teardown(self):
        for _ in range(8):
            self.now += timedelta(hours=1)
            for state in (*STATES, "CHL", "URY"):
                self.work(state)
        for state in STATES:
            self.agree(state)
        self.stack.close()

    def agree(self, state):
        """Compare each leg with the request that the asked state has of it, and the trace with both."""
        mine = {leg.id: leg for leg in self.rows(state, TraceLeg)}
        traces = self.rows(state, Trace)
        withdrawn = {trace.id for trace in traces if trace.status == "withdrawn"}
        for trace in traces:
            of = [leg for leg in mine.values() if leg.trace_id == trace.id]
            assert trace.status in ("withdrawn", "closed", legs.trace_status(of, state))
            is_over = trace.status in ("withdrawn", "closed")
            assert not is_over or not {leg.status for leg in of} & {*OPEN_STATUSES}
        for leg in mine.values():
            if leg.state == state:
                continue
            [request] = [row for row in self.rows(leg.state, TraceRequest) if row.leg_id == leg.id]
            is_withdrawn = request.status == "withdrawn" and leg.trace_id in withdrawn
            by_service = (request.status, leg.status) == ("sent", "acknowledged")
            assert (
                request.status == leg.status
                or by_service
                or (is_withdrawn and leg.status in ANSWERED_STATUSES)
            )
            assert (request.stopped_at is not None) == (request.status == "clarification")
            self.nothing_is_lost(state, leg, request)

    def nothing_is_lost(self, state, leg, request):
        """What the asked state said is known to the asking one, unless that had withdrawn."""
        result, heard = self.words(leg.state, request.id), self.words(state, leg.id)
        DONE["part"] += sum(
            row.data.get("restriction_reason") == PERSON_DECIDES
            for row in self.rows(state, TraceMessage)
            if row.subject_id == leg.id
        )
        missing = {key for key, sender in result.items() if sender == leg.state} - heard.keys()
        set_aside = {
            row.envelope_id: row.code
            for row in self.rows(state, InboxProgress)
            if row.status == "refused"
        }
        assert {set_aside.get(key) for key in missing} <= {"illegal_transition"}
        assert not missing or request.status == "withdrawn"
        assert {key for key, sender in heard.items() if sender == state} <= result.keys()

    def words(self, state, subject_id):
        return {
            row.envelope_id: row.sender
            for row in self.rows(state, TraceMessage)
            if row.subject_id == subject_id and row.envelope_id
        }

    def rows(self, state, model):
        with transaction(self.actor(state)):
            wanted = select(model.__table__).where(model.owner_state == state)
            return db.session.execute(wanted).all()


def watched(set_status):
    """Let no status follow another but by the table, or by what the gun's renewal opens again."""

    def wrapped(*content):
        row, status = content[-2:]  # a request's comes with who acts
        table = LEG_TRANSITIONS if isinstance(row, TraceLeg) else TRANSITIONS
        possible = {row.status, *table[row.status].values()}
        assert (
            status in possible
            or (status == "sent" and row.status in (*ANSWERED_STATUSES, "acknowledged"))
            or is_own(row)
        )
        set_status(*content)

    return wrapped


def is_own(row):
    return isinstance(row, TraceLeg) and row.state == row.owner_state


def test_both_sides_of_every_trace_agree_in_the_end(app, grounds):
    run_state_machine_as_test(
        type("Asking", (Asking,), {"app": app, "grounds": grounds}), settings=drawn(3, 12, steps=30)
    )


def test_both_sides_agree_after_long_talks_in_which_everything_is_said(app, grounds):
    DONE.clear()
    for seed in range(8):
        talk(type("Asking", (Asking,), {"app": app, "grounds": grounds})(), random.Random(seed))
    wanted = (*SAYINGS, "reply", "renew", "withdraw", "close", "one more", "part")
    assert [name for name in wanted if not DONE[name]] == []


def talk(asking, chance):
    """Let sixty things happen by chance, more often those that let a story go on."""
    some = {
        asking.say: 8,
        asking.reply: 4,
        asking.work: 4,
        asking.trace: 2,
        asking.renew: 2,
        asking.ask_one_more: 1,
        asking.withdraw: 1,
        asking.close: 1,
        asking.hurry_or_not: 2,
        asking.learn: 1,
    }
    data = {
        "state": lambda: chance.choice(STATES),
        "choice": lambda: chance.randrange(64),
        "words": lambda: [chance.randrange(64)],
        "anyhow": lambda: chance.randrange(5),
        "of_seizure": lambda: chance.random() < 0.5,
        "late": lambda: chance.random() < 0.6,
        "other": lambda: chance.choice((*STATES, "URY")),
        "visibility": lambda: chance.choice(("pointer", "pointer", "silent", "open")),
    }
    for step in chance.choices(list(some), list(some.values()), k=60):
        step(**{name: data[name]() for name in list(inspect.signature(step).parameters)})
    asking.teardown()

"""However copies come, in whichever order and however often, each message is applied once, in order."""

import random
from collections import defaultdict
from contextlib import ExitStack
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from salsa_ext.access.signing import find_public_key
from salsa_ext.core.errors import Conflict, EnvelopeRefused
from salsa_ext.core.errors import message as sentence
from salsa_ext.database.session import transaction
from salsa_ext.exchange import inbox, outbox, processing
from salsa_ext.exchange.envelopes import EnvelopeData
from tests.conftest import NOW
from tests.exchange.conftest import acting, applied, note, sent
from tests.support.sizes import drawn, sized

STATES = ("ARG", "BRA", "PRY")
PAIRS = [(sender, recipient) for sender in STATES for recipient in STATES if sender != recipient]
PAIR = st.sampled_from(PAIRS)
STATE = st.sampled_from(STATES)


class Talk(RuleBasedStateMachine):
    """Three states that talk, over a way that repeats and mixes, to programs that fail."""

    app = grounds = None

    def __init__(self):
        super().__init__()
        self.stack, self.now, self.down = ExitStack(), NOW, set()
        self.said, self.senders = defaultdict(list), {}
        self.stack.enter_context(self.grounds.undone())
        processing.HANDLERS["test.said"] = self.handle
        self.stack.callback(processing.HANDLERS.pop, "test.said")

    def handle(self, actor, envelope):
        note(actor, envelope)
        if envelope.body.get("refused"):
            raise Conflict(sentence("Not now."))
        if actor.state in self.down:
            raise RuntimeError("down")

    @rule(pair=PAIR, refused=st.booleans(), much=st.integers(1, 3))
    def say(self, pair, refused, much):
        sender, recipient = pair
        actor = acting(sender, self.now)
        letter = EnvelopeData("test.said", "BR-1", recipient, {"refused": refused})
        with transaction(actor):
            result = outbox.send_many(actor, [letter] * much)
        self.senders |= {each.id: sender for each in result}
        self.said[pair] += [] if refused else [each.id for each in result]

    @rule(pair=PAIR, data=st.data())
    def copy(self, pair, data):
        """Let some of what was ever said come, in any order, some of it twice."""
        raws = [raw for raw in sent(pair[0]) if f'"recipient":"{pair[1]}"'.encode() in raw]
        if raws:
            some = data.draw(st.lists(st.sampled_from(raws), min_size=1, max_size=6))
            assert not any(isinstance(each, EnvelopeRefused) for each in self.take(pair[1], some))

    def take(self, state, raws):
        actor = acting(state, self.now)
        with transaction(actor):
            return inbox.receive_many(actor, raws, find_public_key)

    @rule(state=STATE)
    def break_down(self, state):
        self.down.add(state)

    @rule(state=STATE)
    def mend(self, state):
        self.down.discard(state)

    @rule(seconds=st.integers(0, 60))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(state=STATE)
    def work(self, state):
        work(acting(state, self.now))

    @invariant()
    def what_is_applied_is_the_beginning_of_what_was_said(self):
        for (sender, recipient), value in self.said.items():
            done = [key for key in applied(recipient) if self.senders[key] == sender]
            assert done == value[: len(done)]

    def teardown(self):
        self.down.clear()
        for _ in range(4):
            self.now += timedelta(hours=1)
            for state in STATES:
                self.work(state)
        for state in STATES:
            wanted = sum(len(value) for (_, to), value in self.said.items() if to == state)
            assert len(applied(state)) == wanted
        self.stack.close()


def test_copies_in_any_order_amid_failures_lose_nothing_and_repeat_nothing(app, grounds):
    run_state_machine_as_test(
        type("Talk", (Talk,), {"app": app, "grounds": grounds}), settings=drawn(8, 25, steps=25)
    )


MANY = sized(150, 2_500)  # of each of four pairs of states


def test_thousands_of_messages_are_applied_once_each_in_order(session, handle):
    """Each comes about twice, mixed with all others; some are copies that the worker brought too."""
    chance, done = random.Random(7), defaultdict(list)

    def apply(actor, envelope):
        if chance.random() < 0.002:
            raise RuntimeError("down")
        done[envelope.sender, actor.state].append(envelope.sequence)

    handle("test.said", apply)
    talking = [("BRA", "PRY"), ("PRY", "BRA"), ("BRA", "ARG"), ("ARG", "PRY")]
    for sender, recipient in talking:
        letters = [EnvelopeData("test.said", "BR-1", recipient, {"n": n}) for n in range(MANY)]
        with transaction(acting(sender)):
            outbox.send_many(acting(sender), letters)
    copies = {state: [] for state in STATES}
    for sender, recipient in talking:
        copies[recipient] += [
            raw for raw in sent(sender) if f'"recipient":"{recipient}"'.encode() in raw
        ]
    for state, raws in copies.items():
        mixed = chance.sample(raws, len(raws)) + chance.sample(raws, len(raws) // 4)
        for start in range(0, len(mixed), 500):
            with transaction(acting(state)):
                inbox.receive_many(acting(state), mixed[start : start + 500], find_public_key)
    moment = NOW
    while sum(map(len, done.values())) < MANY * len(talking):
        moment += timedelta(hours=1)
        for state in STATES:
            work(acting(state, moment))
    assert done == {pair: list(range(1, MANY + 1)) for pair in talking}


def work(actor):
    """Let the worker do what one state has to do."""
    while processing.run_steps(actor=actor):
        pass

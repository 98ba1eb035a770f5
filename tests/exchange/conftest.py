"""States that talk: kinds that are handled for one test, and what each state applied."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.http.context import current_vault
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, transaction
from salsa_ext.exchange import outbox, processing
from salsa_ext.exchange.envelopes import EnvelopeData
from salsa_ext.exchange.models import InboxProgress, OutboxEnvelope
from salsa_ext.notifications.models import NotificationRead
from tests.conftest import NOW
from tests.support import jobs


@pytest.fixture
def handle(monkeypatch):
    """Let a function apply a kind while the test runs."""

    def name(kind, handler):
        monkeypatch.setitem(processing.HANDLERS, kind, handler)

    return name


def note(actor, envelope):
    """Apply an envelope so that it shows: a row of the recipient's holds its id."""
    row = {"notification_id": new_id(), "account_id": envelope.id, "owner_state": actor.state}
    insert_many(NotificationRead, [row | {"concerned": [actor.state], "read_at": actor.now()}])


@pytest.fixture
def noted(handle):
    """Let `test.said` be applied by noting it."""
    handle("test.said", note)


def acting(state, at=NOW):
    return operator(state, clock=FixedClock(at), vault=current_vault())


def applied(state):
    """Return the ids of what a state applied, in the order in which it did."""
    with transaction(acting(state)):
        rows = select(NotificationRead.account_id).order_by(NotificationRead.notification_id)
        return db.session.scalars(rows).all()


def statuses(state):
    """Return what became of each envelope in a state's inbox, by its id."""
    columns = (InboxProgress.envelope_id, InboxProgress.status, InboxProgress.code)
    with transaction(acting(state)):
        return {row[0]: (row[1], row[2]) for row in db.session.execute(select(*columns))}


def sent(state):
    """Return the bytes of what a state sent, in order."""
    with transaction(acting(state)):
        rows = db.session.scalars(
            select(OutboxEnvelope.raw).order_by(OutboxEnvelope.recipient, OutboxEnvelope.sequence)
        )
        return [bytes(raw) for raw in rows]


@pytest.fixture
def say(session) -> Callable:
    """Let a state say something to another, and deliver it or not; returns the envelope."""

    def one(sender="BRA", recipient="PRY", kind="test.said", now=True, at=NOW, **body):
        actor = acting(sender, at)
        with transaction(actor):
            envelope = outbox.send(actor, EnvelopeData(kind, "BR-1", recipient, body))
        if now:
            deliver(at)
        return envelope

    return one


def deliver(at=NOW):
    """Let the worker deliver and apply all that is due; returns the number of its steps."""
    return jobs.deliver_envelopes(FixedClock(at))


@pytest.fixture
def work(session):
    return deliver

"""What a state says of a trace that is not its own keeps nothing from anybody, and brings nothing to light."""

import pytest
from sqlalchemy import select

from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db, transaction
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import EnvelopeData
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.traces.models import Trace
from tests.conftest import NOW
from tests.support import bodies, jobs

KEPT, SEEING = "PRY-POLICE", "PRY-LICENSING"


@pytest.fixture
def requested(as_actor):
    """What Brazil asked Paraguay, which holds a record and says nothing by itself."""
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(visibility="pointer"))
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(hidden_from=[KEPT]))
    return rows("PRY", TraceRequest)[0]


@pytest.fixture
def own(as_actor):
    """A trace of Paraguay, hidden from one of its agencies."""
    made = as_actor("PRY", "trace_analyst").post("/traces", bodies.trace(hidden_from=[KEPT])).json
    return next(trace for trace in rows("PRY", Trace) if str(trace.id) == made["id"])


@pytest.fixture
def send_letter(app):
    """Let a state send Paraguay a letter of its own making."""

    def sent(state, kind, **body):
        actor = operator(state, clock=FixedClock(NOW), vault=app.config["VAULT"])
        with transaction(actor):
            outbox.send(actor, EnvelopeData(kind, "C-HOSTILE", "PRY", body))
        jobs.deliver_envelopes(actor.clock)

    return sent


def rows(state, model):
    jobs.jobs_to_idle()
    with transaction(operator(state)):
        found = list(db.session.scalars(select(model)))
        db.session.expunge_all()  # as they stand: they are read once the transaction is over
        return found


def kept_from(subject):
    with transaction(operator("PRY")):
        return restrictions.list_restricted(subject)


def request_of(requested, trace, agencies):
    return requested.body | {"leg": str(new_id()), "trace": str(trace), "hidden_from": agencies}


@pytest.mark.parametrize("agencies", [[], [SEEING]])
@pytest.mark.parametrize("kind", ["trace.request", "trace.renewed"])
def test_a_request_about_a_trace_of_the_own_state_is_set_aside(
    requested, own, send_letter, kind, agencies
):
    before = len(rows("PRY", TraceRequest))
    send_letter("BRA", kind, **request_of(requested, own.id, agencies))
    assert len(rows("PRY", TraceRequest)) == before
    assert kept_from(own.id) == [KEPT]


@pytest.mark.parametrize("agencies", [[], [SEEING]])
def test_what_a_third_state_says_takes_back_nothing_that_the_asking_one_named(
    requested, send_letter, agencies
):
    result = request_of(requested, requested.trace_id, [SEEING])
    send_letter("ARG", "trace.request", **result)
    assert kept_from(requested.trace_id) == sorted([KEPT, SEEING])
    send_letter("ARG", "trace.hide", leg=result["leg"], hidden_from=agencies, office=None)
    assert KEPT in kept_from(requested.trace_id)
    assert kept_from(requested.id) == [KEPT]

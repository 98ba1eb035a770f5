"""Commands and deliveries at one moment: none waits for another state, and nobody waits in a circle."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from api.http.context import current_vault
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from salsa_ext.exchange import inbox
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import AcknowledgementData
from tests.conftest import NOW
from tests.support import bodies, jobs

TIMES = 4


@pytest.fixture
def pointer(real_client):
    """A sale in Paraguay of which others learn only that it is there."""
    real_client("PRY", "licensing_officer").post(
        "/transfers", bodies.transfer(visibility="pointer")
    )


@pytest.fixture
def early(real_client):
    """Return a client that comes before the jobs have run."""
    return lambda *who: replace(real_client(*who), background=False)


def work(real_app):
    with real_app.app_context():
        return jobs.deliver_envelopes(FixedClock(NOW))


@contextmanager
def delivering(real_app, recipient, sender):
    """Hold what a worker holds while the recipient applies an envelope of the sender."""
    with real_app.app_context(), transaction(operator(recipient, clock=FixedClock(NOW))):
        inbox.lock_pair(recipient, sender)
        yield


def at_once(*functions):
    with ThreadPoolExecutor(len(functions)) as pool:
        for each in [pool.submit(function) for function in functions]:
            each.result(timeout=60)


def legs_of(analyst, trace):
    return {leg["state"]: leg["status"] for leg in analyst.get(f"/traces/{trace}").json["legs"]}


def requests_of(real_client, state):
    return real_client(state, "trace_analyst").get("/requests").json["items"]


def test_a_trace_is_sent_and_ended_while_what_both_states_said_before_is_delivered(
    real_app, real_client, early, pointer
):
    analyst = early("BRA", "trace_analyst")

    def send_and_close():
        trace = analyst.post("/traces", bodies.trace()).json["id"]
        assert legs_of(analyst, trace)["PRY"] == "sent"
        analyst.change(f"/traces/{trace}", "close")

    with delivering(real_app, "PRY", "BRA"), delivering(real_app, "BRA", "PRY"):
        at_once(send_and_close)
        assert requests_of(early, "PRY") == []
    work(real_app)
    assert [each["status"] for each in requests_of(real_client, "PRY")] == ["withdrawn"]


def test_requests_are_acknowledged_at_once_by_several(real_app, real_client, pointer):
    for state in ("BRA", "ARG"):
        for number in range(TIMES):
            body = bodies.trace(case_number=f"{state}-{number}")
            real_client(state, "trace_analyst").post("/traces", body)
    work(real_app)

    def acknowledge(is_reversed):
        with real_app.app_context():
            actor = operator("PRY", "PRY-TEST", FixedClock(NOW), current_vault())
            with transaction(actor):
                ids = db.session.scalars(db.select(TraceRequest.id)).all()[:: 1 - 2 * is_reversed]
                data = AcknowledgementData(ids)
                request_commands.acknowledge_many(actor=actor, data=data)

    at_once(*[lambda n=n: acknowledge(n % 2) for n in range(TIMES)])
    assert {each["status"] for each in requests_of(real_client, "PRY")} == {"acknowledged"}


def ship(real_client, exporting, importing, serial):
    """Ship a gun from one state to another, so that the answer of one leads to the other."""
    party, exporter = bodies.party, real_client(exporting, "licensing_officer")
    sides = {
        "exporting_state": exporting,
        "importing_state": importing,
        "authority": bodies.authority(exporting),
        "exporter": party("Factory", exporting, "manufacturer"),
        "importer": party("Importer", importing),
        "final_consignee": party("Importer", importing),
        "import_permit": {"state": importing, "number": f"I-{serial}"},
    }
    permit = exporter.post("/permits", bodies.permit(number=f"E-{serial}", **sides)).json["id"]
    body = bodies.shipment((serial,), number=f"A-{serial}")
    body.pop("route", None)
    exporter.post(f"/permits/{permit}/shipments", body)


def test_traces_that_are_led_to_each_others_states_wait_for_neither(real_app, real_client, pointer):
    ship(real_client, "PRY", "ARG", "QWE111111")
    ship(real_client, "ARG", "PRY", "ZXC222222")
    analyst, made = real_client("BRA", "trace_analyst"), []

    def trace(serial):
        firearm = bodies.firearm(serial=serial)
        firearm.pop("country_of_manufacture", None)
        body = bodies.trace(firearm=firearm, case_number=serial)
        made.append(analyst.post("/traces", body).json["id"])

    at_once(*[lambda serial=serial: trace(serial) for serial in ("QWE111111", "ZXC222222")])
    at_once(*[lambda: work(real_app)] * TIMES)
    work(real_app)
    for each in made:
        assert set(legs_of(analyst, each)) >= {"ARG", "PRY"}
        assert "sent" not in legs_of(analyst, each).values()
    for asked in ("ARG", "PRY"):
        cases = sorted(each["case_number"] for each in requests_of(real_client, asked))
        assert cases == ["QWE111111", "ZXC222222"]

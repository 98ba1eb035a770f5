"""Pairs of states are locked before what they say is about, in one order: nobody waits in a circle."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from api import jobs
from api.http.context import current_vault
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import acting_as, db, transaction
from salsa_ext.exchange import pair_locks
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import AcknowledgementData
from salsa_ext.tracing.traces import legs
from tests.conftest import NOW
from tests.support import bodies
from tests.support.waits import WAITS

TRACE = text("SELECT id FROM trace FOR UPDATE NOWAIT")


@pytest.fixture
def pointer(real_client):
    """A sale in Paraguay of which others learn only that it is there."""
    real_client("PRY", "licensing_officer").post(
        "/transfers", bodies.transfer(visibility="pointer")
    )


@contextmanager
def talking(real_app, one, other, *commands):
    """Keep two states from talking while commands begin, and until they wait."""
    with ThreadPoolExecutor(len(commands)) as pool, real_app.app_context():
        actor = operator(one, clock=FixedClock(NOW))
        with transaction(actor):
            pair_locks.lock_with(one, [other])
            begun = [pool.submit(command) for command in commands]
            while not db.session.scalar(WAITS) and not all(each.done() for each in begun):
                time.sleep(0.05)
            yield actor
        for each in begun:
            each.result()


def without_waiting(real_app, one, other, command):
    """Run a command to its end while two states are kept from talking."""
    with talking(real_app, one, other, command):
        assert db.session.scalar(WAITS) == 0


def work(real_app):
    with real_app.app_context():
        while jobs.deliver_envelopes(FixedClock(NOW + timedelta(hours=1))):
            pass


def redate(clerk, sold):
    body = bodies.transfer(reason="Read again", occurred_on="2024-06-05")
    path = f"/transfers/{sold['id']}"
    clerk.post(f"{path}/correct", body, 200, If_Match=clerk.get(path).headers["ETag"])


def legs_of(analyst, trace):
    return {leg["state"]: leg["status"] for leg in analyst.get(f"/traces/{trace}").json["legs"]}


def requests_of(real_client, state):
    return real_client(state, "trace_analyst").get("/requests").json["items"]


def acts(real_client, state, action):
    found = real_client(state, "auditor").get(f"/audit?action={action}").json["items"]
    return [one["data"] for one in found]


def test_a_mark_holds_no_trace_while_it_waits_for_what_another_state_says(
    real_app, real_client, pointer
):
    police = real_client("BRA", "police_officer")
    made = police.post("/seizures", bodies.seizure()).json
    police.post("/traces", bodies.trace_of(made["id"]))

    def add():
        mark = {"kind": "proof", "text": "BM9", "method": "visual", "reason": "Seen"}
        police.post(f"/seizures/{made['id']}/items/1/marks", mark)

    with talking(real_app, "PRY", "BRA", add) as actor, acting_as(actor, "BRA"):
        assert len(db.session.execute(TRACE).all()) == 1


def test_several_requests_are_acknowledged_in_one_order_of_the_asking_states(
    real_app, real_client, pointer
):
    for state in ("BRA", "ARG"):
        real_client(state, "trace_analyst").post("/traces", bodies.trace())

    def acknowledge():
        with real_app.app_context():
            actor = operator("PRY", "PRY-TEST", FixedClock(NOW), current_vault())
            with transaction(actor):
                several = AcknowledgementData(db.session.scalars(db.select(TraceRequest.id)).all())
                assert not request_commands.acknowledge_many(actor=actor, data=several).failures

    with talking(real_app, "ARG", "PRY", acknowledge):
        assert pair_locks.try_lock_with("PRY", "BRA")


def test_a_correction_holds_no_own_trace_while_it_waits_for_whom_it_is_told(real_app, real_client):
    clerk, own = real_client("BRA", "licensing_officer"), real_client("BRA", "trace_analyst")
    sold = clerk.post("/transfers", bodies.transfer()).json
    trace = own.post("/traces", bodies.trace()).json
    asking = real_client("ARG", "trace_analyst").post("/traces", bodies.trace()).json
    with (
        talking(real_app, "ARG", "BRA", lambda: redate(clerk, sold)) as actor,
        acting_as(actor, "BRA"),
    ):
        assert len(db.session.execute(TRACE).all()) == 1
    for analyst, told in ((own, trace), (real_client("ARG", "trace_analyst"), asking)):
        [event] = analyst.get(f"/traces/{told['id']}/result").json["chain"]
        assert event["occurred_on"] == "2024-06-05"


def test_a_correction_holds_no_own_trace_while_it_waits_for_who_answers_that(real_app, real_client):
    clerk, own = real_client("BRA", "licensing_officer"), real_client("BRA", "trace_analyst")
    sold = clerk.post("/transfers", bodies.transfer()).json
    trace = own.post("/traces", bodies.trace()).json
    own.post(f"/traces/{trace['id']}/legs", {"state": "PRY", "reason": "Found near it"})
    with (
        talking(real_app, "PRY", "BRA", lambda: redate(clerk, sold)) as actor,
        acting_as(actor, "BRA"),
    ):
        assert db.session.scalar(WAITS) == 1
        assert len(db.session.execute(TRACE).all()) == 1


def test_a_draft_that_is_sent_is_held_by_nobody_who_waits_to_ask(real_app, real_client, pointer):
    analyst = real_client("BRA", "trace_analyst")
    trace = analyst.post("/traces", bodies.trace(draft=True)).json["id"]

    def send():
        analyst.change(f"/traces/{trace}", "send")

    without_waiting(real_app, "PRY", "BRA", send)
    assert (legs_of(analyst, trace)["PRY"], requests_of(real_client, "PRY")) == ("sent", [])
    assert acts(real_client, "BRA", "trace:sent") == [{"asked": [], "to_ask": ["PRY"]}]
    assert acts(real_client, "PRY", "trace:sent") == []  # it knows of nothing until it is asked
    work(real_app)
    work(real_app)
    assert [one["status"] for one in requests_of(real_client, "PRY")] == ["sent"]
    [asked] = acts(real_client, "BRA", "trace:asked")
    assert asked["asked"] == ["PRY"]
    assert len(acts(real_client, "PRY", "trace:sent")) == 1


def test_a_mark_by_which_a_state_is_asked_newly_waits_for_nobody(real_app, real_client, pointer):
    police, examiner = real_client("BRA", "police_officer"), real_client("BRA", "forensic_examiner")
    gun = bodies.firearm(marking="obliterated", country_of_manufacture="BRA")
    del gun["serial"]
    seizure = police.post("/seizures", bodies.seizure(items=[gun])).json["id"]
    trace = police.post("/traces", bodies.trace_of(seizure)).json["id"]
    assert "PRY" not in legs_of(police, trace)
    mark = {"kind": "manufacture", "text": "ABC123456", "method": "magnetic", "reason": "Read"}

    def add():
        examiner.post(f"/seizures/{seizure}/items/1/marks", mark)

    without_waiting(real_app, "PRY", "BRA", add)
    assert (legs_of(police, trace)["PRY"], requests_of(real_client, "PRY")) == ("sent", [])
    work(real_app)
    assert len(requests_of(real_client, "PRY")) == 1


def test_a_trace_that_ends_before_a_state_was_asked_tells_it_nothing(
    real_app, real_client, pointer
):
    analyst = real_client("BRA", "trace_analyst")
    trace = analyst.post("/traces", bodies.trace(draft=True)).json["id"]

    def send():
        analyst.change(f"/traces/{trace}", "send")

    without_waiting(real_app, "PRY", "BRA", send)
    analyst.change(f"/traces/{trace}", "close")
    work(real_app)
    assert requests_of(real_client, "PRY") == acts(real_client, "PRY", "trace:sent") == []
    assert real_client("PRY", "auditor").get("/audit?action=envelope:refused").json["items"] == []


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


def test_two_traces_that_are_led_to_each_others_states_wait_for_neither(
    real_app, real_client, pointer, monkeypatch
):
    ship(real_client, "PRY", "ARG", "QWE111111")
    ship(real_client, "ARG", "PRY", "ZXC222222")
    analyst, make = real_client("BRA", "trace_analyst"), legs.create_legs
    analyst.post("/traces", bodies.trace(case_number="C-1"))  # its state has a key to sign by
    both, mine = threading.Barrier(2, timeout=60), threading.local()

    def together(*args, **options):
        """Let each have asked its first state before either asks the next."""
        mine.depth = getattr(mine, "depth", 0) + 1
        if mine.depth == 2:
            both.wait()
        make(*args, **options)

    monkeypatch.setattr(legs, "create_legs", together)

    def trace(serial):
        firearm = bodies.firearm(serial=serial)
        firearm.pop("country_of_manufacture", None)
        body = bodies.trace(firearm=firearm, case_number=serial)
        headers = {"Authorization": f"Bearer {analyst.token}"}
        return real_app.test_client().post("/api/v1/traces", json=body, headers=headers)

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(trace, ("QWE111111", "ZXC222222")))
    assert [one.status_code for one in made] == [201, 201]
    work(real_app)
    for one in made:
        assert set(legs_of(analyst, one.json["id"])) >= {"ARG", "PRY"}
        assert "sent" not in legs_of(analyst, one.json["id"]).values()
    for asked in ("ARG", "PRY"):
        cases = sorted(one["case_number"] for one in requests_of(real_client, asked))
        assert [case for case in cases if case != "C-1"] == ["QWE111111", "ZXC222222"]


def test_an_answer_that_leads_to_a_further_state_waits_for_nobody(real_app, real_client):
    sold = real_client("PRY", "licensing_officer").post(
        "/transfers", bodies.transfer(visibility="pointer")
    )
    analyst, asked = real_client("BRA", "trace_analyst"), real_client("PRY", "trace_analyst")
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    [request] = requests_of(real_client, "PRY")

    def answer():
        said = {
            "completeness": "full",
            "handling": "H1",
            "points_to": ["ARG"],
            "records": [sold.json["firearm"]["record"]],
        }
        asked.change(f"/requests/{request['id']}", "answer", said)

    without_waiting(real_app, "ARG", "BRA", answer)
    assert legs_of(analyst, trace) | {"BRA": ""} == {"BRA": "", "PRY": "answered", "ARG": "sent"}
    work(real_app)
    assert legs_of(analyst, trace)["ARG"] == "no_record"

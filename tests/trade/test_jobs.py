"""What of trade shows at once, and what the jobs of each state write after it."""

from uuid import UUID

import pytest
from sqlalchemy import text

from salsa_ext.core.errors import NotFound
from salsa_ext.database.session import db
from salsa_ext.trade.discrepancies.values import discrepancy_status
from salsa_ext.trade.shipments import refresh
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.jobs import jobs_to_idle
from tests.support.movements import Way, act, tick


@beginning
def way(as_actor):
    return Way(as_actor)


@pytest.fixture
def shipped(way):
    made = way.ship()
    way.release(made)
    return made


def test_a_tick_is_answered_with_its_status_and_lists_follow(as_actor, shipped):
    border, reader = (
        as_actor("BRA", role, background=False) for role in ("border_officer", "licensing_officer")
    )
    jobs_to_idle()
    answer = tick(border, shipped, "exit", quantity=1)
    assert (answer["status"], answer["discrepancies"]) == ("in_transit", [])
    assert reader.get(f"/shipments/{shipped['id']}").json["status"] == "in_transit"
    assert reader.get("/shipments?status=in_transit").json["items"] == []
    jobs_to_idle()
    [listed] = reader.get("/shipments?status=in_transit").json["items"]
    assert (listed["id"], listed["version"]) == (shipped["id"], answer["version"])
    assert reader.get("/discrepancies").json["items"][0]["kind"] == "quantity_mismatch"


def test_a_hold_stops_a_truck_before_any_job(as_actor, shipped):
    exporter = as_actor("BRA", "border_officer", background=False)
    act(exporter, shipped, "hold", reason="Seal broken")
    refused = tick(exporter, shipped, "exit", expect=409, at="2026-03-09T15:00:00Z")
    assert refused["code"] == "held_by_own"


def test_a_state_that_is_not_concerned_locks_no_shipment(run, way, shipped):
    def lock(actor):
        refresh.lock_shipment(UUID(shipped["id"]))

    with pytest.raises(NotFound):
        run("URY", lock)
    version = way.read(shipped)["version"]
    run("BOL", lock)
    assert way.read(shipped)["version"] == version + 1


def test_a_state_that_is_concerned_writes_nothing_else_of_a_shipment(run, way, shipped):
    change = text("UPDATE shipment SET status = 'lost' WHERE id = :id")
    assert run("BOL", lambda actor: db.session.execute(change, {"id": shipped["id"]}).rowcount) == 0


def test_a_transit_state_learns_of_a_certificate_that_does_not_concern_it(as_actor):
    arg, bra, pry = (as_actor(state, "licensing_officer") for state in ("ARG", "BRA", "PRY"))
    transit = arg.post("/permits", bodies.transit_permit("ARG")).json["id"]
    assert arg.get(f"/permits/{transit}").json["counterpart_status"] == "awaiting_counterpart"
    bra.post("/permits", bodies.permit(transit_states=["ARG"]))
    certificate = pry.post("/permits", bodies.import_permit()).json["id"]
    arg.get(f"/permits/{certificate}", expect=404)
    assert arg.get(f"/permits/{transit}").json["counterpart_status"] == "complete"


@pytest.mark.parametrize(
    "resolved,reopened,stances,status",
    [
        (False, False, [None, None], "open"),
        (False, False, ["explained", None], "explained"),
        (False, False, ["agreed", "explained"], "explained"),
        (False, True, ["agreed", "agreed"], "agreed"),
        (False, False, ["open", None], "reopened"),
        (False, True, [None, None], "reopened"),
        (True, True, ["agreed", "agreed"], "resolved"),
        (False, False, [], "open"),
    ],
)
def test_the_status_of_a_discrepancy_follows_from_facts_and_stances(
    resolved, reopened, stances, status
):
    assert discrepancy_status(resolved, reopened, stances) == status

"""A recount of the stored records finds the figures as the commands counted them."""

import pytest
from sqlalchemy import func, select

from salsa_ext.database.session import db
from salsa_ext.documents.figures import SEIZURES
from salsa_ext.figures import DATASETS
from salsa_ext.statistics import rollups
from salsa_ext.tracing.traces.figures import TRACES
from salsa_ext.trade.shipments.figures import LICIT_TRADE
from tests.support import bodies
from tests.support.movements import Way, act, add


@pytest.fixture
def recounted(run):
    """Return the figures that a recount corrects in Brazil, and the amount that it counts."""

    def count(dataset):
        corrections = run("BRA", rollups.recount, dataset=dataset)
        stored = rollups.amounts_of(dataset)
        return corrections, db.session.scalar(select(func.sum(stored.c.amount)))

    return count


def test_seizures_with_corrections_and_silent_ones(police, recounted):
    guns = [bodies.firearm(line=1), bodies.firearm(line=2, type="rifle", serial="R 1")]
    made = police.post("/seizures", bodies.seizure(items=guns)).json
    police.post("/seizures", bodies.seizure(number="S-2", visibility="silent"))
    body = bodies.seizure(items=guns, occurred_on="2025-08-20", reason="Day")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"')
    assert recounted(SEIZURES) == (0, 2)


def test_traces_with_withdrawn_ones(police, recounted):
    police.post("/traces", bodies.trace())
    trace = police.post("/traces", bodies.trace()).json
    etag = f'"{trace["version"]}"'
    police.post(f"/traces/{trace['id']}/withdraw", None, 200, If_Match=etag)
    assert recounted(TRACES) == (0, 1)


def test_shipments_that_were_put_off_cancelled_or_came_back_in_part(as_actor, recounted):
    way = Way(as_actor)
    off, cancelled, refused = (
        way.ship(f"{name}1", f"{name}2", number=name) for name in ("OFF", "CAN", "REF")
    )
    act(way.bra, off, "amend", ships_on="2026-04-02", authentication="Stamp 7", reason="Late")
    act(way.bra, cancelled, "cancel", reason="Buyer withdrew")
    way.release(refused)
    way.tick(refused, "exit")
    way.tick(refused, "entry", 3, outcome="refused")
    add(way.bra, refused, "receipt", received_on="2026-03-08", items=[{"serial": "REF2"}])
    assert recounted(LICIT_TRADE) == (0, 3)


def test_what_the_records_do_not_tell_is_left_as_it_is(run):
    [dataset] = [one for one in DATASETS if one.recount is None]
    assert run("BRA", rollups.recount, dataset=dataset) == 0


def test_a_recount_is_in_the_audit(run, as_actor):
    run("BRA", rollups.recount, dataset=SEIZURES)
    [entry] = as_actor("BRA", "auditor").get("/audit?action=dataset:recounted").json["items"]
    assert entry["data"] == {"corrected": 0}

"""A shipment that goes on another day than planned changes its records, traces and figures."""

from datetime import timedelta

from sqlalchemy import text

from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import bodies, jobs
from tests.support.grounds import beginning
from tests.support.movements import Way, act

PLANNED, TRUE, NEXT_QUARTER = "2026-02-01", "2026-02-20", "2026-04-02"
SIGNED = {"authentication": "Stamp 7", "reason": "Strike"}


@beginning
def way(as_actor):
    return Way(as_actor)


@beginning
def shipment(way):
    return way.ship()


def put_off(way, shipment, on=TRUE, **more):
    return act(way.bra, shipment, "amend", ships_on=on, **SIGNED, **more)


def export_of(as_actor, trace, state="BRA"):
    chain = as_actor(state, "trace_analyst").get(f"/traces/{trace}/result").json["chain"]
    return [(event["event"], event["occurred_on"]) for event in chain]


def test_a_trace_shows_the_day_on_which_a_shipment_goes_after_all(way, shipment, as_actor, analyst):
    put_off(way, shipment)
    trace = analyst.post("/traces", bodies.trace()).json["id"]
    assert export_of(as_actor, trace) == [("export", TRUE)]


def test_the_day_that_was_planned_is_read_as_of_then(way, shipment, as_actor, app):
    police, path = as_actor("BRA", "police_officer"), f"/records/{shipment['items'][0]['record']}"
    app.config["CLOCK"] = FixedClock(NOW + timedelta(hours=1))
    put_off(way, shipment)
    past = police.get(f"{path}?as_of=2026-03-09T15:30:00Z").json
    app.config["CLOCK"] = FixedClock(NOW)
    assert past["occurred_on"] == PLANNED
    read = police.get(path).json
    assert (read["occurred_on"], read["version"]) == (TRUE, 2)


def test_a_check_finds_one_record_of_each_gun(way, shipment, police):
    before = police.post("/checks", bodies.check()).json["candidates"]
    put_off(way, shipment)
    after = police.post("/checks", bodies.check()).json["candidates"]
    assert [each["record"] for each in after] == [each["record"] for each in before]


def test_figures_count_a_shipment_in_the_quarter_in_which_it_goes(way, shipment):
    put_off(way, shipment, NEXT_QUARTER)
    assert cells() == {"2026-04-01": 2}


def test_a_cancelled_shipment_that_was_put_off_is_counted_nowhere(way, shipment):
    put_off(way, shipment, NEXT_QUARTER)
    act(way.bra, shipment, "cancel", reason="Buyer withdrew")
    assert cells() == {}


def test_the_details_of_each_mark_remain(way, police):
    detailed = [
        {"kind": "import", "text": "CAI", "state": "USA", "year": 2015},
        {"kind": "manufacture", "text": "XYZ4711", "location": "slide"},
    ]
    item = {"line": 1, "serial": "XYZ4711", "importer_mark": "CAI", "marks": detailed}
    shipment = way.ship(items=[item])
    path = f"/records/{shipment['items'][0]['record']}"
    before = police.get(path).json["marks"]
    put_off(way, shipment)
    assert len(before) == 4
    assert police.get(path).json["marks"] == before


def test_an_amendment_of_something_else_leaves_the_records(way, shipment, police):
    put_off(way, shipment, on=PLANNED, port_of_exit="Ponta Porã")
    assert police.get(f"/records/{shipment['items'][0]['record']}").json["version"] == 1


def cells():
    jobs.jobs_to_idle()
    query = "SELECT period, amount FROM rollup WHERE subject LIKE 'shipped|%' AND amount <> 0"
    return {str(period): amount for period, amount in db.session.execute(text(query))}

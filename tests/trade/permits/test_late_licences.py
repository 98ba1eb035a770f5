"""A licence that comes, lapses or is replaced when the goods have left changes what is doubted of them."""

import pytest

from tests.support.movements import Way, add, tick

IMPORT, TRANSIT = ("document_invalid", "BOL:import"), ("document_invalid", "PRY:in_transit")


@pytest.mark.parametrize(
    "licensed,lack,late",
    [(("PRY",), IMPORT, "license_import"), (("BOL",), TRANSIT, "license_transit")],
)
def test_a_licence_that_comes_late_clears_what_is_on_its_way(as_actor, licensed, lack, late):
    way = Way(as_actor, licensed)
    way.tick(way.ship(), "entry")
    assert lack in way.discrepancies()
    getattr(way, late)()
    assert lack not in way.discrepancies()
    assert lack in way.discrepancies("resolved")


def test_a_licence_that_comes_after_the_receipt_clears_what_has_arrived(as_actor):
    way = Way(as_actor, ("PRY",))
    made = way.ship()
    way.tick(made, "entry")
    add(way.bol, made, "receipt", received_on="2026-03-03", all=True)
    assert IMPORT in way.discrepancies()
    way.license_import()
    assert IMPORT not in way.discrepancies()
    assert way.read(made)["status"] == "received"


def test_a_licence_that_comes_late_and_was_over_by_then_clears_nothing(as_actor):
    way = Way(as_actor, ("PRY",))
    way.tick(way.ship(), "entry")
    assert IMPORT in way.discrepancies()
    way.license_import(expires_on="2026-03-01")
    assert IMPORT in way.discrepancies("reopened")


def test_a_suspended_licence_that_is_reissued_clears_what_left_meanwhile(as_actor):
    way = Way(as_actor, ("PRY",))
    licence = way.license_import()
    decide(way.bol, licence, "suspend", reason="Under review")
    tick(way.client("BOL", "border_officer"), way.ship(), "entry", at="2026-03-09T15:03:00Z")
    assert IMPORT in way.discrepancies()
    again = {
        "number": "I-2",
        "issued_on": "2026-03-09",
        "expires_on": "2026-12-31",
        "authority": licence["authority"],
    }
    decide(way.bol, licence, "reissue", 201, **again)
    assert IMPORT not in way.discrepancies()


def test_a_licence_leaves_shipments_alone_that_arrived_and_lacked_none(as_actor):
    way = Way(as_actor)
    made = way.ship()
    way.release(made)
    for stage in ("exit", "transit_in", "transit_out", "entry"):
        way.tick(made, stage)
    add(way.bol, made, "receipt", received_on="2026-03-03", all=True)
    before = way.read(made)["version"]
    way.license_transit(number="X-2")
    assert way.read(made)["version"] == before


def decide(client, permit, action, expect=200, **body):
    path = f"/permits/{permit['id']}"
    etag = client.get(path).headers["ETag"]
    client.post(f"{path}/{action}", body, expect, If_Match=etag)

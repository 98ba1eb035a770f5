"""Events of a gun's life, and the chain that is built from them."""

from datetime import date

from salsa_ext.tracing.chains.answers import ChainLeg
from salsa_ext.tracing.chains.chain import build_chain

FOUND = date(2026, 3, 1)
GUN = {"serial": "ABC123456", "make": "taurus", "calibre": "9x19", "country_of_manufacture": "BRA"}


def event(kind, on, state="PRY", receiver="individual", **more):
    return {
        "event": kind,
        "occurred_on": on,
        "state": state,
        "record": f"{state}-{kind}-{on}",
        "giver": None,
        "receiver": {"id": "x", "kind": receiver, "country": state},
        "shipment_status": None,
        "stolen_from": None,
        "counterpart_state": None,
    } | more


def built(*events, asking="BRA", gun=GUN, waiting=(), same_find=()):
    status = "answered" if events else "no_record"
    legs = [ChainLeg("PRY", status, events), *(ChainLeg(state, "sent") for state in waiting)]
    return build_chain(legs, FOUND, asking, gun, same_find)


DEALER, PERSON = {"id": "d", "kind": "dealer"}, {"id": "p", "kind": "individual"}


def sale(on, giver, receiver, state="PRY", kind="domestic_sale"):
    return event(kind, on, state) | {"giver": giver, "receiver": receiver}


SALE = event("domestic_sale", "2024-05-06")
WHOLESALE = sale("2024-01-01", DEALER, DEALER)
RETAIL = sale("2024-02-01", DEALER, PERSON)

"""A family of hundreds of marks that look alike: the true record is found in it all the same."""

from datetime import date

import pytest

from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.firearms.marks import keys, variants
from salsa_ext.firearms.records.models import MarkKey, MarkVariant
from salsa_ext.firearms.search.index import MAX_HITS
from tests.support import bodies
from tests.support.grounds import beginning

MORE = MAX_HITS + 100


@beginning
def sold(as_actor):
    """A gun that was sold in Paraguay, before all the others."""
    body = bodies.transfer(occurred_on="2001-01-01")
    return as_actor("PRY", "licensing_officer").post("/transfers", body).json["firearm"]["record"]


@pytest.fixture
def family(run):
    """Let a state hold hundreds of newer marks of the same skeleton."""

    def hold(serial, **changes):
        run("URY", lambda actor: insert_many(MarkKey, [row(serial, changes) for _ in range(MORE)]))

    return hold


def row(serial, changes):
    key = keys.whole_key(serial)
    return {
        "key": key.value,
        "mark_id": new_id(),
        "record_id": new_id(),
        "record_version": 1,
        "state": "URY",
        "serial_norm": key.norm,
        "skeleton": key.skeleton,
        "event": "registration",
        "occurred_on": date(2020, 1, 1),
        "make": None,
        "calibre": None,
        "type": None,
        "country": None,
        "year": None,
        "visibility": "open",
        "is_superseded": False,
        "is_void": False,
        "model": None,
    } | changes


def found(as_actor):
    answer = as_actor("BRA", "police_officer").post("/checks", bodies.check()).json
    return [candidate["record"] for candidate in answer["candidates"]]


@pytest.mark.parametrize(
    "serial,changes",
    [
        ("A8C123456", {}),
        ("ABC123456", {"make": "glock"}),
        ("ABC123456", {}),
        ("ABC123456", {"make": "taurus"}),
        ("ABC123456", {"is_superseded": True}),
        ("ABC123456", {"visibility": "silent"}),
        ("A8C123456", {"visibility": "pointer"}),
    ],
)
def test_the_record_that_agrees_is_not_cut_off(as_actor, sold, family, serial, changes):
    family(serial, **changes)
    assert sold in found(as_actor)


def test_what_a_state_keeps_to_itself_is_placed_by_its_serial_alone(as_actor, sold, family):
    family("ABC123456", make="taurus", calibre="9x19", visibility="pointer")
    assert sold in found(as_actor)


@pytest.mark.parametrize("serial", ["KLM*2999", "KL????2999", "*2999*", "*LM76129*"])
def test_what_fits_is_found_in_a_crowd_of_a_thousand_that_share_its_half(run, as_actor, serial):
    told = [row(f"KLM76{number:05}", {}) for number in range(10_000, 11_100)]
    true = row("KLM7612999" if serial != "*2999*" else "KLM7129997", {})
    forms = [
        {
            "key": form,
            "target": key["key"],
            "make": 0 if key is true else variants.make_code("taurus"),
        }
        for key in [*told, true]
        for form in variants.index_keys(key["serial_norm"])
    ]
    run("URY", lambda actor: (insert_many(MarkKey, [*told, true]), insert_many(MarkVariant, forms)))
    asked = bodies.check(serial=serial)
    [first, *_] = as_actor("BRA", "police_officer").post("/checks", asked).json["candidates"]
    assert first["record"] == str(true["record_id"])


def test_a_beginning_that_many_records_have_is_possible_and_not_unknown(run, police):
    told = [row(f"KLM{number:05}", {}) for number in range(10_000, 10_300)]
    forms = [
        {"key": form, "target": key["key"], "make": 0}
        for key in told
        for form in variants.index_keys(key["serial_norm"])
    ]
    run("URY", lambda actor: (insert_many(MarkKey, told), insert_many(MarkVariant, forms)))
    answer = police.post("/checks", bodies.check(serial="KLM*")).json
    assert (answer["verdict"], len(answer["candidates"])) == ("possible", 10)

"""Crowds of marks that look alike: the true record is found once, in a bounded time."""

from datetime import date
from itertools import product

import pytest
from sqlalchemy import text

from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.firearms.marks import keys, variants
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.models import MarkKey, MarkVariant
from salsa_ext.firearms.search.criteria import marks_to_search
from salsa_ext.firearms.search.evidence import Description
from salsa_ext.firearms.search.mark_lookup import MAX_HITS, find_hits
from salsa_ext.firearms.search.search import find_candidates
from tests.support import bodies
from tests.support.grounds import beginning

MORE = MAX_HITS + 100
LETTERS = "ACEFHJKMNPRTUVWXY"


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


@pytest.fixture
def hold(run):
    """Let Uruguay hold marks with their variants, each a serial with changes."""

    def write(*marks):
        rows = [row(serial, changes) for serial, changes in marks]
        variant_rows = {
            (key, each["key"], variants.make_code(each["make"]))
            for each in rows
            for key in variants.index_keys(each["serial_norm"])
        }
        columns = ("key", "target", "make")
        stored = [dict(zip(columns, each, strict=True)) for each in variant_rows]
        run("URY", lambda actor: (insert_many(MarkKey, rows), insert_many(MarkVariant, stored)))
        return rows

    return write


def candidate_records(as_actor):
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
    assert sold in candidate_records(as_actor)


def test_what_a_state_keeps_to_itself_is_placed_by_its_serial_alone(as_actor, sold, family):
    family("ABC123456", make="taurus", calibre="9x19", visibility="pointer")
    assert sold in candidate_records(as_actor)


@pytest.mark.parametrize("serial", ["KLM*2999", "KL????2999", "*2999*", "*LM76129*"])
def test_what_fits_is_found_in_a_crowd_of_a_thousand_that_share_its_half(run, as_actor, serial):
    body = [row(f"KLM76{number:05}", {}) for number in range(10_000, 11_100)]
    true = row("KLM7612999" if serial != "*2999*" else "KLM7129997", {})
    forms = [
        {
            "key": form,
            "target": key["key"],
            "make": 0 if key is true else variants.make_code("taurus"),
        }
        for key in [*body, true]
        for form in variants.index_keys(key["serial_norm"])
    ]
    run("URY", lambda actor: (insert_many(MarkKey, [*body, true]), insert_many(MarkVariant, forms)))
    asked = bodies.check(serial=serial)
    [first, *_] = as_actor("BRA", "police_officer").post("/checks", asked).json["candidates"]
    assert first["record"] == str(true["record_id"])


def test_a_beginning_that_many_records_have_is_possible_and_not_unknown(hold, police):
    hold(*((f"KLM{number:05}", {}) for number in range(10_000, 10_300)))
    answer = police.post("/checks", bodies.check(serial="KLM*")).json
    assert (answer["verdict"], len(answer["candidates"])) == ("possible", 10)


def test_a_mark_that_several_forms_lead_to_takes_one_place(hold, run):
    hold(*((f"KLM7612{tens}{ones}", {}) for tens, ones in product(LETTERS[:10], LETTERS[:10])))
    sought = list(marks_to_search(Query("KLM7612AA")))
    candidate_records = run(
        "BRA", lambda actor: find_hits(sought, Description(""), actor.state, stop_at_exact=False)
    )
    assert len({record.record_id for record in candidate_records}) == MAX_HITS


@pytest.mark.parametrize("make", ["Rossi", "Glock", "Colt", "Bersa"])
def test_asking_again_with_another_make_tells_nothing_of_a_pointer(hold, police, make):
    crowd = [f"{''.join(three)}73491" for three in product(LETTERS[:12], repeat=3)][:1_600]
    pointer, *others = sorted(crowd, key=lambda serial: keys.whole_key(serial).value, reverse=True)
    hold(
        (pointer, {"make": "rossi", "visibility": "pointer"}),
        *((serial, {"make": "taurus"}) for serial in others),
    )
    answer = police.post("/checks", bodies.check(serial="73491", make=make)).json
    assert [each for each in answer["candidates"] if each["record"] is None] == []


def test_a_gun_of_the_make_is_found_among_thousands_that_look_alike(hold, run):
    crowd = [f"{''.join(three)}73491" for three in product(LETTERS[:12], repeat=3)][:1_600]
    true, *others = sorted(crowd, key=lambda serial: keys.whole_key(serial).value, reverse=True)
    [stored, *_] = hold(
        (true, {"make": "rossi"}), *((serial, {"make": "taurus"}) for serial in others)
    )
    query = Query("73491", make="Rossi")
    candidate_records = run("BRA", lambda actor: find_candidates(query, actor, stop_at_exact=False))
    assert stored["record_id"] in {record.mark_hit.record_id for record in candidate_records}


def test_no_more_is_read_the_more_guns_bear_each_number(hold, run):
    numbers, read = [f"7{middle:02}91" for middle in range(100)], []
    for _ in range(2):
        hold(*((serial, {"make": "taurus"}) for serial in numbers for _ in range(40)))
        read.append(run("BRA", lambda actor: rows_read(actor, Query("7??91", make="Taurus"))))
    assert read[0] == read[1] > 2_000


def rows_read(asker, query):
    reads = text("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'mark_key'")
    before = db.session.scalar(reads)
    find_candidates(query, asker, stop_at_exact=False)
    return db.session.scalar(reads) - before

"""Numbers of which there are thousands: what is near is found once, in a bounded time, whatever the make."""

from itertools import product

import pytest
from sqlalchemy import text

from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.firearms.marks import keys, variants
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.models import MarkKey, MarkVariant
from salsa_ext.firearms.search.criteria import marks_to_search
from salsa_ext.firearms.search.evidence import Description
from salsa_ext.firearms.search.index import MAX_HITS, find_hits
from salsa_ext.firearms.search.search import find_candidates
from tests.firearms.search.test_dense_families import row
from tests.support import bodies

LETTERS = "ACEFHJKMNPRTUVWXY"


@pytest.fixture
def hold(run):
    """Let Uruguay hold marks, with their forms, each as told."""

    def write(*told):
        rows = [row(serial, changes) for serial, changes in told]
        forms = {
            (key, one["key"], variants.make_code(one["make"]))
            for one in rows
            for key in variants.index_keys(one["serial_norm"])
        }
        kept = [dict(zip(("key", "target", "make"), form, strict=True)) for form in forms]
        run("URY", lambda actor: (insert_many(MarkKey, rows), insert_many(MarkVariant, kept)))
        return rows

    return write


def test_a_mark_that_several_forms_lead_to_takes_one_place(hold, run):
    hold(*((f"KLM7612{tens}{ones}", {}) for tens, ones in product(LETTERS[:10], LETTERS[:10])))
    sought = list(marks_to_search(Query("KLM7612AA")))
    found = run(
        "BRA", lambda actor: find_hits(sought, Description(""), actor.state, stop_at_exact=False)
    )
    assert len({one.record_id for one in found}) == MAX_HITS


@pytest.mark.parametrize("make", ["Rossi", "Glock", "Colt", "Bersa"])
def test_asking_again_with_another_make_tells_nothing_of_a_pointer(hold, as_actor, make):
    crowd = [f"{''.join(three)}73491" for three in product(LETTERS[:12], repeat=3)][:1_600]
    pointer, *others = sorted(crowd, key=lambda serial: keys.whole_key(serial).value, reverse=True)
    hold(
        (pointer, {"make": "rossi", "visibility": "pointer"}),
        *((serial, {"make": "taurus"}) for serial in others),
    )
    asked = bodies.check(serial="73491", make=make)
    answer = as_actor("BRA", "police_officer").post("/checks", asked).json
    assert [one for one in answer["candidates"] if one["record"] is None] == []


def test_a_gun_of_the_make_is_found_among_thousands_that_look_alike(hold, run):
    crowd = [f"{''.join(three)}73491" for three in product(LETTERS[:12], repeat=3)][:1_600]
    true, *others = sorted(crowd, key=lambda serial: keys.whole_key(serial).value, reverse=True)
    [kept, *_] = hold(
        (true, {"make": "rossi"}), *((serial, {"make": "taurus"}) for serial in others)
    )
    query = Query("73491", make="Rossi")
    found = run(
        "BRA", lambda actor: find_candidates(query, actor, stop_at_exact=False, silent=False)
    )
    assert kept["record_id"] in {one.mark_hit.record_id for one in found}


def test_no_more_is_read_the_more_guns_bear_each_number(hold, run):
    numbers, read = [f"7{middle:02}91" for middle in range(100)], []
    for _ in range(2):
        hold(*((serial, {"make": "taurus"}) for serial in numbers for _ in range(40)))
        read.append(run("BRA", lambda actor: rows_read(actor, Query("7??91", make="Taurus"))))
    assert read[0] == read[1] > 2_000


def rows_read(asker, query):
    said = text("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'mark_key'")
    before = db.session.scalar(said)
    find_candidates(query, asker, stop_at_exact=False, silent=False)
    return db.session.scalar(said) - before

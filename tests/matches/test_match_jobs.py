"""The job finds for many guns together what a search for each by itself finds."""

import random
from collections import Counter

import pytest
from sqlalchemy import select

from api.schemas.documents import ReportRequest, SeizureRequest, TransferRequest
from salsa_ext.access.models import AuditEntry
from salsa_ext.core.errors import Invalid
from salsa_ext.database.session import db
from salsa_ext.documents import reports, seizures, transfers
from salsa_ext.firearms.search import batch, mark_lookup
from salsa_ext.firearms.search.search import find_candidates
from salsa_ext.matches import jobs as match_jobs
from salsa_ext.matches.models import Match
from salsa_ext.notifications.models import Notification
from tests.support import bodies
from tests.support.jobs import jobs_to_idle
from tests.support.matches import matches
from tests.support.movements import Way

STATES = ("BRA", "PRY", "URY")
MAKES = ("Taurus", "Glock", None)
GLYPHS = "ABCEFHJKMNPRTUVWXY"


@pytest.fixture
def region(run, monkeypatch):
    """Guns that were made and sold, some of them lost, each read again with an error or without.

    The states' jobs run in one order, so that the same one compares a pair first.
    """
    monkeypatch.setattr(random, "shuffle", list.sort)
    chance = random.Random(7)
    guns = [_gun(chance, number) for number in range(30)]
    for state in STATES:
        read = [_misread(chance, gun) for gun in guns]
        batch = [bodies.transfer(firearm=gun, visibility=_shown(chance)) for gun in read]
        run(state, transfers.record_many, batch=[TransferRequest().load(body) for body in batch])
        lost = [
            bodies.report(
                number=f"R-{at}", firearm=_misread(chance, gun), visibility=_shown(chance)
            )
            for at, gun in enumerate(guns[::3])
        ]
        run(state, reports.record_many, batch=[ReportRequest().load(body) for body in lost])


def _shown(chance):
    return chance.choice(("open", "open", "pointer", "silent"))


def _gun(chance, number):
    serial = f"{chance.choice(GLYPHS)}{chance.choice(GLYPHS)}{chance.randrange(10**6):06}"
    if number % 5 == 0:
        serial = f"TQ{700000 + number}"  # a family
    marks = [{"kind": "confiscation", "text": f"PF-{5000 + number}"}] if number % 7 == 0 else []
    return bodies.firearm(serial=serial, marks=marks)


def _misread(chance, gun):
    serial, how = list(gun["serial"]), chance.randrange(8)
    if gun["marks"]:  # by which it is known again where nothing is left of the serial
        return gun if how < 5 else gun | {"serial": "raspado", "marking": "obliterated"}
    at = chance.randrange(len(serial))
    if how == 1:
        serial[at] = chance.choice("0123456789")
    elif how == 2:
        del serial[at]
    elif how == 3:
        serial[at] = "?"
    elif how == 4:
        serial[at - 1], serial[at] = serial[at], serial[at - 1]
    elif how == 5:
        serial[at], serial[at - 1] = chance.choice("0123456789"), chance.choice(GLYPHS)
    read = gun | {"serial": "".join(serial), "make": chance.choice(MAKES)}
    return {name: value for name, value in read.items() if value is not None}


def look(run):
    """Run all jobs; return what each state then has and was told."""
    jobs_to_idle()
    return {state: run(state, _told) for state in STATES}


def _told(actor):
    rows = db.session.scalars(select(Match)).all()
    pairs = {
        (
            row.record_id,
            row.other_pseudonym,
            row.other_record,
            row.score,
            row.strength,
            row.status,
            tuple(reason["code"] for reason in row.reasons),
        )
        for row in rows
    }
    named = {row.id: (row.record_id, row.other_pseudonym) for row in rows}
    result = select(Notification.code, Notification.subject_id)
    news = Counter((code, named.get(subject)) for code, subject in db.session.execute(result))
    wanted = select(AuditEntry).where(AuditEntry.subject_kind == "match")
    acts = Counter(
        (entry.action, named.get(entry.subject_id), entry.data["strength"])
        for entry in db.session.scalars(wanted)
        if entry.owner_state == actor.state or actor.state in entry.concerned
    )
    return pairs, news, acts


def undone(call, *arguments):
    """Return what is answered, and leave no trace of it."""
    before = db.session.get_bind().begin_nested()
    try:
        return call(*arguments)
    finally:
        db.session.remove()
        before.rollback()


def one_by_one(guns, actor):
    """Search for each gun by itself, as a check does."""
    found = {}
    for gun in guns:
        try:
            found[gun.record_id] = find_candidates(
                gun.query,
                actor,
                stop_at_exact=False,
                with_silent=True,
                current_only=True,
                excluded=gun.own,
            )
        except Invalid:
            continue
    return found


def test_what_is_looked_for_together_is_what_each_gun_finds_by_itself(region, run, monkeypatch):
    together = undone(look, run)
    monkeypatch.setattr(batch, "search_many", one_by_one)
    assert together == undone(look, run)
    pairs = [pair for pairs, _, _ in together.values() for pair in pairs]
    codes = {code for *_, reasons in pairs for code in reasons}
    assert {"serial_same", "serial_one", "serial_unread", "mark_same"} <= codes
    assert len(pairs) > 100


def test_too_many_hits_are_searched_in_halves(region, run, monkeypatch):
    together = undone(look, run)
    monkeypatch.setattr(batch, "MAX_BULK_HITS", 20)
    assert undone(look, run) == together


def test_no_gun_is_searched_by_itself_because_many_others_are_asked_for(
    region, run, asked_by_jobs, monkeypatch
):
    searched = []
    for most in (batch.MAX_BULK_HITS, 100):
        monkeypatch.setattr(batch, "MAX_BULK_HITS", most)
        asked_by_jobs.clear()
        undone(look, run)
        searched.append(sum("salsa_similar_marks" in value for value in asked_by_jobs))
    assert searched[0] == searched[1]


def test_guns_of_a_crowded_mark_are_searched_by_themselves(region, run, monkeypatch):
    found = undone(look, run)
    monkeypatch.setattr(mark_lookup, "MAX_HITS_PER_KEY", 2)
    assert undone(look, run) == found


def test_a_lawful_gun_of_a_file_finds_the_one_that_was_misread(run):
    seized = bodies.seizure(items=[bodies.firearm(serial="ABC128456")])
    run("BRA", seizures.record, data=SeizureRequest().load(seized))
    batch = [
        TransferRequest().load(bodies.transfer(firearm=bodies.firearm(serial=serial)))
        for serial in ("ABC123456", *(f"XKF{number}" for number in range(700000, 700040)))
    ]
    run("PRY", transfers.record_many, batch=batch)
    found = look(run)
    assert [len(found[state][0]) for state in STATES] == [1, 1, 0]


def test_guns_that_share_no_mark_are_read_and_not_searched(run, asked_by_jobs):
    serials = ("ABC123456", "XKF777111", "RTM405060", "HJN929394", "VWY151617", "PPX300300")
    batch = [
        ReportRequest().load(bodies.report(number=each, firearm=bodies.firearm(serial=each)))
        for each in serials
    ]
    run("PRY", reports.record_many, batch=batch)
    asked_by_jobs.clear()
    jobs_to_idle()
    assert not [statement for statement in asked_by_jobs if "salsa_similar_marks" in statement]


def test_a_long_manifest_is_matched_in_parts(as_actor, monkeypatch):
    monkeypatch.setattr(match_jobs, "MAX_RECORDS", 2)
    police, way = as_actor("BRA", "police_officer"), Way(as_actor)
    police.post("/seizures", bodies.seizure(items=[bodies.firearm(serial="QM0000004")]))
    way.ship(*(f"QM{number:07}" for number in range(5)))
    assert {match["other"]["state"] for match in matches(police)} == {"BRA"}

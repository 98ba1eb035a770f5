"""The worker's look at many guns together finds what a look at each by itself finds."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text

from api import jobs as api_jobs
from api.schemas.documents import ReportRequest, SeizureRequest, TransferRequest
from salsa_ext.access.models import AuditEntry
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.errors import Invalid
from salsa_ext.database.session import db, transaction
from salsa_ext.documents import reports, seizures, transfers
from salsa_ext.firearms.records import queue
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.search import batch, mark_lookup
from salsa_ext.firearms.search.search import find_candidates
from salsa_ext.matches import jobs as match_jobs
from salsa_ext.matches import search
from salsa_ext.matches.models import Match, MatchJob
from salsa_ext.notifications.models import Notification
from tests.conftest import NOW
from tests.support import bodies

STATES = ("BRA", "PRY", "URY")
MAKES = ("Taurus", "Glock", None)
GLYPHS = "ABCEFHJKMNPRTUVWXY"


@pytest.fixture
def region(run):
    """Guns that were made and sold, some of them lost, each read again with an error or without."""
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
    """Let the worker look until nothing waits; returns what each state then has and was told."""
    for state in STATES:
        while run(state, match_jobs.match_queued):
            pass
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
    told = select(Notification.code, Notification.subject_id)
    news = Counter((code, named.get(subject)) for code, subject in db.session.execute(told))
    wanted = select(AuditEntry).where(AuditEntry.subject_kind == "match")
    acts = Counter(
        (entry.action, named.get(entry.subject_id), str(entry.data))
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


def one_by_one(guns, actor, *, silent):
    """Search for each gun by itself, as a check does."""
    found = {}
    for gun in guns:
        try:
            found[gun.record_id] = find_candidates(
                gun.query,
                actor,
                stop_at_exact=False,
                silent=silent,
                current_only=True,
                excluded=gun.own,
            )
        except Invalid:
            continue
    return found


def test_what_is_looked_for_together_is_what_each_gun_finds_by_itself(region, run, monkeypatch):
    together = undone(look, run)
    monkeypatch.setattr(search, "search_many", one_by_one)
    assert together == undone(look, run)
    pairs = [pair for pairs, _, _ in together.values() for pair in pairs]
    codes = {code for *_, reasons in pairs for code in reasons}
    assert {"serial_same", "serial_one", "serial_unread", "mark_same"} <= codes
    assert len(pairs) > 100


def test_where_too_much_is_met_the_guns_are_asked_for_in_halves(region, run, monkeypatch):
    together = undone(look, run)
    monkeypatch.setattr(batch, "MAX_BULK_HITS", 20)
    assert undone(look, run) == together


def test_no_gun_is_searched_by_itself_because_many_others_are_asked_for(
    region, run, asked, monkeypatch
):
    searched = []
    for most in (batch.MAX_BULK_HITS, 100):
        monkeypatch.setattr(batch, "MAX_BULK_HITS", most)
        asked.clear()
        undone(look, run)
        searched.append(sum("salsa_similar_marks" in said for said in asked))
    assert searched[0] == searched[1]


def test_guns_of_a_crowded_mark_are_searched_by_themselves(region, run, monkeypatch):
    found = undone(look, run)
    monkeypatch.setattr(mark_lookup, "MAX_HITS_PER_KEY", 2)
    assert undone(look, run) == found


def test_a_lawful_gun_of_a_file_finds_the_one_that_was_misread(run):
    seized = bodies.seizure(items=[bodies.firearm(serial="ABC129956")])
    run("BRA", seizures.record, data=SeizureRequest().load(seized))
    batch = [
        TransferRequest().load(bodies.transfer(firearm=bodies.firearm(serial=serial)))
        for serial in ("ABC123456", *(f"XKF{number}" for number in range(700000, 700040)))
    ]
    run("PRY", transfers.record_many, batch=batch)
    found = look(run)
    assert [len(found[state][0]) for state in STATES] == [1, 1, 0]


def test_guns_that_share_no_mark_are_read_and_not_searched(run, asked):
    serials = ("ABC123456", "XKF777111", "RTM405060", "HJN929394", "VWY151617", "PPX300300")
    batch = [
        ReportRequest().load(bodies.report(number=one, firearm=bodies.firearm(serial=one)))
        for one in serials
    ]
    run("PRY", reports.record_many, batch=batch)
    asked.clear()
    assert run("PRY", match_jobs.match_queued) == len(serials)
    assert not [statement for statement in asked if "salsa_similar_marks" in statement]


@pytest.fixture
def waiting(run):
    """Two rows that wait in each of two states: three guns in the older one, one in the other."""
    return {state: run(state, _wait) for state in ("BRA", "URY")}


def _wait(actor):
    serials = [f"{actor.state}{number}" for number in (10001, 10002, 10003, 20001)]
    guns = [bodies.firearm(serial=serial) for serial in serials]
    batch = [TransferRequest().load(bodies.transfer(firearm=gun)) for gun in guns]
    transfers.record_many(actor=actor, batch=batch)
    db.session.execute(delete(MatchJob).where(MatchJob.owner_state == actor.state))
    known = {record.serial: record.id for record in db.session.scalars(select(Record))}
    ids = [known[serial] for serial in serials]
    queue.queue_matching(actor.state, ids[:3])
    queue.queue_matching(actor.state, ids[3:])
    return {serial: str(record_id) for serial, record_id in known.items()}


@pytest.fixture
def fail(monkeypatch):
    """Let the search fail wherever a serial is among those that are looked for."""

    def at(serial, how):
        def search_records(actor, views, excluded):
            if serial in [view.record.serial for view in views]:
                how()
            done.extend(view.record.serial for view in views)
            return real(actor, views, excluded)

        done, real = [], search.search_records
        monkeypatch.setattr(search, "search_records", search_records)
        return done

    return at


def _broken():
    raise ZeroDivisionError


def _late():
    db.session.execute(text("SET LOCAL statement_timeout = 1"))
    db.session.execute(text("SELECT pg_sleep(1)"))


def _all(run, state):
    return list(iter(lambda: run(state, match_jobs.match_queued), 0))


def test_a_record_that_cannot_be_matched_keeps_no_other_back(waiting, run, fail, as_actor):
    done = fail("BRA10002", _broken)
    assert _all(run, "BRA") == [3, 1, 1, 1, 1]
    assert sorted(done) == ["BRA10001", "BRA10003", "BRA20001"]
    [left] = as_actor("BRA", "auditor").get("/audit?action=record:left_unmatched").json["items"]
    assert (left["subject_id"], left["data"]) == (
        waiting["BRA"]["BRA10002"],
        {"error": "ZeroDivisionError"},
    )


def test_a_row_for_which_the_database_has_no_time_is_tried_again(waiting, run, fail, monkeypatch):
    done = fail("BRA10002", _late)
    assert _all(run, "BRA") == [1]
    assert done == ["BRA20001"]
    monkeypatch.undo()
    assert _all(run, "BRA") == [3]


def test_it_is_not_tried_again_for_ever(waiting, actor, fail, monkeypatch):
    monkeypatch.setattr(match_jobs, "MAX_RETRY_AGE", timedelta(days=-10_000))
    fail("BRA20001", _late)
    done = []
    for _ in range(3):
        with transaction(actor("BRA")):
            done.append(match_jobs.match_queued(actor=actor("BRA")))
    assert done == [3, 1, 0]


def test_a_state_for_which_matching_fails_keeps_no_other_from_its_turn(waiting, fail, monkeypatch):
    def run(*, actor, **options):
        if actor.state == "BRA":
            raise ZeroDivisionError
        return real(actor=actor, **options)

    real = match_jobs.match_queued
    monkeypatch.setattr(match_jobs, "match_queued", run)
    assert api_jobs.match_records(FixedClock(NOW)) == 4


def test_what_tells_of_a_crime_is_looked_at_before_sales_that_wait_longer(run):
    sales = [bodies.transfer(firearm=bodies.firearm(serial=f"KX51{at}23")) for at in range(3)]
    run("PRY", transfers.record_many, batch=[TransferRequest().load(body) for body in sales])
    lost = bodies.report(number="R-1", firearm=bodies.firearm(serial="WB77104"))
    run("PRY", reports.record_many, batch=[ReportRequest().load(lost)])
    assert run("PRY", _events_that_wait) == [{"domestic_sale"}, {"theft"}]
    run("PRY", match_jobs.match_queued)
    assert run("PRY", _events_that_wait) == [{"domestic_sale"}]


def test_however_much_trade_waits_the_time_for_it_ends_and_crime_is_matched_all_the_same(run):
    sales = [bodies.transfer(firearm=bodies.firearm(serial=f"KX51{at}23")) for at in range(3)]
    run("PRY", transfers.record_many, batch=[TransferRequest().load(body) for body in sales])
    lost = bodies.report(number="R-1", firearm=bodies.firearm(serial="WB77104"))
    run("PRY", reports.record_many, batch=[ReportRequest().load(lost)])
    assert api_jobs.match_records(FixedClock(NOW), seconds=0) == 1
    assert run("PRY", _events_that_wait) == [{"domestic_sale"}]
    assert api_jobs.match_records(FixedClock(NOW)) == 3


def _events_that_wait(actor):
    rows = db.session.scalars(select(MatchJob.record_ids).order_by(MatchJob.id)).all()
    return [{*db.session.scalars(select(Record.event).where(Record.id.in_(ids)))} for ids in rows]

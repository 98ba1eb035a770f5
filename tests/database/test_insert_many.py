"""Many rows go by COPY, few by INSERT; the table has the same rows afterwards."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.administration.models import ImportedDocument
from salsa_ext.core.ids import new_id
from salsa_ext.database import bulk
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.documents.models import Report, Seizure
from salsa_ext.firearms.records.models import Record
from salsa_ext.jobs.models import ChangeNew
from tests.support.sizes import drawn

AWKWARD = [
    "\\",
    "\\N",
    "\\.",
    "\t",
    "\n",
    "\r",
    "\r\n",
    '"',
    "'",
    "{",
    "}",
    ",",
    "NULL",
    "null",
    "",
    " ",
    "\\\\",
    "\\t",
    "é",
    "\u2028",
    "\U0001f52b",
    "a,b",
    "{a}",
    '"a"',
    "\x01",
    "\x7f",
]
TEXTS = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"])),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
NOW = datetime(2026, 3, 9, 15, 0, 0, 123456, tzinfo=UTC)
BOUNDED = drawn(20, 60)
RECORD = {
    "id": uuid.UUID(int=1),
    "version": 1,
    "owner_state": "BRA",
    "concerned": ["BRA"],
    "event": "loan",
    "document_kind": "transfer",
    "document_id": uuid.UUID(int=2),
    "occurred_on": date(2024, 5, 6),
    "line": 1,
    "category": "firearm",
    "origin_kind": "unknown",
    "marking": "intact",
    "quantity": Decimal("1.5"),
    "antique": False,
    "recorded_at": NOW,
}
SEIZURE = {
    "id": uuid.UUID(int=1),
    "version": 1,
    "owner_state": "BRA",
    "concerned": ["BRA", "PRY"],
    "number": "S-1",
    "kind": "seized",
    "agency": "A",
    "country": "BRA",
    "legal_grounds": [],
    "crime_context": [],
    "details": {},
    "occurred_on": date(2024, 5, 6),
    "recorded_at": NOW,
}
IMPORTED = {
    "owner_state": "BRA",
    "subject": "s",
    "number": "n",
    "document_id": uuid.UUID(int=1),
    "version": 1,
    "profile": "p",
    "run_id": uuid.UUID(int=1),
    "seen_in": uuid.UUID(int=1),
    "digest": b"",
}
OTHER = {"id": uuid.UUID(int=3), "number": "m", "row": 2}
"""What tells a second row from the first."""
REJECT = {"run_id": uuid.UUID(int=1), "row": 1, "owner_state": "BRA", "content": ""}


@pytest.fixture
def same(session, monkeypatch):
    """Write a row both ways, alone and with another, and assert that the table holds the same.

    What rows have in common does not go by COPY.
    """

    def written(model, rows, rows_for_copy):
        monkeypatch.setattr(bulk, "COPY_FROM_ROWS", rows_for_copy)
        with db.session.begin_nested() as point:
            db.session.execute(text("SET LOCAL salsa.state = 'BRA'"))
            insert_many(model, rows)
            every = f"FROM {model.__tablename__} t ORDER BY t::text"
            found = db.session.execute(text(f"SELECT * {every}")).all()
            raw = db.session.scalars(text(f"SELECT t::text {every}")).all()
            point.rollback()
        return found, raw

    def compare(model, base, changes):
        other = (
            dict.fromkeys(changes) | base | {name: OTHER[name] for name in base if name in OTHER}
        )
        for rows in ([base | changes], [base | changes, other]):
            assert written(model, rows, 3) == written(model, rows, 1)

    return compare


@BOUNDED
@given(serial=TEXTS, model=st.none() | TEXTS, reason=st.none() | TEXTS)
@example(serial="\\N", model="\\.", reason=None)
def test_texts_are_the_same(same, serial, model, reason):
    same(Record, RECORD, {"serial": serial, "model": model, "reason": reason})


@BOUNDED
@given(grounds=st.lists(TEXTS), contexts=st.lists(st.sampled_from(AWKWARD)))
@example(grounds=["NULL", "", "null"], contexts=["{", '"', "\\"])
def test_arrays_are_the_same(same, grounds, contexts):
    same(Seizure, SEIZURE, {"legal_grounds": grounds, "crime_context": contexts})


@BOUNDED
@given(details=st.dictionaries(TEXTS, VALUES, max_size=3))
def test_objects_are_the_same(same, details):
    same(Seizure, SEIZURE, {"details": details})


@BOUNDED
@given(digest=st.binary())
def test_bytes_are_the_same(same, digest):
    same(ImportedDocument, IMPORTED, {"digest": digest})


@BOUNDED
@given(
    latitude=st.none() | st.floats(-90, 90).map(lambda degrees: degrees + 0.0),  # no minus zero
    moment=st.none() | st.integers(-(10**9), 10**9).map(lambda minute: NOW + timedelta(0, minute)),
    on=st.dates(date(1800, 1, 1), date(2200, 1, 1)),
)
def test_numbers_and_moments_are_the_same(same, latitude, moment, on):
    same(Seizure, SEIZURE, {"latitude": latitude, "occurred_at": moment, "occurred_on": on})


@BOUNDED
@given(
    quantity=st.decimals(0, 10**12, places=3),
    antique=st.booleans(),
    year=st.none() | st.integers(0, 3000),
)
def test_quantities_and_flags_are_the_same(same, quantity, antique, year):
    same(Record, RECORD, {"quantity": quantity, "antique": antique, "year": year})


def test_nothing_is_no_value_and_not_the_word_null(session):
    db.session.execute(text("SET LOCAL salsa.state = 'BRA'"))
    stored = ("legal_grounds", "crime_context", "details", "agency", "country")
    row = {name: value for name, value in SEIZURE.items() if name not in stored}
    insert_many(Report, [row | {"kind": "loss", "place": None}])
    assert db.session.scalar(text("SELECT place IS NULL FROM report"))


@pytest.mark.parametrize("count", [1, 49, 50, 51, 500])
def test_every_row_arrives_whatever_the_way(session, count):
    db.session.execute(text("SET LOCAL salsa.state = 'BRA'"))
    insert_many(Record, [RECORD | {"id": new_id(), "line": line} for line in range(count)])
    lines = db.session.scalars(text("SELECT line FROM record ORDER BY line")).all()
    assert lines == list(range(count))


def test_two_batches_of_one_transaction_do_not_meet(session):
    db.session.execute(text("SET LOCAL salsa.state = 'BRA'"))
    for _ in range(2):
        insert_many(Record, [RECORD | {"id": new_id()} for _ in range(60)])
    assert db.session.scalar(text("SELECT count(*) FROM record")) == 120


def test_many_rows_are_written_to_a_table_that_the_service_cannot_read(session):
    db.session.execute(text("SET LOCAL salsa.state = 'BRA'"))
    change = {"states": ["BRA"], "kind": "record", "action": Action.RECORD_CORRECTED, "at": NOW}
    insert_many(ChangeNew, [change | {"object": new_id(), "cause": new_id()} for _ in range(60)])
    db.session.execute(text("SET LOCAL ROLE salsa_worker"))
    assert db.session.scalar(text("SELECT count(*) FROM change_new")) == 60
    db.session.execute(text("SET LOCAL ROLE salsa_service"))


def test_rows_of_another_state_are_refused_by_copy_too(session):
    db.session.execute(text("SET LOCAL salsa.state = 'PRY'"))
    with pytest.raises(Exception, match="row-level security"), db.session.begin_nested():
        insert_many(Record, [RECORD | {"id": new_id()} for _ in range(60)])


def test_no_rows_are_no_statement(session):
    insert_many(AuditEntry, [])

"""Seizure with matching in one request, compared with bare INSERTs."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from benchmarks import harness, replayed_statements
from benchmarks.harness import Client, database_pids, make_client, select_one
from benchmarks.marks import CORRUPTIONS, SEED, Gun
from benchmarks.trade_data import describe_gun
from salsa_ext.access.rules import operator
from salsa_ext.core.ids import new_id
from salsa_ext.core.occurrence import EventTime
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, transaction
from salsa_ext.documents.models import Transfer
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.models import Record

SEIZING_STATE: Final = "BRA"
OWNER_STATE: Final = "USA"
"""The state that holds the marks; see `filling`."""
BATCH_SIZE: Final = 1_000
MISREAD_RATE: Final = 5
"""One of so many marks, known or not, is misread."""
Body = dict[str, Any]


def run(
    app: Flask, guns: Sequence[Gun], rounds: int, each: int, path: Path
) -> list[harness.Figure]:
    """Seize guns, every second one known, and write the figures."""
    with transaction(operator(OWNER_STATE)):
        before = db.session.scalar(select(func.count()).select_from(Record)) or 0
    draw = random.Random(SEED + before)  # others than the last run on the same database seized
    needed = 2 * rounds * each + 4
    places = draw.sample(range(len(guns)), min(len(guns), needed))
    write_sale_records(guns, places)
    asking, bodies = (
        make_client(app, SEIZING_STATE, "police_officer", "police"),
        _seizure_bodies(guns, places, draw),
    )
    for _ in range(4):
        asking.post("/seizures", next(bodies))
    figures = harness.measure_prepared(
        {
            "bare INSERTs": lambda: _bare_inserts(_capture_seizure(asking, next(bodies))),
            "POST /seizures": lambda: partial(asking.post, "/seizures", next(bodies)),
            "SELECT 1": lambda: select_one,
        },
        database_pids,
        rounds,
        each,
    )
    harness.write_figures(f"Seizure of one gun with matching, {len(guns):,} marks", figures, path)
    print(_statement_counts(_capture_seizure(asking, next(bodies))))
    return figures


def write_sale_records(guns: Sequence[Gun], places: Sequence[int]) -> None:
    """Write missing sale records of some marks."""
    actor = operator(OWNER_STATE)
    for start in range(0, len(places), BATCH_SIZE):
        some = {UUID(int=place): place for place in places[start : start + BATCH_SIZE]}
        with transaction(actor):
            there = set(db.session.scalars(select(Record.id).where(Record.id.in_(some))))
            new = {key: guns[place] for key, place in some.items() if key not in there}
            entries = [_sale_entry(key, gun) for key, gun in new.items()]
            insert_many(Transfer, [_sale_row(entry, actor.now()) for entry in entries])
            record_writing.write_records(entries, actor.now())
    db.session.remove()


def _sale_entry(record_id: UUID, gun: Gun) -> record_writing.RecordEntry:
    return record_writing.RecordEntry(
        firearm=describe_gun(gun),
        event="domestic_sale",
        when=EventTime(date(2015, 1, 1)),
        owner=OWNER_STATE,
        concerned=(OWNER_STATE,),
        document_kind="transfer",
        document_id=new_id(),
        record_id=record_id,
    )


def _sale_row(entry: record_writing.RecordEntry, now: datetime) -> dict[str, Any]:
    return {
        "id": entry.document_id,
        "version": 1,
        "owner_state": OWNER_STATE,
        "concerned": [OWNER_STATE],
        "recorded_at": now,
        "kind": entry.event,
        "number": None,
        "giver_id": None,
        "reason": None,
        "receiver_id": None,
        "licence": None,
        **vars(entry.when),
    }


def _seizure_bodies(
    guns: Sequence[Gun], places: Sequence[int], draw: random.Random
) -> Iterator[Body]:
    """Yield endless seizures of known and unknown guns, some misread."""
    at = 0
    while True:
        gun = guns[places[at // 2 % len(places)]]
        if at % 2:
            gun = gun._replace(
                serial="".join(
                    draw.choice("0123456789") if glyph.isdigit() else glyph for glyph in gun.serial
                )
            )
        if at % MISREAD_RATE == 0:
            read = draw.choice(list(CORRUPTIONS.values()))(gun.serial, draw)
            gun = gun._replace(serial=read if read and len(read) > 4 else gun.serial)
        yield seizure_body(gun)
        at += 1


def seizure_body(gun: Gun) -> Body:
    """Return the body of a seizure of a gun."""
    description = describe_gun(gun)
    names = ("type", "make", "serial", "calibre", "country_of_manufacture", "marking")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    return {
        "number": str(new_id()),
        "kind": "seized",
        "occurred_on": yesterday.isoformat(),
        "agency": f"{SEIZING_STATE}-POLICE",
        "place": {"country": SEIZING_STATE, "name": "Town"},
        "legal_grounds": ["possession"],
        "crime_context": ["drug_trafficking"],
        "items": [{"line": 1} | {name: getattr(description, name) for name in names}],
    }


def _capture_seizure(asking: Client, body: Body) -> replayed_statements.CapturedStatements:
    """Return the statements of a seizure, rolled back."""
    with replayed_statements.capture_statements(SEIZING_STATE) as captured:
        asking.post("/seizures", body)
    return captured


def _bare_inserts(captured: replayed_statements.CapturedStatements) -> harness.Operation:
    return harness.Operation(
        partial(replayed_statements.run_statements, captured.inserts()),
        partial(replayed_statements.run_statements, captured.others()),
    )


def _statement_counts(captured: replayed_statements.CapturedStatements) -> str:
    return (
        f"a seizure asks {len(captured.asked)} statements, of which {len(captured.writes)} write;"
        f" barely {len(captured.inserts())} INSERTs hold its rows"
    )

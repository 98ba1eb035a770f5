"""A seizure that is recorded and matched in one request, beside bare INSERTs of the same rows."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from benchmarks import measure, replays
from benchmarks.callers import Caller, caller, select_one
from benchmarks.checks import backends
from benchmarks.filling import SEED
from benchmarks.marks import CORRUPTIONS, Gun
from benchmarks.trades import described
from salsa_ext.db import db, insert_many, transaction
from salsa_ext.models import Record, Transfer
from salsa_ext.policy.rules import operator
from salsa_ext.services import records
from salsa_ext.values.events import When
from salsa_ext.values.ids import new_id

SEIZING: Final = "BRA"
OWNER: Final = "USA"
"""The state that holds the marks; see `filling`."""
BATCH: Final = 1_000
MISREAD: Final = 5
"""One of so many marks, known or not, is misread."""
Body = dict[str, Any]


def run(
    app: Flask, held: Sequence[Gun], rounds: int, each: int, path: Path
) -> list[measure.Figure]:
    """Seize guns of which every second one has records, in turns with what each writes, and show."""
    with transaction(operator(OWNER)):
        before = db.session.scalar(select(func.count()).select_from(Record)) or 0
    draw = random.Random(SEED + before)  # others than the last run on the same database seized
    wanted = 2 * rounds * each + 4
    places = draw.sample(range(len(held)), min(len(held), wanted))
    record_behind(held, places)
    asking, bodies = caller(app, SEIZING, "police_officer", "police"), _bodies(held, places, draw)
    for _ in range(4):
        asking.post("/seizures", next(bodies))
    figures = measure.prepared_in_turns({
        "bare INSERTs": lambda: _bare(_taken(asking, next(bodies))),
        "POST /seizures": lambda: partial(asking.post, "/seizures", next(bodies)),
        "SELECT 1": lambda: select_one,
    }, backends, rounds, each)  # fmt: skip
    measure.show(f"Seizure of one gun with matching, {len(held):,} marks", figures, path)
    print(_statements(_taken(asking, next(bodies))))
    return figures


def record_behind(held: Sequence[Gun], places: Sequence[int]) -> None:
    """Write the records of sales that some of the marks stand for, where they are not there yet."""
    actor = operator(OWNER)
    for start in range(0, len(places), BATCH):
        some = {UUID(int=place): place for place in places[start : start + BATCH]}
        with transaction(actor):
            there = set(db.session.scalars(select(Record.id).where(Record.id.in_(some))))
            new = {key: held[place] for key, place in some.items() if key not in there}
            entries = [_entry(key, gun) for key, gun in new.items()]
            insert_many(Transfer, [_sale(entry, actor.now()) for entry in entries])
            records.write(entries, actor.now())
    db.session.remove()


def _entry(record_id: UUID, gun: Gun) -> records.Entry:
    return records.Entry(
        firearm=described(gun), event="domestic_sale", when=When(date(2015, 1, 1)), owner=OWNER,
        concerned=(OWNER,), document_kind="transfer", document_id=new_id(), record_id=record_id,
    )  # fmt: skip


def _sale(entry: records.Entry, now: datetime) -> dict[str, Any]:
    return {
        "id": entry.document_id, "version": 1, "owner_state": OWNER, "concerned": [OWNER],
        "recorded_at": now, "kind": entry.event, "number": None, "giver_id": None, "reason": None,
        "receiver_id": None, "licence": None, **vars(entry.when),
    }  # fmt: skip


def _bodies(held: Sequence[Gun], places: Sequence[int], draw: random.Random) -> Iterator[Body]:
    """Yield seizures without end: of a known gun and of an unknown one in turn, some misread.

    When all of the known ones were seized, they are seized again.
    """
    at = 0
    while True:
        gun = held[places[at // 2 % len(places)]]
        if at % 2:
            gun = gun._replace(serial="".join(
                draw.choice("0123456789") if glyph.isdigit() else glyph for glyph in gun.serial
            ))  # fmt: skip
        if at % MISREAD == 0:
            read = draw.choice(list(CORRUPTIONS.values()))(gun.serial, draw)
            gun = gun._replace(serial=read if read and len(read) > 4 else gun.serial)
        yield _body(gun)
        at += 1


def _body(gun: Gun) -> Body:
    said = described(gun)
    names = ("type", "make", "serial", "calibre", "country_of_manufacture", "marking")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    return {
        "number": str(new_id()), "kind": "seized", "occurred_on": yesterday.isoformat(),
        "agency": f"{SEIZING}-POLICE", "place": {"country": SEIZING, "name": "Town"},
        "legal_grounds": ["possession"], "crime_context": ["drug_trafficking"],
        "items": [{"line": 1} | {name: getattr(said, name) for name in names}],
    }  # fmt: skip


def _taken(asking: Caller, body: Body) -> replays.Taken:
    """Return what a seizure asks the database; it is undone."""
    with replays.taking(SEIZING) as taken:
        asking.post("/seizures", body)
    return taken


def _bare(taken: replays.Taken) -> measure.Way:
    return measure.Way(partial(replays.run, taken.inserts()), partial(replays.run, taken.others()))


def _statements(taken: replays.Taken) -> str:
    return (f"a seizure asks {len(taken.asked)} statements, of which {len(taken.writes)} write;"
            f" barely {len(taken.inserts())} INSERTs hold its rows")  # fmt: skip

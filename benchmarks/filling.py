"""The marks that every benchmark asks of, written once into a database as records write theirs."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import create_engine, text

from benchmarks.marks import Gun, guns
from salsa_ext.db import db, insert_many, transaction
from salsa_ext.errors import Invalid
from salsa_ext.matching import marks
from salsa_ext.models import MarkKey
from salsa_ext.policy.rules import operator
from salsa_ext.services import forms

BATCH: Final = 20_000
BULK: Final = 1_000_000
"""More marks than these are written before their indexes are made, which takes a tenth of the time."""
TABLES: Final = ("mark_key", "mark_form")
SEED: Final = 11
Bar = Callable[[int], None]
Write = Callable[[Sequence[Mapping[str, Any]]], None]


class Filled(NamedTuple):
    """The guns that are held, and how many marks were written a second."""

    guns: list[Gun]
    rows_per_second: float


def fill(owner_url: str, count: int, bar: Bar, kept: Path, families: int | None = None) -> Filled:
    """Hold `count` marks, which are written if `kept` does not say that they are here already.

    Raises:
        Invalid: The database holds marks of another count.
    """
    held = guns(count, random.Random(SEED), families)
    wanted = {"marks": len(held), "families": families}
    if kept.exists():
        told = json.loads(kept.read_text())
        speed = told.pop("rows_per_second")
        if told != wanted:
            raise Invalid(f"{kept.parent} holds {told}; name another folder")
        return Filled(held, speed)
    began = time.perf_counter()
    with _unindexed(owner_url) if len(held) > BULK else nullcontext(forms.write) as write:
        _write(held, bar, write)
    speed = round(len(held) / (time.perf_counter() - began), 1)
    kept.write_text(json.dumps(wanted | {"rows_per_second": speed}))
    return Filled(held, speed)


def vacuum(owner_url: str, said: str = "VACUUM ANALYZE") -> None:
    """Let the planner know what the tables hold, as it does by itself after a while."""
    engine = create_engine(owner_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(said))
    engine.dispose()


@contextmanager
def _unindexed(owner_url: str) -> Iterator[Write]:
    """Take the indexes off the tables, and make them again in the end; gives how to write meanwhile."""
    engine = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    with closing(engine.connect()) as connection:
        made = list(connection.execute(text(INDEXES), {"tables": list(TABLES)}))
        for table, name, _ in made:
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"))
            connection.execute(text(f"DROP INDEX IF EXISTS {name}"))
        yield forms.write_first
        connection.execute(text("SET maintenance_work_mem = '1GB'"))
        for _, _, definition in made:
            connection.execute(text(definition))
    engine.dispose()


INDEXES: Final = (
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY(:tables)"
)


def _write(held: Sequence[Gun], bar: Bar, write: Write) -> None:
    draw = random.Random(7)
    for start in range(0, len(held), BATCH):
        some = held[start : start + BATCH]
        rows = [_row(gun, start + at, draw) for at, gun in enumerate(some)]
        with transaction(operator("USA")):
            write(rows)
            insert_many(MarkKey, rows)
        bar(len(rows))
    db.session.remove()


def _row(gun: Gun, place: int, draw: random.Random) -> dict[str, Any]:
    key = marks.key(gun.serial)
    assert key is not None
    return {
        "key": key.value, "mark_id": UUID(int=place), "record_id": UUID(int=place),
        "record_version": 1, "state": "USA", "serial_norm": key.norm, "skeleton": key.skeleton,
        "event": "domestic_sale", "occurred_on": date(2015, 1, 1) + timedelta(draw.randrange(3000)),
        "make": gun.make, "calibre": gun.calibre, "type": gun.type, "country": gun.country,
        "year": None, "visibility": "open", "is_superseded": False, "is_void": False, "model": None,
    }  # fmt: skip

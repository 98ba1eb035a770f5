"""The marks that every benchmark asks of, written once into a database as records write theirs."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
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
SEED: Final = 11
Bar = Callable[[int], None]


class Filled(NamedTuple):
    """The guns that are held, and how many marks were written a second."""

    guns: list[Gun]
    rows_per_second: float


def fill(count: int, bar: Bar, kept: Path, families: int | None = None) -> Filled:
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
    speed = _write(held, bar)
    kept.write_text(json.dumps(wanted | {"rows_per_second": speed}))
    return Filled(held, speed)


def vacuum(owner_url: str, said: str = "VACUUM ANALYZE") -> None:
    """Let the planner know what the tables hold, as it does by itself after a while."""
    engine = create_engine(owner_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(said))
    engine.dispose()


def _write(held: Sequence[Gun], bar: Bar) -> float:
    draw, began = random.Random(7), time.perf_counter()
    for start in range(0, len(held), BATCH):
        some = held[start : start + BATCH]
        rows = [_row(gun, start + at, draw) for at, gun in enumerate(some)]
        with transaction(operator("USA")):
            forms.write(rows)
            insert_many(MarkKey, rows)
        bar(len(rows))
    db.session.remove()
    return round(len(held) / (time.perf_counter() - began), 1)


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

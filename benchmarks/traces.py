"""A trace that every state answers at once, beside the bare statements that it needs."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from flask import Flask

from benchmarks import measure, replays
from benchmarks.callers import Caller, caller, select_one
from benchmarks.checks import backends
from benchmarks.filling import vacuum
from benchmarks.marks import Gun
from benchmarks.trades import Held, described
from salsa_ext.matching import marks
from salsa_ext.values.ids import new_id

ASKING: Final = "URY"
"""The state that traces; it has part in no way."""
FIRST: Final = 100
"""How many guns are traced before anything is measured."""
RECORDS: Final = (
    "SELECT r.*, s.visibility, s.handling FROM record r JOIN record_setting s ON s.record_id = r.id"
    " WHERE r.id = ANY(%s::uuid[])"
)
MARKS: Final = "SELECT * FROM mark WHERE record_id = ANY(%s::uuid[])"
PARTIES: Final = "SELECT id, kind, country FROM party WHERE id = ANY(%s::uuid[])"
DOCUMENTS: Final = {
    "transfer": "SELECT id, number FROM transfer WHERE id = ANY(%s::uuid[])",
    "shipment": "SELECT id, number, status FROM shipment WHERE id = ANY(%s::uuid[])",
    "receipt": "SELECT r.id, s.number FROM receipt r JOIN shipment s ON s.id = r.shipment_id"
               " WHERE r.id = ANY(%s::uuid[])",
}  # fmt: skip
"""What an answer says of each record: it, its marks, who gave and received, and the document's number."""


@dataclass(frozen=True)
class Asking:
    """Who traces, and the guns in turn."""

    caller: Caller
    guns: Iterator[tuple[Gun, tuple[str, ...]]]

    def trace(self) -> dict[str, Any]:
        """Trace the next gun over HTTP, until every state has answered."""
        gun, _ = next(self.guns)
        answer = self.caller.post("/traces", _body(gun))
        assert answer["status"] == "answered", answer["status"]
        return answer


def run(
    app: Flask, held: Held, owner_url: str, rounds: int, each: int, path: Path
) -> list[measure.Figure]:
    """Trace guns of whole ways, in turns with what each needs, and show."""
    guns = list(held.traced)
    random.Random(5).shuffle(guns)
    asking = Asking(caller(app, ASKING, "trace_analyst", "police"), cycle(guns))
    _check(asking)
    _begin(asking, owner_url)
    asked = partial(_taken, asking)
    ways: dict[str, measure.Prepared] = {
        "bare SELECTs and INSERTs": lambda: _bare(asked()),
        "bare SELECTs": lambda: partial(_select, asked()),
        "POST /traces": lambda: asking.trace,
        "SELECT 1": lambda: select_one,
    }
    figures = measure.prepared_in_turns(ways, backends, rounds, each)
    about = f"{held.records:,} records, {len(guns):,} guns with their whole way"
    measure.show(f"Trace that is answered at once, {about}", figures, path)
    print(_statements(asked()))
    return figures


def _check(asking: Asking) -> None:
    """Trace one gun of each way, and see that the whole chain is found."""
    seen: set[tuple[str, ...]] = set()
    while len(seen) < 2:
        gun, way = next(asking.guns)
        if way not in seen:
            seen.add(way)
            made = asking.caller.post("/traces", _body(gun))
            result = asking.caller.get(f"/traces/{made['id']}/result")
            events = [event["event"] for event in result["chain"]]
            moves = ["export", "import"] * (1 if "ARG" in way else 2)
            assert events == ["manufacture", *moves, "domestic_sale", "domestic_sale"], events


def _begin(asking: Asking, owner_url: str) -> None:
    """Trace some guns, so that the database knows how full its tables are, as of a service in use."""
    for _ in range(FIRST):
        asking.trace()
    vacuum(owner_url)


def _body(gun: Gun) -> dict[str, Any]:
    said = described(gun)
    names = ("type", "make", "serial", "calibre", "country_of_manufacture", "marking")
    found_on = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    return {
        "firearm": {"line": 1} | {name: getattr(said, name) for name in names},
        "found_on": found_on, "case_number": f"C-{new_id()}", "priority": "routine",
        "legal_basis": "Law 1", "illicit_reason": "used_in_crime",
        "circumstances": "Found in a vehicle", "intended_use": "intelligence",
    }  # fmt: skip


def _select(asked: tuple[Gun, replays.Taken]) -> None:
    with replays.connected() as cursor:
        _read(cursor, *asked)


def _read(cursor: Any, gun: Gun, taken: replays.Taken) -> None:
    """Search once, by the very statement of the service, and read what each state says of the gun."""
    replays.say(cursor, taken.searches[:1])
    by_state: dict[str, set[str]] = {}
    for record_id, state, norm, *_ in cursor.fetchall():
        if norm == marks.normalise(gun.serial):
            by_state.setdefault(state, set()).add(str(record_id))
    assert by_state
    for state, ids in by_state.items():
        cursor.execute(f"SET LOCAL salsa.state = '{state}'")
        _tell(cursor, ids)


def _tell(cursor: Any, found: Collection[str]) -> None:
    ids = list(found)
    cursor.execute(RECORDS, (ids,))
    columns = [column.name for column in cursor.description]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    assert len(rows) == len(ids)
    cursor.execute(MARKS, (ids,))
    cursor.fetchall()
    parties = [row[name] for row in rows for name in ("giver_id", "receiver_id") if row[name]]
    cursor.execute(PARTIES, (parties,))
    cursor.fetchall()
    for kind in {row["document_kind"] for row in rows}:
        documents = [row["document_id"] for row in rows if row["document_kind"] == kind]
        cursor.execute(DOCUMENTS[kind], (documents,))
        cursor.fetchall()


def _taken(asking: Asking) -> tuple[Gun, replays.Taken]:
    """Return the next gun and what a trace asks the database; it is undone."""
    gun, _ = next(asking.guns)
    with replays.taking(ASKING) as taken:
        asking.caller.post("/traces", _body(gun))
    return gun, taken


def _bare(asked: tuple[Gun, replays.Taken]) -> measure.Way:
    gun, taken = asked
    inserts, others = taken.inserts(), taken.others()

    def bare() -> None:
        with replays.connected() as cursor:
            _read(cursor, gun, taken)
            replays.say(cursor, inserts)

    return measure.Way(bare, lambda: replays.run(others))


def _statements(asked: tuple[Gun, replays.Taken]) -> str:
    _, taken = asked
    return (f"a trace asks {len(taken.asked)} statements, of which {len(taken.writes)} write;"
            f" barely {len(taken.inserts())} INSERTs hold its rows")  # fmt: skip

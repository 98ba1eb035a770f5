"""Traces over a register whose truth is known: false holders, missed ones, and how sure strong is."""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import sqrt
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from benchmarks import gun_registers
from benchmarks.gun_registers import WORDS, Reading
from benchmarks.marks import CORRUPTIONS, LETTERS, SEED, Gun, make_guns, vacuum
from benchmarks.trade_data import declare_registers, describe_gun
from salsa_ext.access.rules import operator, service
from salsa_ext.core.actor import Actor, Vault
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.errors import Invalid
from salsa_ext.database.session import db, transaction
from salsa_ext.exchange import processing
from salsa_ext.firearms.marks.keys import skeleton
from salsa_ext.firearms.marks.values import Firearm, Query
from salsa_ext.firearms.records.queries import query_for_firearm
from salsa_ext.firearms.search.search import find_candidates
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.reference.names import participants
from salsa_ext.tracing.chains.chain import ChainResult
from salsa_ext.tracing.traces import commands, trace_results
from salsa_ext.tracing.traces.values import TraceData

OWNER, ASKING = "BRA", "ARG"
FOUND_ON: Final = date(2026, 3, 1)
SOLD: Final = date(2012, 1, 1), 4_000
"""First day of the sales, and within how many days."""
PRESENT: Final = ("clean", "confusable", "one unread", "deletion")
"""How the serials of guns in the register were read."""
ABSENT: Final = (
    "neighbour",
    "two errors",
    "other make",
    "other calibre",
    "prefix only",
    "words",
    "craft",
)
"""How guns that no register has come near to others' records."""
Glimpse = Callable[[Gun, "GunDrawer"], Firearm | None]


@dataclass(frozen=True)
class FoundGun:
    """A gun as its finder describes it, and the number of its sale; None if none is recorded."""

    reading: str
    description: Firearm
    sale: int | None


@dataclass(frozen=True)
class Outcome:
    """Result of the trace of a found gun."""

    found: FoundGun
    result: ChainResult | None

    @property
    def kind(self) -> str:
        """Return right, false, the outcome without a holder, or refused."""
        if self.result is None:
            return "refused"
        last = self.result.last_lawful
        if last is None:
            return self.result.outcome
        return "right" if last["document_number"] == f"T-{self.found.sale}" else "false"


class GunDrawer:
    """Draws found guns of a register, recorded or not."""

    def __init__(self, guns: Sequence[Gun], draw: random.Random) -> None:
        self.guns, self.draw = guns, draw
        self._known = {skeleton(gun.serial) for gun in guns}

    def present(self, reading: str) -> FoundGun:
        """Draw a recorded gun whose serial was read so."""
        while True:
            number = self.draw.randrange(len(self.guns))
            gun = self.guns[number]
            read = CORRUPTIONS[reading](gun.serial, self.draw)
            if read and (read == gun.serial) == (reading == "clean"):
                return FoundGun(reading, replace(describe_gun(gun), serial=read), number)

    def absent(self, reading: str) -> FoundGun:
        """Draw a gun that is like a recorded one and is none."""
        while True:
            description = _GLIMPSES[reading](self.draw.choice(self.guns), self)
            if description:
                return FoundGun(reading, description, None)

    def unknown(self, serial: str | None) -> str | None:
        """Return the serial if no gun of the register has it, or one easily taken for it."""
        return serial if serial and skeleton(serial) not in self._known else None


def _with_serial(gun: Gun, serial: str | None) -> Firearm | None:
    return replace(describe_gun(gun), serial=serial) if serial else None


def _neighbour(gun: Gun, drawer: GunDrawer) -> Firearm | None:
    return _with_serial(gun, drawer.unknown(CORRUPTIONS["substitution"](gun.serial, drawer.draw)))


def _two_errors(gun: Gun, drawer: GunDrawer) -> Firearm | None:
    return _with_serial(gun, drawer.unknown(CORRUPTIONS["two errors"](gun.serial, drawer.draw)))


def _other_make(gun: Gun, drawer: GunDrawer) -> Firearm | None:
    other = drawer.draw.choice(drawer.guns)
    return None if other.make == gun.make else _with_serial(other, gun.serial)


def _other_calibre(gun: Gun, drawer: GunDrawer) -> Firearm | None:
    other = drawer.draw.choice(drawer.guns)
    return (
        None if other.calibre == gun.calibre else describe_gun(gun._replace(calibre=other.calibre))
    )


def _prefix_only(gun: Gun, drawer: GunDrawer) -> Firearm | None:
    prefix = gun.serial[: max(3, len(gun.serial) - len(gun.serial.lstrip(LETTERS)) + 1)]
    return _with_serial(gun, f"{prefix}*")


def _words(gun: Gun, drawer: GunDrawer) -> Firearm | None:
    return _with_serial(gun, drawer.draw.choice(WORDS))


def _craft(gun: Gun, drawer: GunDrawer) -> Firearm | None:
    """Return a home-made gun: a number struck at will, no make, perhaps a calibre."""
    serial = "".join(drawer.draw.choices("0123456789", k=drawer.draw.choice((3, 4, 5, 6))))
    calibre = describe_gun(gun).calibre if drawer.draw.random() < 0.5 else None
    return Firearm(type=gun.type, origin_kind="craft", serial=serial, calibre=calibre)


_GLIMPSES: Final[Mapping[str, Glimpse]] = {
    "neighbour": _neighbour,
    "two errors": _two_errors,
    "other make": _other_make,
    "other calibre": _other_calibre,
    "prefix only": _prefix_only,
    "words": _words,
    "craft": _craft,
}


class Register(NamedTuple):
    """Guns that were sold in one state, and the number of each by its record."""

    guns: Sequence[Gun]
    numbers: Mapping[UUID, int]


def record_register(owner_url: str, count: int) -> Register:
    """Record the sales of so many guns; every state takes part."""
    declare_registers(owner_url)
    gun_registers.register_police()
    draw = random.Random(SEED)
    guns = [*{gun.serial: gun for gun in make_guns(count, draw)}.values()]
    first, days = SOLD
    readings = []
    for number, gun in enumerate(guns):
        on = first + timedelta(draw.randrange(days))
        readings.append(Reading(number, OWNER, "domestic_sale", on, describe_gun(gun)))
    numbers = {document: at for at, document in enumerate(gun_registers.record(readings, 0))}
    vacuum(owner_url, "ANALYZE")
    with transaction(operator(OWNER)):
        rows = db.session.execute(text("SELECT id, document_id FROM record"))
        return Register(guns, {record: numbers[document] for record, document in rows})


def draw_found(guns: Sequence[Gun], each: int, seed: int = SEED) -> list[FoundGun]:
    """Draw so many guns that are recorded, by reading in turn, and as many that are not."""
    drawer = GunDrawer(guns, random.Random(seed))
    present = [drawer.present(PRESENT[at % len(PRESENT)]) for at in range(each)]
    return present + [drawer.absent(ABSENT[at % len(ABSENT)]) for at in range(each)]


def trace(guns: Sequence[FoundGun], asking: str, vault: Vault) -> list[Outcome]:
    """Trace found guns for a state, to the last automatic answer.

    A trace of what is no mark is refused, and has no result.
    """
    actor = operator(asking, vault=vault)
    traces = [_create_trace(actor, number, found) for number, found in enumerate(guns)]
    actors = [service(state, SYSTEM_CLOCK, vault) for state in sorted(participants())]
    while sum(processing.run_steps(actor=each) for each in actors):
        pass
    with transaction(actor):
        results = [each and trace_results.get_result(actor, each).result for each in traces]
    return [Outcome(*each) for each in zip(guns, results, strict=True)]


def _create_trace(actor: Actor, number: int, found: FoundGun) -> UUID | None:
    try:
        with transaction(actor):
            return commands.create_trace(actor=actor, data=_trace_data(number, found))
    except Invalid:
        return None


def _trace_data(number: int, found: FoundGun) -> TraceData:
    return TraceData(
        case_number=f"C-{number}",
        priority="routine",
        legal_basis="Law 1",
        illicit_reason="used_in_crime",
        circumstances="Found in a vehicle",
        intended_use="intelligence",
        firearm=found.description,
        found_on=FOUND_ON,
        confirm_second=True,
    )


def count(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Return how many outcomes there are of each kind, by reading."""
    readings = dict.fromkeys(outcome.found.reading for outcome in outcomes)
    return {
        reading: dict(Counter(each.kind for each in outcomes if each.found.reading == reading))
        for reading in readings
    }


@dataclass(frozen=True)
class Calibration:
    """Of what was called strong by one kind of evidence, how many were right."""

    strong: int
    right: int

    @property
    def interval(self) -> tuple[float, float]:
        """Return the interval of Wilson at 95 %, as shares of one."""
        n, share, z = self.strong, self.right / self.strong, 1.96
        middle = share + z * z / (2 * n)
        half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return (middle - half) / (1 + z * z / n), min(1.0, (middle + half) / (1 + z * z / n))


def calibrate(register: Register, found: Sequence[FoundGun]) -> dict[str, Calibration]:
    """Return how often conclusive evidence is right: by how near the mark is, and in all."""
    strong, right = Counter[str](), Counter[str]()
    for each in found:
        query = query_for_firearm(each.description)
        query = replace(query, near=True, reported_year=FOUND_ON.year)
        with transaction(operator(OWNER)):
            candidates = _search(query, operator(OWNER))
        for hit in candidates:
            if hit.evidence.is_conclusive:
                is_right = register.numbers[hit.mark_hit.record_id] == each.sale
                strong.update((hit.evidence.near.kind, "all"))
                right.update((hit.evidence.near.kind, "all") if is_right else ())
    return {kind: Calibration(strong[kind], right[kind]) for kind in sorted(strong)}


def _search(query: Query, actor: Actor) -> Sequence[Candidate]:
    try:
        return find_candidates(query, actor, stop_at_exact=False)
    except Invalid:  # so little of it can be read that a search is refused
        return []


def run(owner_url: str, vault: Vault, guns: int, each: int, queries: int, path: Path) -> None:
    """Trace and calibrate over a register; print both tables and write them as JSON."""
    register = record_register(owner_url, guns)
    traced = count(trace(draw_found(register.guns, each, SEED + 1), ASKING, vault))
    for reading, outcomes in traced.items():
        print(f"{reading:<14}{json.dumps(outcomes)}")
    calibrated = calibrate(register, draw_found(register.guns, queries, SEED + 2))
    for kind, row in calibrated.items():
        low, high = row.interval
        share = f"{row.right / row.strong:>9.2%}{low:>9.2%}{high:>9.2%}"
        print(f"{kind:<14}{row.strong:>8}{row.right:>8}{share}")
    rows = {kind: vars(row) for kind, row in calibrated.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"traced": traced, "calibrated": rows}, indent=1))

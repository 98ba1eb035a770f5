"""Real records to trace by: a crowd of sales, and guns whose whole way from the maker to a holder is there.

Everything is written by the commands of the service, in batches, as files and manifests are.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from benchmarks.filling import SEED, Bar, vacuum
from benchmarks.marks import Gun, guns
from salsa_ext.db import db, transaction
from salsa_ext.errors import Invalid
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels import names
from salsa_ext.services import (
    agencies,
    checkpoints,
    permits,
    receipts,
    releases,
    rollups,
    shipments,
    transfers,
)
from salsa_ext.services.agencies import AgencyData
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import TransferData
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.movements import CheckpointData, ReleaseData
from salsa_ext.values.parties import Party
from salsa_ext.values.permits import Authority, PermitData, ReceiptData, Reference, ShipmentData

BATCH: Final = 2_000
LOT: Final = 50
"""Guns of one shipment."""
SHARE: Final = 20
"""One of so many records is of a gun whose whole way is there, up to MOST guns."""
MOST: Final = 2_000
WAYS: Final = (("BRA", ("ARG",), ("PRY",), "taurus"), ("USA", (), ("MEX", "GTM"), "smith-wesson"))
"""Who makes, through whom it goes in transit, and who imports, one after the other; with the make."""
STATES: Final = ("ARG", "BRA", "CHL", "COL", "ECU", "GTM", "MEX", "PER", "PRY", "URY", "USA")


class Held(NamedTuple):
    """The guns that can be traced, each with its states in the order of its way, and all guns."""

    traced: list[tuple[Gun, tuple[str, ...]]]
    records: int


@dataclass(frozen=True)
class Lot:
    """Guns that go together from one state to another; `step` is how often they went before."""

    number: str
    guns: Sequence[Firearm]
    exporter: str
    importer: str
    transit: tuple[str, ...]
    step: int
    today: date

    def on(self, day: int) -> date:
        """Return a day of its way, counted from that on which it was licensed."""
        return self.today - timedelta(days=300 - 60 * self.step - day)

    @property
    def sides(self) -> dict[str, Any]:
        """Return what all its permits say alike."""
        buyer = _firm("Importer Example", self.importer)
        return {
            "document_kind": "certificate", "issued_on": self.on(0), "regime": "permanent",
            "expires_on": self.on(360), "exporting_state": self.exporter,
            "importing_state": self.importer, "transit_states": self.transit,
            "exporter": _firm("Exporter Example", self.exporter), "importer": buyer,
            "final_consignee": buyer,
            "lines": (replace(self.guns[0], serial=None, marking="unknown",
                              quantity=len(self.guns)),),
        }  # fmt: skip


def hold(records: int, bar: Bar, kept: Path, owner_url: str) -> Held:
    """Hold `records` real records, which are written if `kept` does not say that they are here already.

    Raises:
        Invalid: The database holds records of another count.
    """
    chains = _chains(records)
    crowd = max(0, records - sum(5 if way[0] == "BRA" else 7 for _, way in chains))
    held = Held([(gun, way) for gun, way in chains], records)
    if kept.exists():
        if (told := json.loads(kept.read_text())["records"]) != records:
            raise Invalid(f"{kept.parent} holds {told} records; name another folder")
        return held
    _register()
    # some serials that are drawn stand for none, and are left out
    _write_crowd(guns(crowd + crowd // 50 + 50, random.Random(SEED))[:crowd], bar)
    _write_ways(chains, bar)
    _fold()
    vacuum(owner_url)
    kept.write_text(json.dumps({"records": records}))
    return held


def described(gun: Gun) -> Firearm:
    """Return a gun as a document describes it, in words and not in codes."""
    return Firearm(type=gun.type, make=_word("make", gun.make), serial=gun.serial, marking="intact",
                   calibre=_word("calibre", gun.calibre), country_of_manufacture=gun.country)  # fmt: skip


@cache
def _word(kind: str, code: str) -> str:
    return names.labels(kind, "en").get(code, code)


def _chains(records: int) -> list[tuple[Gun, tuple[str, ...]]]:
    """Choose guns of the makers of both ways; their serials are in no crowd."""
    wanted = min(MOST, max(2, records // SHARE // 6)) // 2
    every = guns(max(5_000, 20 * wanted), random.Random(SEED + 2))
    found: list[tuple[Gun, tuple[str, ...]]] = []
    for maker, transit, importers, make in WAYS:
        some = [gun for gun in every if gun.make == make][:wanted]
        found += [(gun._replace(country=maker), (maker, *transit, *importers)) for gun in some]
    return found


def _register() -> None:
    for state in STATES:
        actor = operator(state)
        with transaction(actor):
            agencies.register_missing(actor=actor, batch=[
                AgencyData(f"{state}-{kind.upper()}", kind, f"{kind} of {state}", "UTC")
                for kind in ("police", "licensing", "customs", "border")
            ])  # fmt: skip


def _write_crowd(crowd: Sequence[Gun], bar: Bar) -> None:
    draw = random.Random(SEED + 3)
    for start in range(0, len(crowd), BATCH):
        state, some = draw.choice(STATES), crowd[start : start + BATCH]
        _run(transfers.record_many, state, [
            _transfer("domestic_sale", described(gun), _today() - timedelta(draw.randrange(400, 3_000)),
                      _firm("Dealer Example", state), _person(f"Holder {start + at}", state))
            for at, gun in enumerate(some)
        ])  # fmt: skip
        bar(len(some))


def _write_ways(chains: Sequence[tuple[Gun, tuple[str, ...]]], bar: Bar) -> None:
    for way in WAYS:
        mine = [described(gun) for gun, states in chains if states[0] == way[0]]
        for start in range(0, len(mine), LOT):
            bar(_write_way(mine[start : start + LOT], start // LOT, way))


def _write_way(some: Sequence[Firearm], at: int, way: tuple[Any, ...]) -> int:
    """Let a lot be made, go from state to state, and be sold to holders; returns how many records it has."""
    maker, transit, importers, _ = way
    factory = _firm("Factory Example", maker)
    made_on = _today() - timedelta(400)
    _run(transfers.record_many, maker, [
        _transfer("manufacture", gun, made_on, None, factory) for gun in some
    ])  # fmt: skip
    exporter = maker
    for step, importer in enumerate(importers):
        _ship(Lot(f"{at}-{step}", some, exporter, importer, transit, step, _today()))
        exporter = importer
    firm, dealer = _firm("Importer Example", exporter), _firm("Dealer Example", exporter)
    for day, giver, receiver in ((90, firm, lambda at: dealer),
                                 (60, dealer, lambda at: _person(f"Buyer {at}", exporter))):  # fmt: skip
        _run(transfers.record_many, exporter, [
            _transfer("domestic_sale", gun, _today() - timedelta(day), giver, receiver(at))
            for at, gun in enumerate(some)
        ])  # fmt: skip
    return len(some) * (3 + 2 * len(importers))


def _ship(lot: Lot) -> None:
    """License a lot by every state of its way, and let it leave, pass and arrive."""
    named = Reference(lot.importer, f"I-{lot.number}")
    _license(lot, lot.importer, "import", {})
    for state in lot.transit:
        _license(lot, state, "in_transit", {"plan": _plan(lot), "import_permit": named})
    [permit] = _license(lot, lot.exporter, "export", {"import_permit": named, "transit_permits": tuple(
        Reference(state, f"T-{lot.number}") for state in lot.transit
    )})  # fmt: skip
    sent = ShipmentData(f"S-{lot.number}", lot.on(10), "road",
                        [replace(gun, line=1) for gun in lot.guns])  # fmt: skip
    [shipment] = _run(shipments.record_many, lot.exporter, [(permit, sent)])
    _run(releases.release_many, lot.exporter, [(shipment, ReleaseData(lot.on(10)))])
    for at, (state, stage) in enumerate(_stages(lot)):
        moment = datetime.combine(lot.on(10 + at), datetime.min.time(), UTC) + timedelta(hours=12)
        passed = CheckpointData(stage, moment, "passed")
        _run(checkpoints.record_many, state, [(shipment, passed)])
    _run(receipts.confirm_many, lot.importer, [(shipment, ReceiptData(lot.on(20), all=True))])


def _stages(lot: Lot) -> list[tuple[str, str]]:
    passed = [(state, stage) for state in lot.transit for stage in ("transit_in", "transit_out")]
    return [(lot.exporter, "exit"), *passed, (lot.importer, "entry")]


def _license(lot: Lot, state: str, kind: str, more: dict[str, Any]) -> list[UUID]:
    number = f"{kind[0].upper() if kind != 'in_transit' else 'T'}-{lot.number}"
    signed = Authority(f"{state}-LICENSING", "Signatory Example")
    data = PermitData(kind=kind, number=number, authority=signed, **lot.sides, **more)
    found: list[UUID] = _run(permits.record_many, state, [data])
    return found


def _plan(lot: Lot) -> dict[str, Any]:
    return {"route": "RN-1", "port_of_entry": "Entry", "port_of_exit": "Exit", "mode": "road",
            "enters_on": lot.on(10), "leaves_on": lot.on(15), "carrier": "Carrier Example"}  # fmt: skip


def _transfer(
    kind: str, gun: Firearm, on: date, giver: Party | None, receiver: Party
) -> TransferData:
    return TransferData(kind, When(on), gun, giver=giver, receiver=receiver)


def _run(command: Callable[..., Any], state: str, batch: Iterable[Any]) -> Any:
    actor: Actor = operator(state)
    with transaction(actor):
        return command(actor=actor, batch=[*batch])


def _firm(name: str, state: str) -> Party:
    return Party(name, "dealer", state)


def _person(name: str, state: str) -> Party:
    return Party(name, "individual", state)


def _today() -> date:
    return datetime.now(UTC).date()


def _fold() -> None:
    """Fold the figures, as the worker does."""
    folded = 1
    while folded:
        with transaction(operator(None)):
            folded = rollups.fold()
    db.session.remove()

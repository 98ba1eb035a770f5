"""Trade data: many sales, and guns with a complete chain. Written in batches by the commands of the service."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import create_engine, pool, select
from sqlalchemy.dialects.postgresql import insert

from benchmarks.marks import SEED, Gun, ProgressBar, make_guns, vacuum
from salsa_ext.access.rules import operator
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import REGISTERS
from salsa_ext.core.errors import Invalid
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import transaction
from salsa_ext.documents import transfers
from salsa_ext.documents.values import TransferData
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.parties import Party
from salsa_ext.reference import names
from salsa_ext.reference.models import State
from salsa_ext.reference.participation.models import Participation
from salsa_ext.trade.permits import permits
from salsa_ext.trade.permits.values import (
    DocumentReference,
    IssuingAuthority,
    PermitData,
    TransitPlan,
)
from salsa_ext.trade.receipts import receipts
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments import checkpoints, shipments
from salsa_ext.trade.shipments.values import CheckpointData, ReleaseData, ShipmentData


def declare_registers(owner_url: str) -> None:
    """Declare each register of each state complete, with the service answering.

    As the owner of the tables: no audit holds it. What was declared before stays.
    """
    first = {"version": 1, "mode": "service", "complete": True, "makes": []}
    first |= {"since": date(2000, 1, 1), "declared_at": datetime(2000, 1, 1, tzinfo=UTC)}
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        states = connection.scalars(select(State.code).where(State.is_participant)).all()
        rows = [
            {"id": new_id(), "owner_state": state, "register": register} | first
            for state in states
            for register in REGISTERS
        ]
        connection.execute(insert(Participation).on_conflict_do_nothing(), rows)


BATCH_SIZE: Final = 2_000
LOT_SIZE: Final = 50
"""Guns of one shipment."""
CHAIN_RATE: Final = 20
"""One of so many records is of a gun whose whole way is there, up to MOST guns."""
MAX_CHAINS: Final = 2_000
TRADE_ROUTES: Final = (
    ("BRA", ("ARG",), ("PRY",), "taurus"),
    ("USA", (), ("MEX", "GTM"), "smith-wesson"),
)
"""Who makes, through whom it goes in transit, and who imports, one after the other; with the make."""
STATES: Final = ("ARG", "BRA", "CHL", "COL", "ECU", "GTM", "MEX", "PER", "PRY", "URY", "USA")


class TradeData(NamedTuple):
    """Guns with complete chains and their states in order."""

    traced: list[tuple[Gun, tuple[str, ...]]]
    records: int


@dataclass(frozen=True)
class Lot:
    """Guns shipped together between two states; `step` counts earlier shipments."""

    number: str
    guns: Sequence[Firearm]
    exporter: str
    importer: str
    transit: tuple[str, ...]
    step: int
    today: date

    def on(self, day: int) -> date:
        """Return a date, in days after licensing."""
        return self.today - timedelta(days=300 - 60 * self.step - day)

    @property
    def sides(self) -> dict[str, Any]:
        """Return the common fields of all its permits."""
        buyer = _firm("Importer Example", self.importer)
        return {
            "document_kind": "certificate",
            "issued_on": self.on(0),
            "regime": "permanent",
            "expires_on": self.on(360),
            "exporting_state": self.exporter,
            "importing_state": self.importer,
            "transit_states": self.transit,
            "exporter": _firm("Exporter Example", self.exporter),
            "importer": buyer,
            "final_consignee": buyer,
            "lines": (
                replace(self.guns[0], serial=None, marking="unknown", quantity=len(self.guns)),
            ),
        }


def fill_trade(records: int, bar: ProgressBar, marker: Path, owner_url: str) -> TradeData:
    """Fill the database with records, unless the `marker` file has them.

    Raises Invalid if the database was filled otherwise.
    """
    chains = _choose_guns(records)
    crowd = max(0, records - sum(5 if way[0] == "BRA" else 7 for _, way in chains))
    trade = TradeData([(gun, way) for gun, way in chains], records)
    if marker.exists():
        if (stored := json.loads(marker.read_text())["records"]) != records:
            raise Invalid(f"{marker.parent} holds {stored} records; name another folder")
        return trade
    _register_agencies()
    declare_registers(owner_url)
    # some serials that are drawn stand for none, and are left out
    _write_sales(make_guns(crowd + crowd // 50 + 50, random.Random(SEED))[:crowd], bar)
    _write_routes(chains, bar)
    vacuum(owner_url)
    marker.write_text(json.dumps({"records": records}))
    return trade


def describe_gun(gun: Gun) -> Firearm:
    """Return a gun as described on a document, in words."""
    return Firearm(
        type=gun.type,
        make=_english_name("make", gun.make),
        serial=gun.serial,
        marking="intact",
        calibre=_english_name("calibre", gun.calibre),
        country_of_manufacture=gun.country,
    )


@cache
def _english_name(kind: str, code: str) -> str:
    return names.labels(kind, "en").get(code, code)


def _choose_guns(records: int) -> list[tuple[Gun, tuple[str, ...]]]:
    """Choose guns of the makers of both routes."""
    needed = min(MAX_CHAINS, max(2, records // CHAIN_RATE // 6)) // 2
    every = make_guns(max(5_000, 20 * needed), random.Random(SEED + 2))
    chosen: list[tuple[Gun, tuple[str, ...]]] = []
    for maker, transit, importers, make in TRADE_ROUTES:
        some = [gun for gun in every if gun.make == make][:needed]
        chosen += [(gun._replace(country=maker), (maker, *transit, *importers)) for gun in some]
    return chosen


def _register_agencies() -> None:
    for state in STATES:
        actor = operator(state)
        with transaction(actor):
            agencies.register_missing(
                actor=actor,
                batch=[
                    AgencyData(f"{state}-{kind.upper()}", kind, f"{kind} of {state}", "UTC")
                    for kind in ("police", "licensing", "customs", "border")
                ],
            )


def _write_sales(crowd: Sequence[Gun], bar: ProgressBar) -> None:
    draw = random.Random(SEED + 3)
    for start in range(0, len(crowd), BATCH_SIZE):
        state, some = draw.choice(STATES), crowd[start : start + BATCH_SIZE]
        _run_command(
            transfers.record_many,
            state,
            [
                _transfer(
                    "domestic_sale",
                    describe_gun(gun),
                    _today() - timedelta(draw.randrange(400, 3_000)),
                    _firm("Dealer Example", state),
                    _person(f"Holder {start + at}", state),
                )
                for at, gun in enumerate(some)
            ],
        )
        bar(len(some))


def _write_routes(chains: Sequence[tuple[Gun, tuple[str, ...]]], bar: ProgressBar) -> None:
    for way in TRADE_ROUTES:
        mine = [describe_gun(gun) for gun, states in chains if states[0] == way[0]]
        for start in range(0, len(mine), LOT_SIZE):
            bar(_write_route(mine[start : start + LOT_SIZE], start // LOT_SIZE, way))


def _write_route(some: Sequence[Firearm], at: int, way: tuple[Any, ...]) -> int:
    """Make, ship and sell a lot; return its number of records."""
    maker, transit, importers, _ = way
    factory = _firm("Factory Example", maker)
    made_on = _today() - timedelta(400)
    _run_command(
        transfers.record_many,
        maker,
        [_transfer("manufacture", gun, made_on, None, factory) for gun in some],
    )
    exporter = maker
    for step, importer in enumerate(importers):
        _ship_lot(Lot(f"{at}-{step}", some, exporter, importer, transit, step, _today()))
        exporter = importer
    firm, dealer = _firm("Importer Example", exporter), _firm("Dealer Example", exporter)
    for day, giver, receiver in (
        (90, firm, lambda at: dealer),
        (60, dealer, lambda at: _person(f"Buyer {at}", exporter)),
    ):
        _run_command(
            transfers.record_many,
            exporter,
            [
                _transfer("domestic_sale", gun, _today() - timedelta(day), giver, receiver(at))
                for at, gun in enumerate(some)
            ],
        )
    return len(some) * (3 + 2 * len(importers))


def _ship_lot(lot: Lot) -> None:
    """License a lot in all states, ship and receive it."""
    named = DocumentReference(lot.importer, f"I-{lot.number}")
    _record_permit(lot, lot.importer, "import", {})
    for state in lot.transit:
        _record_permit(
            lot, state, "in_transit", {"plan": _transit_plan(lot), "import_permit": named}
        )
    [permit] = _record_permit(
        lot,
        lot.exporter,
        "export",
        {
            "import_permit": named,
            "transit_permits": tuple(
                DocumentReference(state, f"T-{lot.number}") for state in lot.transit
            ),
        },
    )
    sent = ShipmentData(
        f"S-{lot.number}", lot.on(10), "road", [replace(gun, line=1) for gun in lot.guns]
    )
    [shipment] = _run_command(shipments.record_many, lot.exporter, [(permit, sent)])
    _run_command(shipments.release_many, lot.exporter, [(shipment, ReleaseData(lot.on(10)))])
    for at, (state, stage) in enumerate(_stages(lot)):
        moment = datetime.combine(lot.on(10 + at), datetime.min.time(), UTC) + timedelta(hours=12)
        passed = CheckpointData(stage, moment, "passed")
        _run_command(checkpoints.record_many, state, [(shipment, passed)])
    _run_command(
        receipts.confirm_many, lot.importer, [(shipment, ReceiptData(lot.on(20), all=True))]
    )


def _stages(lot: Lot) -> list[tuple[str, str]]:
    passed = [(state, stage) for state in lot.transit for stage in ("transit_in", "transit_out")]
    return [(lot.exporter, "exit"), *passed, (lot.importer, "entry")]


def _record_permit(lot: Lot, state: str, kind: str, more: dict[str, Any]) -> list[UUID]:
    number = f"{kind[0].upper() if kind != 'in_transit' else 'T'}-{lot.number}"
    signed = IssuingAuthority(f"{state}-LICENSING", "Signatory Example")
    data = PermitData(kind=kind, number=number, authority=signed, **lot.sides, **more)
    permit_ids: list[UUID] = _run_command(permits.record_many, state, [data])
    return permit_ids


def _transit_plan(lot: Lot) -> TransitPlan:
    days = lot.on(10), lot.on(15)
    return TransitPlan("RN-1", "Entry", "Exit", "road", *days, carrier="Carrier Example")


def _transfer(
    kind: str, gun: Firearm, on: date, giver: Party | None, receiver: Party
) -> TransferData:
    return TransferData(on, kind=kind, firearm=gun, giver=giver, receiver=receiver)


def _run_command(command: Callable[..., Any], state: str, batch: Iterable[Any]) -> Any:
    actor: Actor = operator(state)
    with transaction(actor):
        return command(actor=actor, batch=[*batch])


def _firm(name: str, state: str) -> Party:
    return Party(name, "dealer", state)


def _person(name: str, state: str) -> Party:
    return Party(name, "individual", state)


def _today() -> date:
    return datetime.now(UTC).date()

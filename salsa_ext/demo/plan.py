"""Plan of all documents of the demo region, before recording."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from salsa_ext.demo import lead_patterns, tour_gun
from salsa_ext.demo.domestic_transfers import TransferGenerator, undelivered_guns, unsold_guns
from salsa_ext.demo.guns import FOREIGN, Design, GunFactory, SimulatedGun, designs_by_source
from salsa_ext.demo.investigation import PlannedTrace, TraceGenerator
from salsa_ext.demo.parties import People
from salsa_ext.demo.seizures import GunPool, PlannedSeizure, ReportGenerator, SeizureGenerator
from salsa_ext.demo.trade.deals import Consignment, Deal, DealGenerator
from salsa_ext.demo.trade.permits import (
    DocumentNumbers,
    LicenseeGenerator,
    PermitWriter,
    PlannedLicensee,
)
from salsa_ext.demo.trade.shipments import ShipmentWriter
from salsa_ext.demo.world import STATES, Calendar, shared_posts
from salsa_ext.documents.values import ReportData, TransferData
from salsa_ext.trade.permits.values import PermitData
from salsa_ext.trade.receipts.values import ReceiptData
from salsa_ext.trade.shipments.values import CheckpointData, ShipmentData

GUNS: Final = 30_000
POST_DEALS: Final = 245
UNMATCHED_PERMITS: Final = 110
TRANSFERS: Final = 20_000
REPORTS: Final = 600
SEIZURES: Final = 4_000
TRACES: Final = 600
# Seized whole at any scale: guns that only a state outside the service knows, and guns of
# such a maker that were sold in the United States.
FIXED_SEIZURE_STATES: Final = ("MEX", "GTM", "HND")
FOREIGN_MODEL: Final = "19"
UNSOLD_SHARE: Final = 0.1


@dataclass(frozen=True)
class PlannedShipment:
    """A shipment to record, with its checkpoints and receipt."""

    exporter: str
    importer: str
    permit: str
    data: ShipmentData
    ticks: Sequence[tuple[str, CheckpointData]]
    receipt: ReceiptData | None


@dataclass(frozen=True)
class Plan:
    """The documents of all states, by kind, in order of recording."""

    licensees: Sequence[PlannedLicensee]
    permits: Sequence[tuple[str, PermitData]]
    shipments: Sequence[PlannedShipment]
    transfers: Sequence[tuple[str, TransferData]]
    reports: Sequence[tuple[str, ReportData]]
    seizures: Sequence[PlannedSeizure]
    traces: Sequence[PlannedTrace]


class Planner:
    """Planner of a region of a given size from one seed."""

    def __init__(self, seed: int, calendar: Calendar, scale: float) -> None:
        self._random = random = Random(seed)  # noqa: S311 - records to be repeated, not secrets
        self._calendar = calendar
        self._scale = scale
        self._people = People(random)
        self._armoury = GunFactory(random)
        self._numbers = DocumentNumbers()
        self._clerk = PermitWriter(random, calendar, self._people, self._numbers)
        self._forwarder = ShipmentWriter(random, calendar, self._people)

    def plan(self) -> Plan:
        """Return the plan; documents of the tour are first in their series."""
        first, deals = tour_gun.tour_deal(self._random), self._deals()
        lot, lost = first.consignments[0].lots[1], undelivered_guns(deals)
        registrar = self._registrar(deals)
        desk = self._desk(registrar.guns, lost)
        self._clerk.number([first])
        self._clerk.number(deals)
        seizures = self._seizures(registrar, [*registrar.guns, *self._unsold(deals)], lost, lot)
        return Plan(
            licensees=list(LicenseeGenerator(self._people, self._calendar).licensees()),
            permits=self._permits([first, *deals]),
            shipments=self._shipped([first, *deals]),
            transfers=self._transfers(registrar, lot),
            reports=list(desk.numbered(self._numbers)),
            seizures=[*seizures, *lead_patterns.lead_seizures(self._calendar, self._numbers)],
            traces=TraceGenerator(self._random, seizures, tour_gun.SEIZURE_NUMBERS).cases(
                self._count(TRACES)
            ),
        )

    def _count(self, share: int) -> int:
        return max(1, round(share * self._scale))

    def _deals(self) -> list[Deal]:
        """Return past deals and deals under way at posts, oldest first."""
        market = DealGenerator(self._random, self._armoury)
        deals = market.at_posts(tour_gun.posts_tour_first(), self._count(POST_DEALS))
        under_way = sum(1 for deal in deals for sent in deal.consignments for _ in sent.guns())
        past = market.past(self._count(GUNS) - tour_gun.COUNT - under_way)
        return sorted([*past, *deals], key=lambda deal: -deal.issued)

    def _registrar(self, deals: list[Deal]) -> TransferGenerator:
        registrar = TransferGenerator(
            self._random, self._calendar, self._people, self._armoury, deals
        )
        registrar.make(self._count(TRANSFERS) - tour_gun.COUNT - 1)
        return registrar

    def _desk(
        self, guns: Sequence[SimulatedGun], lost: Sequence[tuple[Consignment, SimulatedGun]]
    ) -> ReportGenerator:
        desk = ReportGenerator(self._random, self._calendar, self._people)
        desk.make(self._count(REPORTS), guns, lost)
        return desk

    def _seizures(
        self,
        registrar: TransferGenerator,
        guns: Sequence[SimulatedGun],
        lost: Iterable[tuple[Consignment, SimulatedGun]],
        lot: list[SimulatedGun],
    ) -> list[PlannedSeizure]:
        pool = GunPool(self._random, guns)
        police = SeizureGenerator(
            self._random, self._calendar, self._armoury, pool, self._surfacing(lost)
        )
        for state in FIXED_SEIZURE_STATES:
            police.find(state, police.unknown(FOREIGN))
            police.find(state, registrar.sale("USA", self._abroad()))
        police.make(
            self._count(SEIZURES) - 2 * len(FIXED_SEIZURE_STATES) - len(tour_gun.SEIZURE_NUMBERS)
        )
        first = [
            replace(
                seizure, data=replace(seizure.data, number=self._numbers.next(seizure.state, "Z"))
            )
            for seizure in tour_gun.tour_seizures(self._calendar, lot)
        ]
        return [*first, *police.numbered(self._numbers)]

    def _unsold(self, deals: Iterable[Deal]) -> list[SimulatedGun]:
        """Return some unsold guns; most seized guns were sold before."""
        stock = unsold_guns(deals)
        return self._random.sample(stock, round(len(stock) * UNSOLD_SHARE))

    def _abroad(self) -> Design:
        return next(
            design
            for design in designs_by_source()["USA", "pistol"]
            if design.model == FOREIGN_MODEL
        )

    def _surfacing(
        self, lost: Iterable[tuple[Consignment, SimulatedGun]]
    ) -> dict[str, list[SimulatedGun]]:
        """Return undelivered guns by the state where they are found."""
        guns: dict[str, list[SimulatedGun]] = defaultdict(list)
        for sent, gun in lost:
            importer = sent.deal.way.importer
            near = [
                importer,
                importer,
                *(state for state in STATES if shared_posts(importer, state)),
            ]
            if gun.last > 30:
                guns[self._random.choice(near)].append(gun)
        return guns

    def _permits(self, deals: Iterable[Deal]) -> list[tuple[str, PermitData]]:
        permits = [permit for deal in deals for permit in self._clerk.permits(deal)]
        lone = [
            self._clerk.lone_permit(self._armoury) for _ in range(self._count(UNMATCHED_PERMITS))
        ]
        return [*permits, *lone]

    def _shipped(self, deals: Iterable[Deal]) -> list[PlannedShipment]:
        sent = [sent for deal in deals for sent in deal.consignments]
        return [self._paper(each) for each in sorted(sent, key=lambda sent: sent.number)]

    def _paper(self, sent: Consignment) -> PlannedShipment:
        way, forwarder = sent.deal.way, self._forwarder
        return PlannedShipment(
            way.exporter,
            way.importer,
            sent.deal.number,
            forwarder.shipment(sent),
            forwarder.ticks(sent),
            forwarder.receipt(sent),
        )

    def _transfers(
        self, registrar: TransferGenerator, lot: list[SimulatedGun]
    ) -> list[tuple[str, TransferData]]:
        first = [
            (state, replace(data, number=self._numbers.next(state, "T")))
            for _, state, data in tour_gun.tour_transfers(self._calendar, self._people, lot)
        ]
        last = lead_patterns.lead_transfers(self._calendar, self._people, self._numbers)
        return [*first, *registrar.numbered(self._numbers), *last]

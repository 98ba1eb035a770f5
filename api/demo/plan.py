"""Everything that the demo region will hold, thought out before a record of it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from api.demo import leads, tour
from api.demo.deals import Consignment, Deal, Market
from api.demo.guns import FOREIGN, Armoury, Design, Gun, by_source
from api.demo.manifests import Forwarder
from api.demo.papers import Clerk, Numbers
from api.demo.people import People
from api.demo.registers import Licensed, Registry
from api.demo.reports import Desk
from api.demo.seizures import Police, Pool, Seized
from api.demo.traces import Analysts, Case
from api.demo.transfers import Registrar, in_stock, stranded
from api.demo.world import STATES, Calendar, crossings
from salsa_ext.values.documents import ReportData, TransferData
from salsa_ext.values.movements import CheckpointData
from salsa_ext.values.permits import PermitData, ReceiptData, ShipmentData

GUNS: Final = 30_000
AT_POSTS: Final = 245
LONE_PERMITS: Final = 110
TRANSFERS: Final = 20_000
REPORTS: Final = 600
SEIZURES: Final = 4_000
TRACES: Final = 600
# Seized whole at any scale: guns that only a state outside the service could tell of, and guns of
# such a maker that were sold in the United States.
STAPLES: Final = ("MEX", "GTM", "HND")
ABROAD: Final = "19"
UNSOLD: Final = 0.1


@dataclass(frozen=True)
class Shipped:
    """A shipment as it will be recorded, with what its states say of it later."""

    exporter: str
    importer: str
    permit: str
    data: ShipmentData
    ticks: Sequence[tuple[str, CheckpointData]]
    receipt: ReceiptData | None


@dataclass(frozen=True)
class Plan:
    """The documents of all states, each kind in the order in which it is recorded."""

    licensees: Sequence[Licensed]
    permits: Sequence[tuple[str, PermitData]]
    shipments: Sequence[Shipped]
    transfers: Sequence[tuple[str, TransferData]]
    reports: Sequence[tuple[str, ReportData]]
    seizures: Sequence[Seized]
    traces: Sequence[Case]


class Planner:
    """Thinks out a region of a given size from one seed."""

    def __init__(self, seed: int, calendar: Calendar, scale: float) -> None:
        self._random = random = Random(seed)  # noqa: S311 - records to be repeated, not secrets
        self._calendar = calendar
        self._scale = scale
        self._people = People(random)
        self._armoury = Armoury(random)
        self._numbers = Numbers()
        self._clerk = Clerk(random, calendar, self._people, self._numbers)
        self._forwarder = Forwarder(random, calendar, self._people)

    def plan(self) -> Plan:
        """Return the whole region; the tour's documents are the first of their series."""
        first, deals = tour.deal(self._random), self._deals()
        lot, lost = first.consignments[0].lots[1], stranded(deals)
        registrar = self._registrar(deals)
        desk = self._desk(registrar.guns, lost)
        self._clerk.number([first])
        self._clerk.number(deals)
        seizures = self._seizures(registrar, [*registrar.guns, *self._unsold(deals)], lost, lot)
        return Plan(
            licensees=list(Registry(self._people, self._calendar).licensees()),
            permits=self._permits([first, *deals]),
            shipments=self._shipped([first, *deals]),
            transfers=self._transfers(registrar, lot),
            reports=list(desk.numbered(self._numbers)),
            seizures=[*seizures, *leads.seizures(self._calendar, self._numbers)],
            traces=Analysts(self._random, seizures, tour.SEIZURES).cases(self._count(TRACES)),
        )

    def _count(self, of: int) -> int:
        return max(1, round(of * self._scale))

    def _deals(self) -> list[Deal]:
        """Return the deals from the oldest on: those of the past, and those under way at posts."""
        market = Market(self._random, self._armoury)
        shown = market.at_posts(tour.posts_in_turn(), self._count(AT_POSTS))
        under_way = sum(1 for deal in shown for sent in deal.consignments for _ in sent.guns())
        past = market.past(self._count(GUNS) - tour.COUNT - under_way)
        return sorted([*past, *shown], key=lambda deal: -deal.issued)

    def _registrar(self, deals: list[Deal]) -> Registrar:
        registrar = Registrar(self._random, self._calendar, self._people, self._armoury, deals)
        registrar.make(self._count(TRANSFERS) - tour.COUNT - 1)
        return registrar

    def _desk(self, guns: Sequence[Gun], lost: Sequence[tuple[Consignment, Gun]]) -> Desk:
        desk = Desk(self._random, self._calendar, self._people)
        desk.make(self._count(REPORTS), guns, lost)
        return desk

    def _seizures(
        self, registrar: Registrar, guns: Sequence[Gun], lost: Iterable[tuple[Consignment, Gun]],
        lot: list[Gun],
    ) -> list[Seized]:  # fmt: skip
        pool = Pool(self._random, guns)
        police = Police(self._random, self._calendar, self._armoury, pool, self._surfacing(lost))
        for state in STAPLES:
            police.find(state, police.unknown(FOREIGN))
            police.find(state, registrar.sale("USA", self._abroad()))
        police.make(self._count(SEIZURES) - 2 * len(STAPLES) - len(tour.SEIZURES))
        first = [replace(made, data=replace(made.data, number=self._numbers.next(made.state, "Z")))
                 for made in tour.seizures(self._calendar, lot)]  # fmt: skip
        return [*first, *police.numbered(self._numbers)]

    def _unsold(self, deals: Iterable[Deal]) -> list[Gun]:
        """Return some of the guns in dealers' stocks: most that are seized were sold before."""
        stock = in_stock(deals)
        return self._random.sample(stock, round(len(stock) * UNSOLD))

    def _abroad(self) -> Design:
        return next(found for found in by_source()["USA", "pistol"] if found.model == ABROAD)

    def _surfacing(self, lost: Iterable[tuple[Consignment, Gun]]) -> dict[str, list[Gun]]:
        """Return the guns that never arrived by where they surface: near where they should be."""
        found: dict[str, list[Gun]] = defaultdict(list)
        for sent, gun in lost:
            importer = sent.deal.way.importer
            near = [importer, importer, *(state for state in STATES if crossings(importer, state))]
            if gun.last > 30:
                found[self._random.choice(near)].append(gun)
        return found

    def _permits(self, deals: Iterable[Deal]) -> list[tuple[str, PermitData]]:
        permits = [permit for deal in deals for permit in self._clerk.permits(deal)]
        lone = [self._clerk.lone_permit(self._armoury) for _ in range(self._count(LONE_PERMITS))]
        return [*permits, *lone]

    def _shipped(self, deals: Iterable[Deal]) -> list[Shipped]:
        sent = [sent for deal in deals for sent in deal.consignments]
        return [self._paper(each) for each in sorted(sent, key=lambda sent: sent.number)]

    def _paper(self, sent: Consignment) -> Shipped:
        way, forwarder = sent.deal.way, self._forwarder
        return Shipped(
            way.exporter, way.importer, sent.deal.number, forwarder.shipment(sent),
            forwarder.ticks(sent), forwarder.receipt(sent),
        )  # fmt: skip

    def _transfers(self, registrar: Registrar, lot: list[Gun]) -> list[tuple[str, TransferData]]:
        first = [
            (state, replace(data, number=self._numbers.next(state, "T")))
            for _, state, data in tour.transfers(self._calendar, self._people, lot)
        ]
        last = leads.transfers(self._calendar, self._people, self._numbers)
        return [*first, *registrar.numbered(self._numbers), *last]

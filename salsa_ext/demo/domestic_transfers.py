"""Domestic transfers: manufacture, sales, registration, end of life."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final

from salsa_ext.demo.guns import FOREIGN, Design, GunFactory, SimulatedGun, describe_gun
from salsa_ext.demo.parties import People
from salsa_ext.demo.trade.deals import Consignment, Deal
from salsa_ext.demo.trade.permits import DocumentNumbers
from salsa_ext.demo.world import DATA, STATES, Calendar
from salsa_ext.documents.values import TransferData

StateTransfer = tuple[str, TransferData]

# Out of 20,000 transfers.
TRANSFER_SHARES: Final[Mapping[str, float]] = DATA["transfer_shares"]
LOCAL_SALE_WEIGHTS: Final[Mapping[str, int]] = DATA["local_sale_weights"]
REGISTRATION_WEIGHTS: Final[Mapping[str, int]] = DATA["registration_weights"]
SECOND_HAND_WEIGHTS: Final[Mapping[str, int]] = DATA["second_hand_weights"]
END_WEIGHTS: Final = {"deactivation": 4, "destruction": 6}
OLDEST_DAY: Final = 3_650
WITHOUT_SALES_REGISTER: Final = ("USA",)
"""States without a searchable register of sales: others learn only whom to ask."""


class TransferGenerator:
    """Generator of transfers; adds the events to the guns."""

    def __init__(
        self,
        random: Random,
        calendar: Calendar,
        people: People,
        armoury: GunFactory,
        deals: list[Deal],
    ) -> None:
        self._random = random
        self._calendar = calendar
        self._people = people
        self._armoury = armoury
        self._deals = deals
        self.guns: list[SimulatedGun] = []
        self.made: list[tuple[int, str, TransferData]] = []

    def make(self, count: int) -> None:
        """Generate about `count` transfers; collect their guns."""
        steps: Mapping[str, Callable[[int], None]] = {
            "manufacture": self._manufacture,
            "state_issue": self._state_issue,
            "import_sale": self._import_sale,
            "local_sale": self._local_sale,
            "registration": self._registration,
            "second_hand": self._second_hand,
            "end": self._end,
        }
        for name, share in TRANSFER_SHARES.items():
            steps[name](max(1, round(count * share)))

    def sale(self, state: str, design: Design) -> SimulatedGun:
        """Generate the sale of a new gun and return the gun."""
        day = self._random.randint(200, 900)
        gun = self._armoury.gun(design, state, day + 100)
        gun.last = day
        self._first_sale(gun)
        return self.guns.pop()

    def numbered(self, numbers: DocumentNumbers) -> Iterator[StateTransfer]:
        """Yield all transfers with state and number, oldest first."""
        for _, state, data in sorted(self.made, key=lambda transfer: (-transfer[0], transfer[1])):
            yield state, replace(data, number=numbers.next(state, "T"))

    def _manufacture(self, count: int) -> None:
        lots = [(sent, lot) for sent in self._sent() for lot in sent.lots.values()]
        domestic = [
            (sent, lot) for sent, lot in lots if lot[0].design.country == sent.deal.way.exporter
        ]
        self._random.shuffle(domestic)
        guns = [(sent, gun) for sent, lot in domestic for gun in lot]
        for sent, gun in guns[:count]:
            maker = self._people.maker(sent.deal.way.exporter)
            self._add("manufacture", gun, sent.deal.way.exporter, gun.manufactured, receiver=maker)

    def _state_issue(self, count: int) -> None:
        """Generate issues to state bodies, partly pointer or silent records."""
        for gun in self._arrived(for_state=True)[:count]:
            body = self._people.body(gun.home)
            visibility = self._random.choices((None, "pointer", "silent"), (60, 35, 5))[0]
            self._follow("state_issue", gun, receiver=body, visibility=visibility)
            self.guns.append(gun)

    def _import_sale(self, count: int) -> None:
        for gun in self._arrived(for_state=False)[:count]:
            self._first_sale(gun)

    def _local_sale(self, count: int) -> None:
        for _ in range(count):
            state, day = self._weighted(LOCAL_SALE_WEIGHTS), self._day()
            design = self._armoury.design(state)
            gun = self._armoury.gun(design, state, day + self._random.randint(40, 700))
            gun.last = day + 30
            self._first_sale(gun)

    def _registration(self, count: int) -> None:
        """Generate registrations of guns without an earlier record."""
        for _ in range(count):
            state, day = self._weighted(REGISTRATION_WEIGHTS), self._day()
            source = self._random.choices((FOREIGN, "BRA", "USA"), (5, 4, 3))[0]
            design = self._armoury.design("BRA" if state == "BRA" and day % 5 else source)
            gun = self._armoury.gun(design, state, day + self._random.randint(200, 5_000))
            self._add("registration", gun, state, day, receiver=self._people.person(state))
            gun.happens("registration", day)
            self.guns.append(gun)

    def _second_hand(self, count: int) -> None:
        guns = [gun for gun in self.guns if gun.last > 30]
        for gun in self._random.sample(guns, min(count, len(guns))):
            seller, buyer = self._people.person(gun.home), self._people.person(gun.home)
            self._follow(self._weighted(SECOND_HAND_WEIGHTS), gun, giver=seller, receiver=buyer)

    def _end(self, count: int) -> None:
        guns = [gun for gun in self.guns if gun.last > 30 and gun.events[-1] == "registration"]
        for gun in self._random.sample(guns, min(count, len(guns))):
            self.guns.remove(gun)
            self._follow(self._weighted(END_WEIGHTS), gun, giver=self._people.person(gun.home))

    def _first_sale(self, gun: SimulatedGun) -> None:
        dealer, buyer = self._people.dealer(gun.home), self._people.person(gun.home)
        self._follow("domestic_sale", gun, giver=dealer, receiver=buyer, licence=dealer.licence)
        self.guns.append(gun)

    def _follow(self, kind: str, gun: SimulatedGun, **fields: Any) -> None:
        """Add a transfer some time after the gun's last event."""
        day = gun.last - self._random.randint(3, max(4, min(gun.last - 2, 500)))
        self._add(kind, gun, gun.home, day, **fields)
        gun.happens(kind, day)

    def _add(self, kind: str, gun: SimulatedGun, state: str, day: int, **fields: Any) -> None:
        if state in WITHOUT_SALES_REGISTER and kind != "manufacture":
            fields["visibility"] = fields.get("visibility") or "pointer"
        data = TransferData(
            occurred_on=self._calendar.on(day),
            time_zone=STATES[state][0],
            kind=kind,
            firearm=describe_gun(gun, self._calendar),
            **fields,
        )
        self.made.append((day, state, data))

    def _sent(self) -> Iterator[Consignment]:
        for deal in self._deals:
            yield from deal.consignments

    def _arrived(self, *, for_state: bool) -> list[SimulatedGun]:
        """Return guns imported more than eight days ago, in random order."""
        arrived = [
            gun
            for sent in self._sent()
            if sent.deal.for_state == for_state
            for _, gun in sent.guns()
            if gun.events[-1] == "import" and gun.last > 8
        ]
        self._random.shuffle(arrived)
        return arrived

    def _day(self) -> int:
        """Return a random day of the last ten years, recent ones likelier."""
        return 20 + int((OLDEST_DAY - 20) * self._random.random() ** 1.7)

    def _weighted(self, weights: Mapping[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]


def unsold_guns(deals: Iterable[Deal]) -> list[SimulatedGun]:
    """Return the imported guns that are not sold."""
    return [
        gun
        for deal in deals
        for sent in deal.consignments
        for _, gun in sent.guns()
        if gun.events[-1] == "import"
    ]


def undelivered_guns(deals: Iterable[Deal]) -> list[tuple[Consignment, SimulatedGun]]:
    """Return the guns that never arrived, with their consignments."""
    return [
        (sent, gun)
        for deal in deals
        for sent in deal.consignments
        for _, gun in sent.guns()
        if sent.fate in ("never", "short") and gun.events[-1] == "export"
    ]

"""Sales and seizures of the demo region in which an analyst finds a lead."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from salsa_ext.core.occurrence import Place
from salsa_ext.demo.domestic_transfers import StateTransfer
from salsa_ext.demo.guns import SimulatedGun, describe_gun, designs_by_source
from salsa_ext.demo.parties import People
from salsa_ext.demo.seizures import PlannedSeizure
from salsa_ext.demo.trade.permits import DocumentNumbers
from salsa_ext.demo.world import STATES, Calendar, towns
from salsa_ext.documents.values import OrganizedCrime, SeizureData, TransferData
from salsa_ext.firearms.marks.values import Firearm, SeizedItem
from salsa_ext.firearms.records.parties import Party

BUYER: Final = Party(
    "Derek Placeholder",
    "individual",
    "USA",
    "Example Street 17, El Paso",
    identification="USA-9000001",
)
GUARD_FIRM: Final = Party(
    "Vigilancia Figurada (ficticia)", "private_security", "HND", licence="HND-V-01"
)
# Days before the anchor, serial, shop; where each was seized, and when.
PURCHASES: Final = ((310, "BXD4417", 0), (309, "BXD4502", 1), (308, "BXF0136", 0))
PURCHASE_SEIZURES: Final = (("MEX", 255), ("GTM", 190), ("MEX", 131))
GUARD_GUNS: Final = (("K731905", "HND", 88), ("K702246", "GTM", 41))
REGISTERED_ON: Final = 1_400
CARTRIDGE_LOT: Final = "2024-0417"
CARTRIDGE_SEIZURES: Final = (("COL", 63), ("COL", 27))


def lead_transfers(
    calendar: Calendar, people: People, numbers: DocumentNumbers
) -> Iterator[StateTransfer]:
    """Yield the sales to the one buyer, the registration of guards' revolvers.

    Fixed for any seed: one buyer buys three pistols of two dealers in the United States on
    successive days; two are seized in Mexico and one in Guatemala within half a year. Two revolvers
    of one guard firm in Honduras are seized there and in Guatemala. Cartridges of one lot are
    seized twice in Colombia.
    """
    for day, serial, shop in PURCHASES:
        seller = people.firms("USA")[shop]
        yield _number_transfer(
            numbers,
            "USA",
            TransferData(
                kind="domestic_sale",
                occurred_on=calendar.on(day),
                time_zone=STATES["USA"][0],
                firearm=describe_gun(_lead_gun("USA", "pistol", serial, day), calendar),
                giver=seller,
                receiver=BUYER,
                licence=seller.licence,
            ),
        )
    for serial, _, _ in GUARD_GUNS:
        gun = describe_gun(_lead_gun("USA", "revolver", serial, REGISTERED_ON), calendar)
        registration = TransferData(
            kind="registration",
            occurred_on=calendar.on(REGISTERED_ON),
            time_zone=STATES["HND"][0],
            firearm=gun,
            receiver=GUARD_FIRM,
        )
        yield _number_transfer(numbers, "HND", registration)


def lead_seizures(calendar: Calendar, numbers: DocumentNumbers) -> Iterator[PlannedSeizure]:
    """Yield the seizures of the leads, each of another case."""
    for (bought, serial, _), (state, day) in zip(PURCHASES, PURCHASE_SEIZURES, strict=True):
        yield _lead_seizure(
            calendar, numbers, state, day, _lead_gun("USA", "pistol", serial, bought)
        )
    for serial, state, day in GUARD_GUNS:
        gun = _lead_gun("USA", "revolver", serial, REGISTERED_ON)
        yield _lead_seizure(calendar, numbers, state, day, gun)
    for state, day in CARTRIDGE_SEIZURES:
        yield _lead_seizure(calendar, numbers, state, day, None)


def _number_transfer(numbers: DocumentNumbers, state: str, data: TransferData) -> StateTransfer:
    return state, replace(data, number=numbers.next(state, "T"))


def _lead_gun(source: str, kind: str, serial: str, day: int) -> SimulatedGun:
    return SimulatedGun(designs_by_source()[source, kind][0], serial, day + 200, source, day)


def _lead_seizure(
    calendar: Calendar, numbers: DocumentNumbers, state: str, day: int, gun: SimulatedGun | None
) -> PlannedSeizure:
    town = towns(state)[0]
    item = (
        _cartridges()
        if gun is None
        else describe_gun(gun, calendar, year=None, hs_code=None, origin_kind="unknown")
    )
    data = SeizureData(
        number=numbers.next(state, "Z"),
        kind="seized",
        occurred_on=calendar.on(day),
        time_zone=STATES[state][0],
        agency=f"{state}-POLICE",
        legal_grounds=("possession",),
        place=Place(state, town.name, town.admin1, town.latitude, town.longitude, 5.0),
        crime_context=("arms_trafficking",),
        items=(SeizedItem.from_firearm(item),),
        organized_crime=OrganizedCrime("suspected", "instrument", "intelligence"),
    )
    return PlannedSeizure(state, day, data, (gun,))


def _cartridges() -> Firearm:
    return Firearm(
        category="ammunition",
        marking="intact",
        make="CBC",
        calibre="9x19",
        headstamp="CBC 9mm LUGER",
        lot=CARTRIDGE_LOT,
        quantity=Decimal(150),
    )

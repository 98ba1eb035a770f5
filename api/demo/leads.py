"""What an analyst finds in the demo region whatever the seed: purchases, a holder and a lot.

One buyer buys three pistols of two dealers in the United States on days that follow each other;
two are seized in Mexico and one in Guatemala within half a year. Two revolvers of one guard firm
in Honduras are seized there and in Guatemala. Cartridges of one lot are seized twice in Colombia.
Seizures and other records find each other by marks alone, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from api.demo.guns import Gun, by_source, describe
from api.demo.papers import Numbers
from api.demo.people import People
from api.demo.seizures import Seized
from api.demo.transfers import Stated
from api.demo.world import STATES, Calendar, towns
from salsa_ext.values.documents import SeizureData, TransferData
from salsa_ext.values.events import Place, When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.parties import Party

BUYER: Final = Party("Derek Placeholder", "individual", "USA", "Example Street 17, El Paso",
                     identification="USA-9000001")  # fmt: skip
GUARDS: Final = Party(
    "Vigilancia Figurada (ficticia)", "private_security", "HND", licence="HND-V-01"
)
# Days before the anchor, serial, shop; where each was seized, and when.
BOUGHT: Final = ((310, "BXD4417", 0), (309, "BXD4502", 1), (308, "BXF0136", 0))
CROSSED: Final = (("MEX", 255), ("GTM", 190), ("MEX", 131))
GUARDED: Final = (("K731905", "HND", 88), ("K702246", "GTM", 41))
REGISTERED_ON: Final = 1_400
LOT: Final = "2024-0417"
CARTRIDGES: Final = (("COL", 63), ("COL", 27))


def transfers(calendar: Calendar, people: People, numbers: Numbers) -> Iterator[Stated]:
    """Yield the sales to the one buyer, and the registration of the guards' revolvers."""
    for day, serial, shop in BOUGHT:
        seller = people.firms("USA")[shop]
        yield _numbered(numbers, "USA", TransferData(
            "domestic_sale", _when(calendar, "USA", day),
            describe(_gun("USA", "pistol", serial, day), calendar),
            giver=seller, receiver=BUYER, licence=seller.licence,
        ))  # fmt: skip
    for serial, _, _ in GUARDED:
        gun = describe(_gun("USA", "revolver", serial, REGISTERED_ON), calendar)
        when = _when(calendar, "HND", REGISTERED_ON)
        yield _numbered(numbers, "HND", TransferData("registration", when, gun, receiver=GUARDS))


def seizures(calendar: Calendar, numbers: Numbers) -> Iterator[Seized]:
    """Yield the seizures, each of another case."""
    for (bought, serial, _), (state, day) in zip(BOUGHT, CROSSED, strict=True):
        yield _seized(calendar, numbers, state, day, _gun("USA", "pistol", serial, bought))
    for serial, state, day in GUARDED:
        gun = _gun("USA", "revolver", serial, REGISTERED_ON)
        yield _seized(calendar, numbers, state, day, gun)
    for state, day in CARTRIDGES:
        yield _seized(calendar, numbers, state, day, None)


def _numbered(numbers: Numbers, state: str, data: TransferData) -> Stated:
    return state, replace(data, number=numbers.next(state, "T"))


def _gun(source: str, kind: str, serial: str, day: int) -> Gun:
    return Gun(by_source()[source, kind][0], serial, day + 200, source, day)


def _when(calendar: Calendar, state: str, day: int) -> When:
    return When(calendar.on(day), time_zone=STATES[state][0])


def _seized(
    calendar: Calendar, numbers: Numbers, state: str, day: int, gun: Gun | None
) -> Seized:  # fmt: skip
    town = towns(state)[0]
    item = _cartridges() if gun is None else describe(
        gun, calendar, year=None, hs_code=None, origin_kind="unknown"
    )  # fmt: skip
    data = SeizureData(
        number=numbers.next(state, "Z"), kind="seized", when=_when(calendar, state, day),
        agency=f"{state}-POLICE", legal_grounds=("possession",),
        place=Place(state, town.name, town.admin1, town.latitude, town.longitude, 5.0),
        crime_context=("arms_trafficking",), items=(item,),
        details={"organized_crime": {"linked": "suspected", "relation": "instrument",
                                     "basis": "intelligence"}},
    )  # fmt: skip
    return Seized(state, day, data, (gun,))


def _cartridges() -> Firearm:
    return Firearm(category="ammunition", marking="intact", make="CBC", calibre="9x19",
                   headstamp="CBC 9mm LUGER", lot=LOT, quantity=Decimal(150))  # fmt: skip

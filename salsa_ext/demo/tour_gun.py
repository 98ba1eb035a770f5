"""The gun of the guided tour, fixed for any seed and date.

Export certificate BRA-E-0001 covers 25 pistols from Brazil to Paraguay (import certificate
PRY-I-0001). They leave as shipment BRA-S-0001 over ciudad-del-este-foz-do-iguacu, and Paraguay
receives 23: TKA52390 and TKA52391 never arrived. TKA52381 is sold in Paraguay (transfer PRY-T-0001)
and seized in Brazil 400 days later (seizure BRA-Z-0001), where its last glyph was read as I:
TKA5238I. TKA52390 is seized in Argentina (seizure ARG-Z-0001).
"""

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final

from salsa_ext.core.occurrence import Place
from salsa_ext.demo.guns import SimulatedGun, describe_gun, designs_by_source
from salsa_ext.demo.parties import People, localized
from salsa_ext.demo.seizures import CONCEALMENT, PlannedSeizure
from salsa_ext.demo.trade.deals import Consignment, Deal, route_over_post
from salsa_ext.demo.world import Calendar, Post, posts
from salsa_ext.documents.values import OrganizedCrime, Route, SeizureData, TransferData
from salsa_ext.firearms.marks.values import SeizedItem

POST: Final = "ciudad-del-este-foz-do-iguacu"
FIRST, COUNT = 52_370, 25
SOLD, MISREAD = "TKA52381", "TKA5238I"
NEVER_ARRIVED: Final = ("TKA52390", "TKA52391")
# Days before the anchor.
MANUFACTURED, ISSUED, SHIPPED, SOLD_ON, SEIZED, SEIZED_IN_ARG = 560, 540, 520, 421, 21, 12
FACTS: Final[Mapping[str, Any]] = {
    "import_certificate": "PRY-I-0001",
    "export_certificate": "BRA-E-0001",
    "shipment": "BRA-S-0001",
    "post": POST,
    "shipped": COUNT,
    "received": COUNT - len(NEVER_ARRIVED),
    "never_arrived": list(NEVER_ARRIVED),
    "sold": "PRY-T-0001",
    "serial": SOLD,
    "seizure": "BRA-Z-0001",
    "serial_as_read": MISREAD,
    "time_to_crime_days": SOLD_ON - SEIZED,
    "seizure_of_one_that_never_arrived": "ARG-Z-0001",
}
# Documents of the tour, which no other document may take: the first of their series.
SEIZURE_NUMBERS: Final = frozenset(("BRA-Z-0001", "ARG-Z-0001"))


def tour_deal(random: Random) -> Deal:
    """Return the deal with its one shipment, received short."""
    [design] = [
        candidate
        for candidate in designs_by_source()["BRA", "pistol"]
        if candidate.model == "PT 92"
    ]
    [post] = [post for post in posts() if post.code == POST]
    deal = Deal(route_over_post(random, "BRA", "PRY", post), ISSUED, [design], False, "", 0)
    sent = Consignment(deal, SHIPPED, "short")
    deal.consignments.append(sent)
    sent.lots[1] = [
        SimulatedGun(design, f"TKA{FIRST + n}", MANUFACTURED, "BRA", MANUFACTURED)
        for n in range(COUNT)
    ]
    for gun in sent.lots[1]:
        gun.happens("export", SHIPPED)
        if gun.serial in NEVER_ARRIVED:
            sent.missing.append(gun)
        else:
            gun.happens("import", sent.enters)
            gun.home, gun.imported = "PRY", ("PRY", sent.enters)
    return deal


def posts_tour_first() -> list[Post]:
    """Return the border posts, that of the tour first."""
    return sorted(posts(), key=lambda post: (post.code != POST, post.code))


def tour_transfers(
    calendar: Calendar, people: People, guns: list[SimulatedGun]
) -> list[tuple[int, str, TransferData]]:
    """Return the manufacture of the guns, the sale of one."""
    transfers = [
        (
            MANUFACTURED,
            "BRA",
            TransferData(
                kind="manufacture",
                occurred_on=calendar.on(MANUFACTURED),
                firearm=describe_gun(gun, calendar),
                receiver=people.maker("BRA"),
            ),
        )
        for gun in guns
    ]
    [sold] = [gun for gun in guns if gun.serial == SOLD]
    dealer, buyer = people.dealer("PRY"), people.person("PRY")
    sale = TransferData(
        kind="domestic_sale",
        occurred_on=calendar.on(SOLD_ON),
        time_zone="America/Asuncion",
        firearm=describe_gun(sold, calendar),
        giver=dealer,
        receiver=buyer,
        licence=dealer.licence,
    )
    return [*transfers, (SOLD_ON, "PRY", sale)]


def tour_seizures(calendar: Calendar, guns: list[SimulatedGun]) -> list[PlannedSeizure]:
    """Return both seizures; tracing them is left to the reader."""
    by_serial = {gun.serial: gun for gun in guns}
    foz = Place("BRA", "Foz do Iguaçu", "PR", -25.5163, -54.5854, 0.5)
    iguazu = Place("ARG", "Puerto Iguazú", "Misiones", -25.5972, -54.5786, 0.5)
    return [
        _tour_seizure(calendar, SEIZED, foz, by_serial[SOLD], MISREAD),
        _tour_seizure(
            calendar, SEIZED_IN_ARG, iguazu, by_serial[NEVER_ARRIVED[0]], NEVER_ARRIVED[0]
        ),
    ]


def _tour_seizure(
    calendar: Calendar, day: int, place: Place, gun: SimulatedGun, serial: str
) -> PlannedSeizure:
    item = describe_gun(gun, calendar, serial=serial, year=None, hs_code=None, quantity=Decimal(1))
    data = SeizureData(
        number="",
        kind="seized",
        occurred_on=calendar.on(day),
        agency=f"{place.country}-POLICE",
        place=place,
        legal_grounds=("possession", "trafficking"),
        crime_context=("drug_trafficking",),
        items=(SeizedItem.from_firearm(item),),
        setting="vehicle",
        concealment=localized(CONCEALMENT, place.country)[1],
        transport="land",
        organized_crime=OrganizedCrime("suspected", "instrument", "investigation"),
        route=Route(departure="PRY", destination=place.country),
    )
    return PlannedSeizure(place.country, day, data, (gun,))

"""The gun that a reader follows: fixed numbers, serials and spans, whatever the anchor date.

Export certificate BRA-E-0001 lets 25 pistols go from Brazil to Paraguay (import certificate
PRY-I-0001). They leave as shipment BRA-S-0001 over ciudad-del-este-foz-do-iguacu, and Paraguay
receives 23: TKA52390 and TKA52391 never arrived. TKA52381 is sold in Paraguay (transfer
PRY-T-0001) and seized in Brazil 400 days later (seizure BRA-Z-0001), where its last glyph was read
as I: TKA5238I. TKA52390 is seized in Argentina (seizure ARG-Z-0001).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final

from api.demo.deals import Consignment, Deal
from api.demo.guns import Gun, by_source, describe
from api.demo.people import People
from api.demo.routes import over
from api.demo.seizures import Seized
from api.demo.world import Calendar, Post, posts
from salsa_ext.values.documents import SeizureData, TransferData
from salsa_ext.values.events import Place, When

POST: Final = "ciudad-del-este-foz-do-iguacu"
FIRST, COUNT = 52_370, 25
SOLD, MISREAD = "TKA52381", "TKA5238I"
NEVER_ARRIVED: Final = ("TKA52390", "TKA52391")
# Days before the anchor.
MADE, ISSUED, SHIPPED, SOLD_ON, SEIZED, SEIZED_IN_ARG = 560, 540, 520, 421, 21, 12
FACTS: Final[Mapping[str, Any]] = {
    "import_certificate": "PRY-I-0001", "export_certificate": "BRA-E-0001",
    "shipment": "BRA-S-0001", "post": POST, "shipped": COUNT,
    "received": COUNT - len(NEVER_ARRIVED), "never_arrived": list(NEVER_ARRIVED),
    "sold": "PRY-T-0001", "serial": SOLD, "seizure": "BRA-Z-0001", "serial_as_read": MISREAD,
    "time_to_crime_days": SOLD_ON - SEIZED, "seizure_of_one_that_never_arrived": "ARG-Z-0001",
}  # fmt: skip
# Documents of the tour, which no other document may take: the first of their series.
SEIZURES: Final = frozenset(("BRA-Z-0001", "ARG-Z-0001"))


def deal(random: Random) -> Deal:
    """Return the deal with its one shipment, received short."""
    [design] = [found for found in by_source()["BRA", "pistol"] if found.model == "PT 92"]
    [post] = [post for post in posts() if post.code == POST]
    made = Deal(over(random, "BRA", "PRY", post), ISSUED, [design], False, "", 0)
    sent = Consignment(made, SHIPPED, "short")
    made.consignments.append(sent)
    sent.lots[1] = [Gun(design, f"TKA{FIRST + n}", MADE, "BRA", MADE) for n in range(COUNT)]
    for gun in sent.lots[1]:
        gun.happens("export", SHIPPED)
        if gun.serial in NEVER_ARRIVED:
            sent.missing.append(gun)
        else:
            gun.happens("import", sent.enters)
            gun.home, gun.imported = "PRY", ("PRY", sent.enters)
    return made


def posts_in_turn() -> list[Post]:
    """Return the border posts, that of the tour first."""
    return sorted(posts(), key=lambda post: (post.code != POST, post.code))


def transfers(
    calendar: Calendar, people: People, guns: list[Gun]
) -> list[tuple[int, str, TransferData]]:
    """Return the manufacture of the guns and the sale of one of them."""
    made = [
        (MADE, "BRA", TransferData("manufacture", When(calendar.on(MADE)), describe(gun, calendar),
                                   receiver=people.maker("BRA")))
        for gun in guns
    ]  # fmt: skip
    [sold] = [gun for gun in guns if gun.serial == SOLD]
    dealer, buyer = people.dealer("PRY"), people.person("PRY")
    sale = TransferData(
        "domestic_sale", When(calendar.on(SOLD_ON), time_zone="America/Asuncion"),
        describe(sold, calendar), giver=dealer, receiver=buyer, licence=dealer.licence,
    )  # fmt: skip
    return [*made, (SOLD_ON, "PRY", sale)]


def seizures(calendar: Calendar, guns: list[Gun]) -> list[Seized]:
    """Return both seizures; neither is traced yet, which is left to the reader."""
    by_serial = {gun.serial: gun for gun in guns}
    foz = Place("BRA", "Foz do Iguaçu", "PR", -25.5163, -54.5854, 0.5)
    iguazu = Place("ARG", "Puerto Iguazú", "Misiones", -25.5972, -54.5786, 0.5)
    return [
        _seized(calendar, SEIZED, foz, by_serial[SOLD], MISREAD),
        _seized(calendar, SEIZED_IN_ARG, iguazu, by_serial[NEVER_ARRIVED[0]], NEVER_ARRIVED[0]),
    ]


def _seized(calendar: Calendar, day: int, place: Place, gun: Gun, serial: str) -> Seized:
    item = describe(gun, calendar, serial=serial, year=None, hs_code=None, quantity=Decimal(1))
    data = SeizureData(
        number="", kind="seized", when=When(calendar.on(day)), agency=f"{place.country}-POLICE",
        place=place, legal_grounds=("possession", "trafficking"),
        crime_context=("drug_trafficking",), items=(item,),
        details={
            "setting": "vehicle", "concealment": "spare tyre", "transport": "land",
            "organized_crime": {"linked": "suspected", "relation": "instrument",
                                "basis": "investigation"},
            "route": {"departure": "PRY", "transit": [], "destination": place.country},
        },
    )  # fmt: skip
    return Seized(place.country, day, data, (gun,))

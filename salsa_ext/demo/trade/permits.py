"""Licensees and permits of the demo region."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Final

from salsa_ext.demo.guns import FOREIGN, HS_HEADINGS, Design, GunFactory
from salsa_ext.demo.parties import END_USES, People, localized
from salsa_ext.demo.trade.deals import Deal
from salsa_ext.demo.world import DATA, STATES, Calendar
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.parties import Party
from salsa_ext.trade.permits.values import (
    DocumentReference,
    IssuingAuthority,
    LicenceDecision,
    LicenseeData,
    PermitData,
    TransitPlan,
)

VALIDITY_DAYS: Final = 365
BROKERED_ONE_IN: Final = 8  # one deal in so many


class DocumentNumbers:
    """Document numbers: a series for each state and kind."""

    def __init__(self) -> None:
        self._last: Counter[tuple[str, str]] = Counter()

    def next(self, state: str, letter: str) -> str:
        """Return the next number, such as BRA-E-0001."""
        self._last[state, letter] += 1
        return f"{state}-{letter}-{self._last[state, letter]:04d}"


class PermitWriter:
    """Writer of a deal's permits; numbers follow the order of deals."""

    def __init__(
        self, random: Random, calendar: Calendar, people: People, numbers: DocumentNumbers
    ) -> None:
        self._random = random
        self._calendar = calendar
        self._people = people
        self._numbers = numbers

    def number(self, deals: list[Deal]) -> None:
        """Assign the numbers of all documents."""
        for deal in deals:
            way = deal.way
            deal.number = self._numbers.next(way.exporter, "E")
            deal.import_number = self._numbers.next(way.importer, "I")
            deal.transit_numbers = tuple(self._numbers.next(state, "X") for state in way.transit)
        for sent in sorted(
            (sent for deal in deals for sent in deal.consignments), key=lambda sent: -sent.ships
        ):
            sent.number = self._numbers.next(sent.deal.way.exporter, "S")

    def permits(self, deal: Deal) -> Iterator[tuple[str, PermitData]]:
        """Yield the permits of a deal, each with its issuing state."""
        way, parties = deal.way, self._parties(deal)
        if deal.flaw != "awaiting":
            yield way.importer, self._import(deal, parties)
        yield way.exporter, self._export(deal, parties)
        for state, number in zip(way.transit, deal.transit_numbers, strict=True):
            yield state, self._transit(deal, parties, number, state)

    def lone_permit(self, armoury: GunFactory) -> tuple[str, PermitData]:
        """Return an import certificate for goods from outside the hemisphere."""
        state = self._random.choice(list(STATES))
        design, issued = armoury.design(FOREIGN), self._random.randint(5, 1_000)
        seller = Party(f"Export agent {design.country} (fictitious)", "dealer", design.country)
        buyer = self._people.dealer(state)
        return state, PermitData(
            kind="import",
            number=self._numbers.next(state, "I"),
            **self._common(state, issued),
            exporting_state=design.country,
            importing_state=state,
            exporter=seller,
            importer=buyer,
            final_consignee=buyer,
            lines=(_permit_line(1, design, self._random.randint(5, 120)),),
        )

    def _parties(self, deal: Deal) -> dict[str, Any]:
        way = deal.way
        buyer = self._people.dealer(way.importer)
        final = self._people.body(way.importer) if deal.for_state else buyer
        return {
            "exporter": self._people.maker(way.exporter),
            "importer": buyer,
            "final_consignee": final,
            "broker": self._people.broker(way.exporter) if _is_brokered(deal) else None,
        }

    def _common(self, state: str, issued: int) -> dict[str, Any]:
        return {
            "document_kind": "certificate",
            "regime": "permanent",
            "issued_on": self._calendar.on(issued),
            "expires_on": self._calendar.on(issued - VALIDITY_DAYS),
            "authority": IssuingAuthority(f"{state}-LICENSING", self._people.name(state)),
            "confirm_unregistered": True,
        }

    def _import(self, deal: Deal, parties: dict[str, Any]) -> PermitData:
        way = deal.way
        if deal.flaw == "mismatch":
            parties = parties | {"final_consignee": self._people.dealer(way.importer)}
        short = 1 if deal.flaw == "over" else 0
        return PermitData(
            kind="import",
            number=deal.import_number,
            **self._common(way.importer, deal.issued + self._random.randint(3, 20)),
            exporting_state=way.exporter,
            importing_state=way.importer,
            transit_states=way.transit,
            **parties,
            lines=_permit_lines(deal, -short),
            end_use=localized(END_USES[deal.for_state], way.importer),
        )

    def _export(self, deal: Deal, parties: dict[str, Any]) -> PermitData:
        way = deal.way
        return PermitData(
            kind="export",
            number=deal.number,
            **self._common(way.exporter, deal.issued),
            exporting_state=way.exporter,
            importing_state=way.importer,
            transit_states=way.transit,
            **parties,
            lines=_permit_lines(deal),
            source=deal.designs[0].make,
            import_permit=DocumentReference(way.importer, deal.import_number),
            transit_permits=tuple(map(DocumentReference, way.transit, deal.transit_numbers)),
        )

    def _transit(self, deal: Deal, parties: dict[str, Any], number: str, state: str) -> PermitData:
        way = deal.way
        ships = deal.consignments[0].ships if deal.consignments else deal.issued - 30
        enters, leaves = (self._calendar.on(day) for day in (ships, ships - way.days))
        return PermitData(
            kind="in_transit",
            number=number,
            **self._common(state, deal.issued - 1),
            exporting_state=way.exporter,
            importing_state=way.importer,
            transit_states=way.transit,
            **parties,
            lines=_permit_lines(deal),
            export_permit=DocumentReference(way.exporter, deal.number),
            plan=TransitPlan(
                route=" / ".join(way.posts),
                port_of_entry=way.posts[0],
                port_of_exit=way.posts[-1],
                mode=way.mode,
                enters_on=enters,
                leaves_on=leaves,
                carrier=self._people.carrier(state).name,
            ),
        )


def _is_brokered(deal: Deal) -> bool:
    """Return whether a deal has a broker. Decided by its number, so that no random number is drawn."""
    return int(deal.number[-4:]) % BROKERED_ONE_IN == BROKERED_ONE_IN - 1


def _permit_line(number: int, design: Design, quantity: int) -> Firearm:
    return Firearm(
        line=number,
        type=design.type,
        make=design.make,
        model=design.model,
        calibre=design.calibre,
        country_of_manufacture=design.country,
        origin_kind="industrial",
        quantity=Decimal(quantity),
        hs_code=HS_HEADINGS[design.type],
    )


def _permit_lines(deal: Deal, more: int = 0) -> tuple[Firearm, ...]:
    return tuple(
        _permit_line(number, design, max(1, deal.quantity(number) + deal.spare + more))
        for number, design in enumerate(deal.designs, 1)
    )


LICENCE_ROLES: Final[Mapping[str, tuple[str, ...]]] = DATA["licence_roles"]
# What is wrong with the seventh dealer of a state; permits that name him become discrepancies.
FLAWED_DEALER: Final = 7
LICENCE_FLAWS: Final[Mapping[str, str]] = DATA["licence_flaws"]
# Days before the anchor, and after it.
VALID_FROM_DAYS, EXPIRED_DAYS, SUSPENDED_DAYS, REMAINING_DAYS = 3_700, 500, 600, 730


@dataclass(frozen=True)
class PlannedLicensee:
    """A licensee to record, with its later suspension."""

    state: str
    data: LicenseeData
    suspended: LicenceDecision | None = None


class LicenseeGenerator:
    """Generator of licensees for all firms named in documents."""

    def __init__(self, people: People, calendar: Calendar) -> None:
        self._people = people
        self._calendar = calendar

    def licensees(self) -> Iterator[PlannedLicensee]:
        """Yield the licensees of all states."""
        for state in STATES:
            for number, firm in enumerate(self._people.firms(state), 1):
                flaw = LICENCE_FLAWS.get(state) if number == FLAWED_DEALER else None
                if flaw != "unregistered":
                    yield self._licensed(state, firm, flaw)

    def _licensed(self, state: str, firm: Party, flaw: str | None) -> PlannedLicensee:
        roles = ("dealer",) if flaw == "no_importer" else LICENCE_ROLES[firm.kind]
        last = EXPIRED_DAYS if flaw == "expired" else -REMAINING_DAYS
        data = LicenseeData(
            firm.licence or "",
            roles,
            firm,
            self._calendar.on(VALID_FROM_DAYS),
            self._calendar.on(last),
        )
        if flaw != "suspended":
            return PlannedLicensee(state, data)
        return PlannedLicensee(
            state, data, LicenceDecision("Inspection", self._calendar.on(SUSPENDED_DAYS))
        )

"""Licensees: the firms of the demo and their licences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from salsa_ext.demo.parties import People
from salsa_ext.demo.world import STATES, Calendar
from salsa_ext.firearms.records.parties import Party
from salsa_ext.trade.permits.values import LicenceDecision, LicenseeData

LICENCE_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "dealer": ("dealer", "importer"),
    "manufacturer": ("manufacturer", "exporter"),
    "carrier": ("carrier",),
    "other": ("broker",),
}
# What is wrong with the seventh dealer of a state; permits that name him become discrepancies.
FLAWED_DEALER: Final = 7
LICENCE_FLAWS: Final[Mapping[str, str]] = {
    "ARG": "suspended",
    "CHL": "expired",
    "COL": "unregistered",
    "GTM": "unregistered",
    "MEX": "expired",
    "PER": "no_importer",
    "URY": "suspended",
}
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

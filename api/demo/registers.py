"""The registers of licensees: all firms of the region, and a few that are not authorised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from api.demo.people import People
from api.demo.world import STATES, Calendar
from salsa_ext.values.licensees import Decision, LicenseeData
from salsa_ext.values.parties import Party

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "dealer": ("dealer", "importer"), "manufacturer": ("manufacturer", "exporter"),
    "carrier": ("carrier",), "other": ("broker",),
}  # fmt: skip
# What is wrong with the seventh dealer of a state; permits that name him become discrepancies.
DOUBTFUL: Final = 7
FLAWS: Final[Mapping[str, str]] = {
    "ARG": "suspended", "CHL": "expired", "COL": "unregistered", "GTM": "unregistered",
    "MEX": "expired", "PER": "no_importer", "URY": "suspended",
}  # fmt: skip
# Days before the anchor, and after it.
BEGAN, EXPIRED, SUSPENDED, LASTS = 3_700, 500, 600, 730


@dataclass(frozen=True)
class Licensed:
    """A licensee of a state as it is entered, and what was decided on the licence later."""

    state: str
    data: LicenseeData
    suspended: Decision | None = None


class Registry:
    """Enters the firms of each state that the documents of the region name."""

    def __init__(self, people: People, calendar: Calendar) -> None:
        self._people = people
        self._calendar = calendar

    def licensees(self) -> Iterator[Licensed]:
        """Yield the registers of all states."""
        for state in STATES:
            for number, firm in enumerate(self._people.firms(state), 1):
                flaw = FLAWS.get(state) if number == DOUBTFUL else None
                if flaw != "unregistered":
                    yield self._licensed(state, firm, flaw)

    def _licensed(self, state: str, firm: Party, flaw: str | None) -> Licensed:
        roles = ("dealer",) if flaw == "no_importer" else ROLES[firm.kind]
        last = EXPIRED if flaw == "expired" else -LASTS
        data = LicenseeData(
            firm.licence or "", roles, firm, self._calendar.on(BEGAN), self._calendar.on(last)
        )
        if flaw != "suspended":
            return Licensed(state, data)
        return Licensed(state, data, Decision("Inspection", self._calendar.on(SUSPENDED)))

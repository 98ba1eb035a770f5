"""What the service answers by declared registers; pure. Rule: docs/participation.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

LAWFUL_REGISTERS: Final = ("manufacture", "import", "sale_holding")
"""Registers of which one has a gun that was lawfully in the state."""
_EVENTS_BY_REGISTER: Final = {
    "manufacture": "manufacture",
    "import": "import consignment",
    "export": "export",
    "sale_holding": "state_issue state_to_civilian registration domestic_sale private_sale"
    " inheritance loan",
    "lost_stolen": "recovery surrender loss theft",
    "seizures": "seized found surrendered",
    "destroyed": "deactivation destruction",
}
REGISTER_BY_EVENT: Final = {
    event: register for register, events in _EVENTS_BY_REGISTER.items() for event in events.split()
}
"""The register that an event of a gun is in; permits are no events."""


@dataclass(frozen=True)
class Declaration:
    """What a state declares of one register.

    It takes part with it from `since` to `until`, both included. `mode` is who answers from it: the
    service or a person. A `complete` register holds every gun of its kind in the state; `makes`
    (codes) and the years of manufacture limit what it holds, where it does not hold all.
    """

    register: str
    mode: str
    since: date
    until: date | None = None
    complete: bool = False
    makes: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None

    def is_in_force(self, on: date) -> bool:
        """Return whether the state takes part with this register on a day."""
        return self.since <= on and (self.until is None or on <= self.until)

    @property
    def is_unlimited(self) -> bool:
        """Return whether the register holds every gun of its kind, of any make and year."""
        return self.complete and not (self.makes or self.year_from or self.year_to)

    def covers(self, make: str | None, year: int | None) -> bool:
        """Return whether the register is complete for a gun; unknown is outside a limit."""
        has_make = not self.makes or make in self.makes
        has_year = (self.year_from, self.year_to) == (None, None) or (
            year is not None
            and (self.year_from is None or self.year_from <= year)
            and (self.year_to is None or year <= self.year_to)
        )
        return self.complete and has_make and has_year


Declarations = Mapping[str, Declaration]
"""What a state declares, by register; those in force."""


def gives_record(declarations: Declarations, event: str) -> bool:
    """Return whether the service may give a record: by the mode of its register alone."""
    declaration = declarations.get(REGISTER_BY_EVENT.get(event, ""))
    return declaration is not None and declaration.mode == "service"


def reports_no_record(declarations: Declarations, make: str | None, year: int | None) -> bool:
    """Return whether the service may answer that the state has no record of a gun."""
    return all(
        (declaration := declarations.get(register)) is not None
        and declaration.mode == "service"
        and declaration.covers(make, year)
        for register in LAWFUL_REGISTERS
    )

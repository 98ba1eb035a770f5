"""Input of commands on permits and licensees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.values import Party


@dataclass(frozen=True)
class AmendmentData:
    """New values of amendable fields, by name (Model Regulations 8.5).

    `authentication` is the mark on the document's face: a stamp, a seal, a signature.
    """

    changes: Mapping[str, Any]
    authentication: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class StatusDecision:
    """The reason why an authority changes the status of a permit, shipment or consent."""

    reason: str


@dataclass(frozen=True)
class IssuingAuthority:
    """The issuing agency's code and the signing officer's name.

    The name is stored with the parties.
    """

    agency: str
    signatory: str


@dataclass(frozen=True)
class ReissueData:
    """A new permit for the remaining quantities of an old one (8.2).

    `quantities` are by line; an omitted line gets its whole remainder, and a line without remainder
    is not reissued.
    """

    number: str
    issued_on: date
    expires_on: date
    authority: IssuingAuthority
    latest_import_on: date | None = None
    quantities: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class DocumentReference:
    """Reference to another state's document by state and number."""

    state: str
    number: str


@dataclass(frozen=True)
class PermitData:
    """An import certificate, in-transit authorization or export certificate.

    Model Regulations 2.2.1, 3.2 and 4.2. `plan` is required for transit (4.2). With `refusal`, the
    reason, the permit is recorded as refused.
    """

    kind: str
    number: str
    document_kind: str
    issued_on: date
    expires_on: date
    authority: IssuingAuthority
    regime: str
    exporting_state: str
    importing_state: str
    exporter: Party
    importer: Party
    final_consignee: Party
    lines: tuple[Firearm, ...]
    latest_import_on: date | None = None
    transit_states: tuple[str, ...] = ()
    broker: Party | None = None
    source: str | None = None
    end_use: str | None = None
    conditions: str | None = None
    import_permit: DocumentReference | None = None
    export_permit: DocumentReference | None = None
    transit_permits: tuple[DocumentReference, ...] = ()
    replaces: str | None = None
    plan: Mapping[str, Any] | None = None
    refusal: str | None = None

    def references(self) -> frozenset[tuple[str, str, str]]:
        """Return the referenced documents as (state, kind, number)."""
        named = [("import", self.import_permit), ("export", self.export_permit)]
        named += [("in_transit", permit) for permit in self.transit_permits]
        return frozenset((name.state, kind, name.number) for kind, name in named if name)

    def concerned(self) -> list[str]:
        """Return the states concerned by the movement, sorted, without duplicates."""
        return sorted({self.exporting_state, self.importing_state, *self.transit_states})


@dataclass(frozen=True)
class LicenseeData:
    """A licence: number, roles, holder and period of validity.

    A licence without `valid_to` does not expire.
    """

    number: str
    roles: tuple[str, ...]
    party: Party
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class LicenceDecision:
    """Reason and date of a change of a licence's status.

    `books_with`, required when a firm closes, is the number of the licensee or the code of the
    agency of the same state that now holds its books.
    """

    reason: str
    on: date
    books_with: str | None = None


@dataclass(frozen=True)
class LicenceQuery:
    """Query to a register: a party's licence for one role and day.

    The licensee is found by licence number if given, otherwise by name. A suspension, revocation or
    closure up to `until`, the last day of the document, counts as on the day itself.
    """

    role: str
    name: str
    licence: str | None
    on: date
    until: date | None = None


class LicenceVerdict(StrEnum):
    """Result of a query to a register of licensees, the most favourable first.

    AUTHORISED: the licence gave the role on that day. NOT_ACTIVE: it was suspended, revoked or
    closed. EXPIRED: the day is outside its validity. WRONG_ROLE: it gives other roles only.
    NOT_REGISTERED: no such licensee. NO_REGISTER: the state registers no licensees of that role.
    """

    AUTHORISED = "authorised"
    NOT_ACTIVE = "not_active"
    EXPIRED = "expired"
    WRONG_ROLE = "wrong_role"
    NOT_REGISTERED = "not_registered"
    NO_REGISTER = "no_register"


@dataclass(frozen=True)
class LicenceRenewal:
    """The new last day of a licence."""

    valid_to: date


@dataclass(frozen=True)
class MissingLicence:
    """A document that a movement needs and that is not valid when it leaves (CIFTA IX.2-3).

    `why` is `missing`, `mismatch`, or the status of the document. `is_in_transit`: it was valid
    then, and cancelled while the goods were on their way.
    """

    state: str
    kind: str
    why: str
    is_in_transit: bool = False

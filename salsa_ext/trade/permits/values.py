"""Input of commands on permits and licensees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final

from salsa_ext.core import codes
from salsa_ext.core.fields import Field, Name, Rule, StateName, Word
from salsa_ext.core.occurrence import ExternalIds, Note
from salsa_ext.firearms.marks.values import Firearm, RecordedFirearm
from salsa_ext.firearms.records.parties import Party

LongText = Annotated[str, Rule(most=1000)]
LINES: Final = Field(
    "Lines", "firearm", "rows", needed=("line", "quantity"), shown_as=RecordedFirearm
)


@dataclass(frozen=True)
class AmendmentData:
    """New values of fields (Model Regulations 8.5); `authentication`: stamp, seal, signature."""

    changes: Mapping[str, Any]
    authentication: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class StatusDecision:
    """The reason why an authority changes the status of a permit, shipment or consent."""

    reason: str


@dataclass(frozen=True)
class IssuingAuthority:
    """The issuing agency's code and the signing officer's name. The name is stored with the parties."""

    agency: Annotated[Word, Field("Agency", "document")]
    signatory: Annotated[Name, Field("Signed by", "parties", personal="direct")]


@dataclass(frozen=True)
class ReissueData:
    """A new permit for remaining `quantities` by line, omitted ones whole (8.2)."""

    number: str
    issued_on: date
    expires_on: date
    authority: IssuingAuthority
    latest_import_on: date | None = None
    quantities: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class DocumentReference:
    """Reference to another state's document by state and number."""

    state: Annotated[StateName, Field("State", "document")]
    number: Annotated[Word, Field("Number", "document")]


@dataclass(frozen=True)
class TransitPlan:
    """The plan of a transit (Model Regulations 4.2)."""

    route: Annotated[LongText, Field("Route", "document")]
    port_of_entry: Annotated[Name, Field("Port of entry", "document")]
    port_of_exit: Annotated[Name, Field("Port of exit", "document")]
    mode: Annotated[str, Rule(choices=codes.TRANSPORT_MODES), Field("Mode", "document")]
    enters_on: Annotated[date, Field("Enters on", "document")]
    leaves_on: Annotated[date, Field("Leaves on", "document")]
    carrier: Annotated[Name | None, Field("Carrier", "parties", "rows", personal="direct")] = None
    expected_location: Annotated[Name | None, Field("Expected location", "document")] = None


@dataclass(frozen=True)
class PermitData:
    """An import certificate, in-transit authorization or export certificate.

    Model Regulations 2.2.1, 3.2 and 4.2. `plan` is required for transit (4.2). With `refusal`, the
    reason, the permit is recorded as refused. A party that the register of its state does not know
    needs `confirm_unregistered`.
    """

    kind: Annotated[str, Rule(choices=codes.PERMIT_KINDS), Field("Kind", "document")]
    number: Annotated[Word, Field("Number", "document")]
    document_kind: Annotated[
        str, Rule(choices=codes.PERMIT_DOCUMENT_KINDS), Field("Document", "document")
    ]
    issued_on: Annotated[date, Field("Issued on", "document")]
    expires_on: Annotated[date, Field("Valid through", "document")]
    authority: Annotated[IssuingAuthority, Field("Authority", "document", "rows")]
    regime: Annotated[str, Rule(choices=codes.PERMIT_REGIMES), Field("Regime", "document")]
    exporting_state: Annotated[StateName, Field("Exporting state", "document")]
    importing_state: Annotated[StateName, Field("Importing state", "document")]
    exporter: Annotated[Party, Field("Exporter", "parties", "rows")]
    importer: Annotated[Party, Field("Importer", "parties", "rows")]
    final_consignee: Annotated[Party, Field("Final consignee", "parties", "rows")]
    lines: Annotated[tuple[Firearm, ...], Rule(most=1000), LINES]
    latest_import_on: Annotated[date | None, Field("Latest import", "document")] = None
    transit_states: Annotated[
        tuple[StateName, ...], Rule(most=20), Field("Transit states", "document")
    ] = ()
    broker: Annotated[Party | None, Field("Broker", "parties", "rows")] = None
    source: Annotated[LongText | None, Field("Source of the goods", "document")] = None
    end_use: Annotated[LongText | None, Field("End use", "document")] = None
    conditions: Annotated[str | None, Rule(most=2000), Field("Conditions", "document")] = None
    import_permit: Annotated[
        DocumentReference | None, Field("Import certificate", "document", "rows")
    ] = None
    export_permit: Annotated[
        DocumentReference | None, Field("Export certificate", "document", "rows")
    ] = None
    transit_permits: Annotated[
        tuple[DocumentReference, ...], Rule(most=20), Field("Transit permits", "document")
    ] = ()
    replaces: Annotated[Word | None, Field("Replaces", "document")] = None
    plan: Annotated[TransitPlan | None, Field("Transit plan", "document")] = None
    refusal: Annotated[LongText | None, Field("Reason of the refusal", "document")] = None
    note: Note = None
    external_ids: ExternalIds = ()
    confirm_unregistered: Annotated[
        bool, Field("Issue it although no register knows a party", stored="no", is_shown=False)
    ] = False

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
    """A licence: number, roles, holder and period of validity. A licence without `valid_to` does not expire."""

    number: Annotated[Word, Field("Number")]
    roles: Annotated[
        tuple[Annotated[str, Rule(choices=codes.LICENSEE_ROLES)], ...], Rule(most=6), Field("Roles")
    ]
    party: Annotated[Party, Field("Holder")]
    valid_from: Annotated[date, Field("Valid from")]
    valid_to: Annotated[date | None, Field("Valid through")] = None


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

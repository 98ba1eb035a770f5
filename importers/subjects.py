"""What files are imported as: subjects with their fields, checks and commands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from datetime import date
from functools import cache, cached_property, partial
from typing import Any, Final

from importers import custody, trade
from importers.custody import SeizedGunDisposition, SeizedGunHandover, SeizedGunOrigin
from importers.trade import ROWS_OF_PERMIT, PermitShipment, ShipmentReceipt
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.fields import Field, Member, Rule, members
from salsa_ext.core.occurrence import EventTime, ImportSource
from salsa_ext.documents import queries, reports, seizures, transfers
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import today
from salsa_ext.reference.state_settings import load_settings
from salsa_ext.trade.permits import licensees, permits
from salsa_ext.trade.permits.validation import validate_permit
from salsa_ext.trade.permits.values import LicenseeData, PermitData

Path = tuple[Member, ...]
"""The fields from a document down to a plain one."""
READ_ELSEWHERE: Final = frozenset(
    ("confirm_second", "visibility", "handling", "corrects", "reason")
)
"""Fields that no column fills by itself."""
Check = Callable[[Any], None]


@dataclass(frozen=True)
class Subject:
    """A kind of document that files hold.

    `checker(actor, agencies)` returns the check of a batch, with agencies that it will register;
    what is recorded has passed it.
    Without `view` and `correct` a file adds documents and neither corrects nor withdraws them.
    """

    name: str
    value: type
    permission: Permission
    checker: Callable[[Actor, frozenset[str]], Check]
    record_many: Callable[..., list[Any]]
    view: queries.DocumentKind | None = None
    correct: Callable[..., Any] | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    """What a draft of a profile sets where no column does."""
    key: tuple[str, ...] = ("number",)
    """The fields whose columns number a document in a draft."""

    @cached_property
    def lists(self) -> Sequence[Member]:
        """Return the lists of which each row makes an entry: of guns, of goods in bulk."""
        return [
            each
            for each in members(self.value)
            if each.is_many and each.field.is_sent and is_item(each.type)
        ]

    @cached_property
    def items(self) -> str:
        """Return the name of the list of guns, empty for a document of one gun or none."""
        return self.lists[0].key if self.lists else ""

    @cached_property
    def has_own_lines(self) -> bool:
        """Return whether its guns are numbered in the order of the rows."""
        return bool(self.lists) and self.lists[0].type not in ROWS_OF_PERMIT

    @cached_property
    def has_source(self) -> bool:
        """Return whether its documents name the row of the file that they are from."""
        return any(each.type is ImportSource for each in members(self.value))

    @cached_property
    def has_external_ids(self) -> bool:
        """Return whether its documents have numbers of other systems."""
        return any(each.name == "external_ids" for each in members(self.value))

    @cached_property
    def most_items(self) -> float:
        """Return how many guns a document has at most."""
        return self.lists[0].size.most or 0 if self.lists else 1


def is_gun(cls: Any) -> bool:
    """Return whether values of a class are guns."""
    return isinstance(cls, type) and issubclass(cls, Firearm)


def is_item(cls: Any) -> bool:
    """Return whether values of a class are one gun, or goods in bulk: what a row of a file describes."""
    return is_gun(cls) or cls in ROWS_OF_PERMIT


def _dated(check: Callable[..., None]) -> Callable[[Actor, frozenset[str]], Check]:
    def checker(actor: Actor, agencies: frozenset[str]) -> Check:
        on = today(actor)
        return lambda data: check(data, on)

    return checker


def _seizure_checker(actor: Actor, agencies: frozenset[str]) -> Check:
    owner, on = actor.own_state(), today(actor)
    known = agency_codes(actor.state) | agencies
    return lambda data: seizures.check(data, owner, on, known)


def _permit_checker(actor: Actor, agencies: frozenset[str]) -> Check:
    owner, on = actor.own_state(), today(actor)
    known = agency_codes(owner) | agencies
    years = load_settings(owner).settings.equivalent_years
    return lambda data: validate_permit(data, owner, on, known, years)


SUBJECTS: Final[Mapping[str, Subject]] = {
    subject.name: subject
    for subject in (
        Subject(
            "seizures",
            SeizureData,
            Permission.SEIZURE_RECORD,
            _seizure_checker,
            partial(seizures.record_many, is_checked=True),
            queries.SEIZURES,
            seizures.correct,
            {"kind": "seized"},
        ),
        Subject(
            "transfers",
            TransferData,
            Permission.TRANSFER_RECORD,
            _dated(transfers.check),
            partial(transfers.record_many, is_checked=True),
            queries.TRANSFERS,
            transfers.correct,
            {"kind": "registration"},
        ),
        Subject(
            "reports",
            ReportData,
            Permission.REPORT_RECORD,
            _dated(reports.check),
            partial(reports.record_many, is_checked=True),
            queries.REPORTS,
            reports.correct,
            {"kind": "theft"},
        ),
        Subject(
            "permits",
            PermitData,
            Permission.PERMIT_RECORD,
            _permit_checker,
            permits.record_many,
            constants={"document_kind": "certificate", "regime": "permanent"},
        ),
        Subject(
            "licensees",
            LicenseeData,
            Permission.LICENSEE_RECORD,
            lambda actor, agencies: licensees.check,
            licensees.record_many,
        ),
        Subject(
            "shipments",
            PermitShipment,
            Permission.SHIPMENT_RECORD,
            trade.shipment_checker,
            trade.record_shipments,
        ),
        Subject(
            "receipts",
            ShipmentReceipt,
            Permission.RECEIPT_RECORD,
            trade.receipt_checker,
            trade.record_receipts,
            key=("shipment",),
        ),
        *(
            Subject(
                name,
                value,
                Permission.SEIZURE_RECORD,
                custody.checker,
                custody.record_many,
                key=("seizure", "serial"),
            )
            for name, value in (
                ("handovers", SeizedGunHandover),
                ("origins", SeizedGunOrigin),
                ("dispositions", SeizedGunDisposition),
            )
        ),
    )
}
"""A register of holdings and past imports and exports are transfers, by their kind."""


@cache
def targets(cls: type) -> Mapping[str, Path]:
    """Return the plain fields that columns can fill, by path: `items.serial`, `place.name`.

    A path through a list is that of the entry that a row makes.
    """
    return {".".join(member.key for member in path): path for path in _paths(cls, ())}


DESCRIPTION: Final = Member(
    "description",
    "description",
    "",
    str,
    is_many=False,
    is_optional=True,
    default=None,
    limits=Rule(),
    size=Rule(),
    field=Field("Description of the gun"),
)
"""A cell with make, model, calibre and type in one, to be split."""
REPORTED: Final = DESCRIPTION._replace(
    name="reported_on",
    key="reported_on",
    type=date,
    limits=Rule(form="rough"),
    field=Field("Date of the report, where that of the event is unknown"),
)
"""The year of this date is that of an event of which the file says no more."""


def _paths(cls: type, above: Path) -> Iterator[Path]:
    if is_gun(cls):
        yield (*above, DESCRIPTION)
    if issubclass(cls, EventTime) and not above:
        yield (REPORTED,)
    for member in members(cls):
        is_place = member.name == "line" and cls not in ROWS_OF_PERMIT  # in the document
        if not member.field.is_sent or member.name in READ_ELSEWHERE or is_place:
            continue
        if member.is_nested:
            yield from _paths(member.type, (*above, member))
        else:
            yield (*above, member)


def is_required(path: Path) -> bool:
    """Return whether a document without this field is refused."""
    return all(member.default is MISSING for member in path)

"""Seizures, reports and transfers: what is declared of each field."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from salsa_ext.core import codes
from salsa_ext.core.errors import message
from salsa_ext.core.fields import Field, PostName, Problem, Rule, StateName, Text, Word
from salsa_ext.core.occurrence import EventTime, ExternalIds, ImportSource, Note, Place
from salsa_ext.firearms.marks.values import (
    Firearm,
    RecordedItem,
    RecordedSeizedItem,
    SeizedItem,
    Unit,
)
from salsa_ext.firearms.records.parties import Party

Visibility = Annotated[str, Rule(choices=codes.VISIBILITIES)]
Handling = Annotated[str, Rule(choices=codes.HANDLING_CODES)]
VISIBILITY = Field("Who may see it", stored="rows", is_shown=False)
HANDLING = Field("Handling", stored="rows", is_shown=False)
SOURCE = Field("Source", stored="rows", is_sent=False, is_shown=False)
CODES = Rule(most=20)


FIREARM = Field("Firearm", "firearm", "rows", shown_as=RecordedItem)
GIVER = Field("From whom", "parties", "rows", key="from")


def check_stolen_from(report: Any) -> Iterator[Problem]:
    """Yield whether another report than of theft says from whom the gun was stolen."""
    if report.stolen_from and report.kind != "theft":
        text = message("Only a report of theft names the person from whom the firearm was stolen.")
        yield "stolen_from", text


def check_movement(transfer: Any) -> Iterator[Problem]:
    """Yield whether a movement lacks its other state or source, or another transfer has them."""
    for name in ("counterpart_state", "based_on"):
        is_given = getattr(transfer, name) is not None
        if transfer.kind in ("export", "import") and not is_given:
            text = message(
                "An import or export of the past names the other state, and the register or paper"
                " that it is based on."
            )
            yield name, text
        elif is_given and transfer.kind not in ("export", "import"):
            yield name, message("Only an import or export has this. Leave it out.")


@dataclass(frozen=True, kw_only=True)
class TransferData(EventTime):
    """A transfer of a gun inside a state; also its manufacture, deactivation or destruction.

    An `import` or `export` is a fact of the past, from the register or paper that it is `based_on`;
    those of today are shipments under permits.
    """

    kind: Annotated[str, Rule(choices=codes.TRANSFER_KINDS), Field("Kind", "event")]
    firearm: Annotated[Firearm, FIREARM]
    number: Annotated[Word | None, Field("Number", "document")] = None
    giver: Annotated[Party | None, GIVER] = None
    receiver: Annotated[Party | None, Field("To whom", "parties", "rows", key="to")] = None
    licence: Annotated[Word | None, Field("Licence", "persons", personal="link")] = None
    counterpart_state: Annotated[StateName | None, Field("Other country", "event")] = None
    based_on: Annotated[Text | None, Field("Register or paper that says so", "document")] = None
    note: Note = None
    external_ids: ExternalIds = ()
    visibility: Annotated[Visibility | None, VISIBILITY] = None
    handling: Annotated[Handling | None, HANDLING] = None
    source: Annotated[ImportSource | None, SOURCE] = None
    rules: ClassVar = (*EventTime.rules, check_movement)


@dataclass(frozen=True, kw_only=True)
class ReportData(EventTime):
    """A report: a gun is lost, stolen, recovered or surrendered.

    A second report of one kind on the same serial and day needs `confirm_second`.
    """

    kind: Annotated[str, Rule(choices=codes.REPORT_KINDS), Field("Kind", "event")]
    number: Annotated[Word, Field("Number", "document")]
    firearm: Annotated[Firearm, FIREARM]
    place: Annotated[Place | None, Field("Place", "place", personal="link")] = None
    giver: Annotated[Party | None, GIVER] = None
    stolen_from: Annotated[
        str | None, Rule(choices=codes.THEFT_SOURCES), Field("Stolen from", "event")
    ] = None
    note: Note = None
    external_ids: ExternalIds = ()
    visibility: Annotated[Visibility | None, VISIBILITY] = None
    handling: Annotated[Handling | None, HANDLING] = None
    source: Annotated[ImportSource | None, SOURCE] = None
    confirm_second: Annotated[bool, Field("Confirm", stored="no", is_shown=False)] = False
    rules: ClassVar = (*EventTime.rules, check_stolen_from)


@dataclass(frozen=True)
class OrganizedCrime:
    """Link of a seizure to organized crime."""

    linked: Annotated[str, Rule(choices=codes.CRIME_LINKS), Field("Organized crime", "remarks")]
    relation: Annotated[
        str | None, Rule(choices=codes.CRIME_RELATIONS), Field("Relation", "remarks")
    ] = None
    basis: Annotated[
        str | None, Rule(choices=codes.CRIME_LINK_BASES), Field("Basis", "remarks")
    ] = None
    group: Annotated[str | None, Rule(most=300), Field("Group", "remarks")] = None


@dataclass(frozen=True)
class Route:
    """Known route of the guns."""

    departure: Annotated[StateName | None, Field("From", "place")] = None
    transit: Annotated[tuple[StateName, ...], CODES, Field("Transit countries", "place")] = ()
    destination: Annotated[StateName | None, Field("To", "place")] = None


@dataclass(frozen=True)
class FoundWith:
    """Other goods found with the guns."""

    kind: Annotated[Word, Field("Kind", "remarks")]
    quantity: Annotated[Decimal | None, Field("Quantity", "remarks")] = None
    unit: Annotated[Unit | None, Field("Unit", "remarks")] = None


@dataclass(frozen=True)
class JointWith:
    """Seizure of the same guns by another state, or another agency of the own one."""

    state: Annotated[StateName, Field("State", "remarks")]
    number: Annotated[Word, Field("Number", "remarks")]


@dataclass(frozen=True)
class RelatedCase:
    """Related case."""

    state: Annotated[StateName, Field("State", "remarks")]
    case_number: Annotated[Word, Field("Case number", "remarks")]
    relation: Annotated[Word, Field("Relation", "remarks")]


@dataclass(frozen=True, kw_only=True)
class SeizureData(EventTime):
    """Firearms seized, found or surrendered on one occasion."""

    number: Annotated[Word, Field("Number", "document")]
    kind: Annotated[str, Rule(choices=codes.SEIZURE_KINDS), Field("Kind", "event")]
    agency: Annotated[Word, Field("Agency", "document")]
    place: Annotated[Place, Field("Place", "event", "columns")]
    legal_grounds: Annotated[
        tuple[Annotated[str, Rule(choices=codes.LEGAL_GROUNDS)], ...],
        Rule(most=10),
        Field("Legal grounds", "event"),
    ]
    crime_context: Annotated[
        tuple[Annotated[str, Rule(choices=codes.CRIME_CONTEXTS)], ...],
        CODES,
        Field("Crime context", "event"),
    ]
    items: Annotated[
        tuple[SeizedItem, ...],
        Rule(most=1000),
        Field("What was seized", "firearm", "rows", needed=("line",), shown_as=RecordedSeizedItem),
    ]
    post: Annotated[PostName | None, Field("Border post", "place")] = None
    setting: Annotated[
        str | None, Rule(choices=codes.SEIZURE_SETTINGS), Field("Kind of place", "place", "details")
    ] = None
    organized_crime: Annotated[
        OrganizedCrime | None, Field("Organized crime", "remarks", "details")
    ] = None
    concealment: Annotated[Text | None, Field("Concealment", "remarks", "details")] = None
    transport: Annotated[
        str | None, Rule(choices=codes.SEIZURE_TRANSPORTS), Field("Transport", "event", "details")
    ] = None
    route: Annotated[Route | None, Field("Route", "place", "details")] = None
    found_with: Annotated[
        tuple[FoundWith, ...], Rule(most=50), Field("Found with it", "remarks", "details")
    ] = ()
    joint_with: Annotated[JointWith | None, Field("Joint with", "remarks", "details")] = None
    related: Annotated[
        tuple[RelatedCase, ...], Rule(most=50), Field("Related case", "remarks", "details")
    ] = ()
    note: Note = None
    external_ids: ExternalIds = ()
    visibility: Annotated[Visibility | None, VISIBILITY] = None
    handling: Annotated[Handling | None, HANDLING] = None
    source: Annotated[ImportSource | None, SOURCE] = None

"""Hand-overs, dispositions and origins of seized guns: what is declared of each field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from uuid import UUID

from salsa_ext.core import codes
from salsa_ext.core.errors import message
from salsa_ext.core.fields import Field, LineNumber, Name, Problem, Rule, StateName, Text, Word
from salsa_ext.core.occurrence import EventTime
from salsa_ext.firearms.records.parties import Party

REASON_NEEDED = message("Give the reason: what is corrected stays in the file.")


def check_correction(entry: Any) -> Iterator[Problem]:
    """Yield whether a correction has no reason."""
    if entry.corrects and not entry.reason:
        yield "reason", REASON_NEEDED


@dataclass(frozen=True, kw_only=True)
class EntryData(EventTime):
    """What an entry of any kind says.

    `lines` are lines of the seizure, none for all. `corrects` is the entry that it
    replaces, with a `reason`.
    """

    lines: Annotated[
        tuple[LineNumber, ...], Rule(most=1000), Field("Lines", stored="no", is_shown=False)
    ] = ()
    corrects: Annotated[UUID | None, Field("Corrects", stored="no", is_shown=False)] = None
    reason: Annotated[Text | None, Field("Reason", stored="no", is_shown=False)] = None
    note: Annotated[Text | None, Field("Note", stored="details")] = None
    rules: ClassVar = (*EventTime.rules, check_correction)


def check_hand_over(entry: Any) -> Iterator[Problem]:
    """Yield whether a hand-over has no time of day, by which hand-overs are put in order."""
    if entry.occurred_at is None:
        yield "occurred_at", message("Give the time: hand-overs are put in order by it.")


@dataclass(frozen=True, kw_only=True)
class HandoverData(EntryData):
    """A seized gun goes from one agency, store or laboratory to the next."""

    giver: Annotated[Name, Field("From whom", stored="details", key="from")]
    receiver: Annotated[Name, Field("To whom", stored="details", key="to")]
    place: Annotated[Name | None, Field("Place", stored="details")] = None
    seal: Annotated[Word | None, Field("Seal", stored="details")] = None
    rules: ClassVar = (*EntryData.rules, check_hand_over)


NEEDED_BY_DISPOSITION = {
    "destroyed": ("act_number", message("Give the number of the certificate of destruction.")),
    "deactivated": ("act_number", message("Give the number of the certificate of deactivation.")),
    "retained": (
        "confiscation_mark",
        message("A firearm that the state retains is marked: give the mark (CIFTA VI.1(c))."),
    ),
    "returned": ("receiver", message("Say to whom it was returned, its lawful owner.")),
}
"""The field that a kind of disposition needs, and the message without it."""


def check_disposition(entry: Any) -> Iterator[Problem]:
    """Yield what a disposition of its kind lacks."""
    name, text = NEEDED_BY_DISPOSITION.get(entry.kind, ("", None))
    if text and not getattr(entry, name):
        yield ("to" if name == "receiver" else name), text


@dataclass(frozen=True, kw_only=True)
class DispositionData(EntryData):
    """What is done with a seized gun; it is never sold into private hands (CIFTA VII).

    `act_number` is that of the decision or certificate. `receiver` is written with the transfer that
    ends the custody.
    """

    kind: Annotated[str, Rule(choices=codes.DISPOSITION_KINDS), Field("Kind", stored="details")]
    act_number: Annotated[
        Word | None, Field("Number of the act or certificate", stored="details")
    ] = None
    place: Annotated[Name | None, Field("Place", stored="details")] = None
    confiscation_mark: Annotated[
        Word | None, Field("Mark of the confiscation", stored="details")
    ] = None
    receiver: Annotated[Party | None, Field("To whom", stored="rows", key="to", is_shown=False)] = (
        None
    )
    rules: ClassVar = (*EntryData.rules, check_disposition)


@dataclass(frozen=True, kw_only=True)
class OriginData(EntryData):
    """How a competent authority says that the gun left lawful hands (SDG 16.4.2)."""

    established_by: Annotated[
        str, Rule(choices=codes.ESTABLISHED_BY), Field("Established by", stored="details")
    ]
    diversion_kind: Annotated[
        str, Rule(choices=codes.DIVERSION_KINDS), Field("How it was diverted", stored="details")
    ]
    state: Annotated[StateName | None, Field("Where it was diverted", stored="details")] = None
    authority: Annotated[Name | None, Field("Authority", stored="details")] = None


ENTRY_CLASSES = {"handover": HandoverData, "disposition": DispositionData, "origin": OriginData}
EVENTS_BY_DISPOSITION = {
    "destroyed": "destruction",
    "deactivated": "deactivation",
    "retained": "state_issue",
    "returned": "state_to_civilian",
}
"""The transfer by which a disposition ends the custody."""
FINAL_DISPOSITIONS = frozenset((*EVENTS_BY_DISPOSITION, "lost_from_custody"))

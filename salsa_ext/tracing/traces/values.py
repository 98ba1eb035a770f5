"""Input of the commands on traces, and the statuses of traces and legs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.core.errors import Message, message
from salsa_ext.core.occurrence import ExternalId
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.tracing.requests.values import ManualEvent


@dataclass(frozen=True)
class TraceData:
    """A trace request (International Tracing Instrument V, 17).

    The gun is either item `item` of the state's own `seizure`, or `firearm`, found on `found_on`.
    The agencies in `hidden_from` must not see it. A second trace of the same gun in a case needs
    `confirm_second`. `note` and `external_ids`, its numbers in other systems, are for the own state.
    """

    case_number: str
    priority: str
    legal_basis: str
    illicit_reason: str
    circumstances: str
    intended_use: str
    seizure: UUID | None = None
    item: int = 1
    firearm: Firearm | None = None
    found_on: date | None = None
    priority_reason: str | None = None
    needed_by: date | None = None
    confidentiality_requested: bool = False
    note: str | None = None
    external_ids: tuple[ExternalId, ...] = ()
    draft: bool = False
    hidden_from: tuple[str, ...] = ()
    confirm_second: bool = False


def missing_fields(fields: Mapping[str, Any]) -> dict[str, Message]:
    """Return messages for missing fields of a trace, by field."""
    missing = missing_draft_fields(fields)
    if (fields.get("seizure") is None) == (fields.get("firearm") is None):
        missing["seizure"] = message("Give a seizure with its item, or the firearm; not both.")
    return missing


def missing_draft_fields(fields: Mapping[str, Any]) -> dict[str, Message]:
    """Return messages for missing fields of a draft with a known gun."""
    missing = {}
    if fields.get("firearm") is not None and fields.get("found_on") is None:
        missing["found_on"] = message("Say on which day the gun was found.")
    if fields.get("priority") in ("flash", "urgent") and not fields.get("priority_reason"):
        missing["priority_reason"] = message("Say why this cannot wait.")
    return missing


@dataclass(frozen=True)
class SendData:
    """Sending of a draft; a declined one without approval needs `confirm_declined`."""

    confirm_declined: bool = False


@dataclass(frozen=True)
class LegData:
    """Another state to ask, with a channel if it is non-participating."""

    state: str
    reason: str
    channel: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class TraceOriginData:
    """What was learned of a gun after its trace was sent: where it was made, or imported."""

    country_of_manufacture: str | None = None
    make: str | None = None
    importer_mark: str | None = None
    import_state: str | None = None


@dataclass(frozen=True)
class ChannelData:
    """A channel outside the service, with the reference there.

    `sent`, the day `sent_on` (default today), or a new reference states that the form was sent by
    it. By eTrace an incomplete form needs `confirm_incomplete`.
    """

    channel: str
    reference: str | None = None
    sent: bool = False
    sent_on: date | None = None
    confirm_incomplete: bool = False


@dataclass(frozen=True)
class Possessor:
    """Who had the gun, in the words of the form; stored sealed, and never searched."""

    name: str | None = None
    birth_date: date | None = None
    alias: str | None = None
    alias_birth_date: date | None = None
    height: str | None = None
    weight: str | None = None
    sex: str | None = None
    ethnicity: str | None = None
    race: str | None = None
    address: str | None = None
    identification: str | None = None


@dataclass(frozen=True)
class RecoveryAddress:
    """Where the gun was found, in the parts of the form."""

    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True)
class EtraceData:
    """What is typed for ATF F 3312.1 at sending, for all traces of a seizure."""

    crime_code: str | None = None
    project_code: str | None = None
    officer: str | None = None
    badge: str | None = None
    possessor: Possessor | None = None
    recovery: RecoveryAddress | None = None


@dataclass(frozen=True)
class ReplyData:
    """A reply to a question, or a recorded answer by another channel.

    Of a state asked by another channel, `status` and the rest of its answer are recorded: the day
    of the answer (`answered_on`), and that of the form (`sent_on`). It replaces what was recorded
    before, unless `is_additional`. `channel` is the one by which it came, if not the leg's own;
    `reply_class` gives the status and the reason where they are left out.
    """

    text: str | None = None
    status: str | None = None
    events: Collection[ManualEvent] = ()
    points_to: Collection[str] = ()
    reference: str | None = None
    failure_reason: str | None = None
    sent_on: date | None = None
    answered_on: date | None = None
    is_additional: bool = False
    channel: str | None = None
    reply_class: str | None = None


@dataclass(frozen=True)
class FeedbackData:
    """Whether the answers helped, for the states that gave them."""

    helped: bool
    text: str | None = None


SENT_STATUSES: Final = ("sent", "in_progress", "completed")

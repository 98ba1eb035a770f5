"""Input of the commands on trace requests, and the statuses of requests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID


@dataclass(frozen=True)
class ManualParty:
    """A party of a register entry: its kind, never its identity."""

    kind: str
    country: str


@dataclass(frozen=True)
class ManualEvent:
    """An event from a state's registers, not in the service."""

    event: str
    occurred_on: date
    document_number: str | None = None
    counterpart_state: str | None = None
    giver: ManualParty | None = None
    receiver: ManualParty | None = None
    serial: str | None = None
    make: str | None = None
    model: str | None = None
    calibre: str | None = None


@dataclass(frozen=True)
class AnswerData:
    """A person's answer: own records, events from registers, states to ask instead.

    A `restricted` one has the reason for what was left out (ITI 23), with `failure_reason` where
    the state knows no more either. A record with other marks than requested needs
    `confirm_other_marks`. Without `handling` it is handled as its strictest record, and no looser
    than the last answer.
    """

    completeness: str = "full"
    restriction_reason: str | None = None
    records: Collection[UUID] = ()
    events: Collection[ManualEvent] = ()
    points_to: Collection[str] = ()
    handling: str | None = None
    note: str | None = None
    failure_reason: str | None = None
    confirm_other_marks: bool = False


@dataclass(frozen=True)
class RefusalData:
    """A refusal, with one of the reasons allowed by the ITI (22)."""

    reason: str
    text: str


@dataclass(frozen=True)
class DeferralData:
    """A later answer: until which day, and the reason."""

    until: date
    reason: str


@dataclass(frozen=True)
class QuestionData:
    """Questions that the asked state needs answered first."""

    questions: Collection[str]


@dataclass(frozen=True)
class ReferralData:
    """The state to ask instead, and the reason.

    Needs `confirm_other_guns` where an open record of the own state is a strong match.
    """

    state: str
    reason: str
    confirm_other_guns: bool = False


@dataclass(frozen=True)
class CommentData:
    """A text alone; optional where the action needs none."""

    text: str | None = None


@dataclass(frozen=True)
class NoRecordData(CommentData):
    """The gun is unknown, with any `failure_reason`; `confirm_other_guns` despite a strong match."""

    failure_reason: str | None = None
    confirm_other_guns: bool = False


@dataclass(frozen=True)
class RestrictionData:
    """Codes of the agencies that must not see a trace or request."""

    hidden_from: tuple[str, ...]


@dataclass(frozen=True)
class AcknowledgementData:
    """Requests to acknowledge together."""

    requests: Collection[UUID]


WAITING_STATUSES: Final = ("sent", "acknowledged", "clarification", "deferred")
"""Statuses in which the asking state may expect an answer."""
OPEN_STATUSES: Final = (*WAITING_STATUSES, "refused", "forwarded")
"""Statuses of a leg that may still be answered or asked about."""
NOT_PARTICIPATING: Final = "not_participating"
"""Status of a leg whose state does not participate and was not asked by another channel yet."""
UNANSWERED_STATUSES: Final = (*WAITING_STATUSES, NOT_PARTICIPATING)
INCOMPLETE_STATUSES: Final = (*OPEN_STATUSES, NOT_PARTICIPATING, "withdrawn")
"""Statuses of a leg in which more records may be unanswered.

A withdrawn one had not been answered completely.
"""
RUNNING_STATUSES: Final = ("sent", "acknowledged", "deferred")
"""Statuses in which the asked state's clock runs; a clarification stops it."""
ANSWERED_STATUSES: Final = ("answered", "partial", "no_record")
SEARCHED_STATUSES: Final = (*ANSWERED_STATUSES, "forwarded")
"""Statuses of a leg whose state was searched, or a person of it looked."""

"""What the two sides of a trace say to each other, as a person writes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class HandSide:
    """A party of an event from a book: what it is, never who."""

    kind: str
    country: str


@dataclass(frozen=True)
class HandEvent:
    """Something that a state's books say of a gun and that is no record of the service."""

    event: str
    occurred_on: date
    document_number: str | None = None
    counterpart_state: str | None = None
    giver: HandSide | None = None
    receiver: HandSide | None = None
    serial: str | None = None
    make: str | None = None
    model: str | None = None
    calibre: str | None = None


@dataclass(frozen=True)
class Answering:
    """An answer by a person: own records, or events by hand, and whom else to ask.

    A `restricted` one says why something was left out (ITI 23), with `failure_reason` where more is
    not known to it either. A record of other marks than what is asked is taken only with
    `confirm_other_marks`. Without `handling` it is handled as the strictest of its records, and no
    looser than what was answered before.
    """

    completeness: str = "full"
    restriction_reason: str | None = None
    records: Collection[UUID] = ()
    events: Collection[HandEvent] = ()
    points_to: Collection[str] = ()
    handling: str | None = None
    note: str | None = None
    failure_reason: str | None = None
    confirm_other_marks: bool = False


@dataclass(frozen=True)
class Sending:
    """That a draft is sent; one that was declined, without a second person, with `confirm_declined` alone."""

    confirm_declined: bool = False


@dataclass(frozen=True)
class Refusing:
    """A refusal, by one of the reasons that the International Tracing Instrument allows (22)."""

    reason: str
    text: str


@dataclass(frozen=True)
class Deferring:
    """An answer that comes later: until which day, and why."""

    until: date
    reason: str


@dataclass(frozen=True)
class Questioning:
    """What the asked state has to know first."""

    questions: Collection[str]


@dataclass(frozen=True)
class Forwarding:
    """Which state to ask instead, and why.

    Where an open record of the own state is a strong match, that is taken only with
    `confirm_other_guns`.
    """

    state: str
    reason: str
    confirm_other_guns: bool = False


@dataclass(frozen=True)
class Telling:
    """Words alone; `text` may be left out where the action itself says enough."""

    text: str | None = None


@dataclass(frozen=True)
class NothingFound(Telling):
    """Nothing is known of the gun, and by `failure_reason` why, where a reason is known.

    Where an open record of the own state is a strong match, that is taken only with
    `confirm_other_guns`.
    """

    failure_reason: str | None = None
    confirm_other_guns: bool = False


@dataclass(frozen=True)
class Hiding:
    """The agencies that must not see a trace or a request, by their codes."""

    hidden_from: tuple[str, ...]


@dataclass(frozen=True)
class AskingOneMore:
    """One more state to ask; by another channel where it takes no part, with its reference there."""

    state: str
    reason: str
    channel: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Channelling:
    """By which other channel a state that takes no part is asked, with its reference there.

    `sent` says that the form went out by it, and so does `sent_on`, the day; without one it is today.
    """

    channel: str
    reference: str | None = None
    sent: bool = False
    sent_on: date | None = None


@dataclass(frozen=True)
class Acknowledging:
    """Several requests of which somebody says that he works on them."""

    requests: Collection[UUID]


@dataclass(frozen=True)
class Replying:
    """What the asking state replies to a question, always with a text.

    Of a state that was asked by another channel, `status` and what else it said are written down: on
    which day it answered (`answered_on`), and on which the form had gone out (`sent_on`).
    """

    text: str | None = None
    status: str | None = None
    events: Collection[HandEvent] = ()
    points_to: Collection[str] = ()
    reference: str | None = None
    failure_reason: str | None = None
    sent_on: date | None = None
    answered_on: date | None = None


@dataclass(frozen=True)
class Feedback:
    """Whether the answers helped, told to the states that gave them."""

    helped: bool
    text: str | None = None

"""The chain of custody of a seized gun: who has it, gaps and overlaps; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from salsa_ext.core.dates import is_before
from salsa_ext.core.errors import Message, message


@dataclass(frozen=True)
class Handover:
    """A gun goes from one holder to the next."""

    id: UUID
    at: datetime
    on: date
    giver: str
    receiver: str


@dataclass(frozen=True)
class CustodyFinding:
    """A `gap`, an `overlap`, or a hand-over `after_end`; `entry` is where it shows."""

    code: str
    entry: UUID
    text: Message


@dataclass(frozen=True)
class CustodyChain:
    """Hand-overs in order of time, the present holder, and what does not fit."""

    handovers: Sequence[Handover]
    holder: str
    findings: Sequence[CustodyFinding]


def build_custody(
    agency: str, handovers: Sequence[Handover], ended_on: date | None = None
) -> CustodyChain:
    """Return the chain from the agency that seized the gun."""
    ordered = sorted(handovers, key=lambda each: (each.at, each.giver, each.receiver, each.id))
    holder, findings = agency, []
    given: dict[str, Handover] = {}
    for each in ordered:
        giver, on = _name_key(each.giver), each.on
        if giver != _name_key(holder) and giver in given:
            text = message(
                "{giver} handed it to {receiver} on {on}, and had handed it to {earlier} already.",
                giver=each.giver,
                receiver=each.receiver,
                on=on,
                earlier=given[giver].receiver,
            )
            findings.append(CustodyFinding("overlap", each.id, text))
        elif giver != _name_key(holder):
            text = message(
                "How it came from {holder} to {giver} before {on} is not recorded.",
                holder=holder,
                giver=each.giver,
                on=on,
            )
            findings.append(CustodyFinding("gap", each.id, text))
        if ended_on and is_before(ended_on, on):
            text = message(
                "It was handed over on {on}, after its custody ended on {last}.",
                on=on,
                last=ended_on,
            )
            findings.append(CustodyFinding("after_end", each.id, text))
        given[giver] = each
        given.pop(_name_key(each.receiver), None)
        holder = each.receiver
    return CustodyChain(ordered, holder, findings)


def _name_key(name: str) -> str:
    """Return the name of a holder without case and blanks."""
    return "".join(name.casefold().split())

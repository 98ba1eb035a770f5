"""What of one state's words may go to whom, and for which use: the one decision.

Pure: who asks it gathers the facts. A refusal has a code, so that an answer says whom to ask and
does not drop silently. Sources: the owner's choice of visibility; the handling codes of Europol
(H0 the stated purpose alone, H1 not in court, H2 not passed on, H3 other restrictions as written);
the third-party rule (no onward use without the origin's consent); CIFTA XII (confidentiality, and
notice to the origin before the law forces a disclosure).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from salsa_ext.values.codes import FIELD_GROUPS, VISIBILITIES

READERS: Final = frozenset({
    "licensing_officer", "police_officer", "forensic_examiner", "trace_analyst", "border_officer",
    "supervisor", "operator",
})  # fmt: skip
"""Roles that are given anything of another state's records."""
INVESTIGATORS: Final = frozenset({"police_officer", "trace_analyst", "supervisor", "operator"})
"""Roles to which private persons may be named with consent, for `NAMING` purposes."""
NAMING: Final = frozenset({"seizure", "investigation"})
WITHOUT_PURPOSE: Final = frozenset({"holder", "likeness"})
"""Groups that a state learns because it has a record of its own that may be of the same gun."""
FOR_CONCERNED: Final = frozenset({"place", "remarks", "shipment"})


@dataclass(frozen=True)
class Said:
    """What is asked for: whose words, how shown and handled, and whether they concern the reader.

    `is_paper` for a permit or a shipment, which states exchange by treaty (CIFTA IX).
    """

    owner: str
    visibility: str = "open"
    handling: str = "H1"
    concerns: bool = False
    is_paper: bool = False


@dataclass(frozen=True)
class Reader:
    """Who reads, on which day, for which purpose and case."""

    state: str | None
    role: str
    on: date
    purpose: str | None = None
    case_number: str | None = None


@dataclass(frozen=True)
class Consent:
    """What the origin granted to the reader's state: one use, in one case, through one day.

    `to` is the third state of an onward use. `compelled` is no consent: the origin had notice that
    the law forces the disclosure.
    """

    use: str
    case_number: str
    until: date
    to: str | None = None


@dataclass(frozen=True)
class Use:
    """What the reader does: he reads, he takes it to court, or he passes it on to a third state."""

    kind: str = "read"
    to: str | None = None


@dataclass(frozen=True)
class Decision:
    """Whether it may go, and the code of the reason."""

    allowed: bool
    code: str


READ: Final = Use()


def decide(
    group: str, said: Said, to: Reader, use: Use = READ, consents: Collection[Consent] = ()
) -> Decision:
    """Return whether a field group of what a state said may go to a reader for a use, and why."""
    if said.owner == to.state:
        return Decision(True, "own")
    read = _read(group, said, to, consents)
    if not read.allowed or use.kind == "read":
        return read
    return _court(read, said, to, consents) if use.kind == "court" else _onward(to, use, consents)


def _read(group: str, said: Said, to: Reader, consents: Collection[Consent]) -> Decision:
    if to.state is None or to.role not in READERS:
        return Decision(False, "not_for_role")
    if not said.concerns and (said.is_paper or said.visibility != "open"):
        return _hidden(group, said)
    if to.purpose is None and not said.is_paper and group not in WITHOUT_PURPOSE:
        return Decision(False, "purpose_missing")
    if group == "persons" and not said.is_paper:
        return _persons(to, consents)
    if said.concerns:
        return Decision(True, "concerns")
    if group in FOR_CONCERNED:
        return Decision(False, "concerned_alone")
    return Decision(True, "open")


def _hidden(group: str, said: Said) -> Decision:
    """Of a pointer a finder learns whom to ask; of what is silent nobody learns even that."""
    if said.is_paper or said.visibility != "pointer":
        return Decision(False, "silent")
    return Decision(True, "pointer") if group == "holder" else Decision(False, "ask_owner")


def _persons(to: Reader, consents: Collection[Consent]) -> Decision:
    investigates = to.role in INVESTIGATORS and to.purpose in NAMING
    if investigates and _stands("names", None, to, consents):
        return Decision(True, "consented")
    return Decision(False, "named_on_request")


def _court(read: Decision, said: Said, to: Reader, consents: Collection[Consent]) -> Decision:
    if said.handling == "H0":
        return read
    if _stands("court", None, to, consents):
        return Decision(True, "consented")
    if _stands("compelled", None, to, consents):
        return Decision(True, "notified")
    return Decision(False, "ask_for_court")


def _onward(to: Reader, use: Use, consents: Collection[Consent]) -> Decision:
    """The third-party rule is the same for every handling code."""
    if _stands("onward", use.to, to, consents):
        return Decision(True, "consented")
    return Decision(False, "ask_for_onward")


def _stands(use: str, third: str | None, to: Reader, consents: Collection[Consent]) -> bool:
    return any(
        one.use == use and one.to == third and one.case_number == to.case_number
        and one.until >= to.on for one in consents
    )  # fmt: skip


FINDER: Final = Reader("", "police_officer", date.min, "seizure")
"""Somebody of another state who found a record by a mark, whichever state that is."""
FOUND: Final = {
    group: frozenset(
        shown for shown in VISIBILITIES if decide(group, Said("-", shown), FINDER).allowed
    )
    for group in FIELD_GROUPS
}
"""With which visibilities a finder learns each group: what searches and matches show by."""

"""Decision on releasing one state's data to a reader for a use.

Pure: the caller gathers the facts. A refusal has a code, so that the answer can name the state to
ask. Sources: the owner's visibility; Europol's handling codes (H0 stated purpose only, H1 not in
court, H2 not passed on, H3 other written restrictions); the third-party rule (no onward use without
the origin's consent); CIFTA XII (confidentiality, notice to the origin before a legally compelled
disclosure).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from salsa_ext.core.codes import FIELD_GROUPS, VISIBILITIES

READER_ROLES: Final = frozenset(
    {
        "licensing_officer",
        "police_officer",
        "forensic_examiner",
        "trace_analyst",
        "border_officer",
        "supervisor",
        "operator",
    }
)
"""Roles that may receive other states' data."""
INVESTIGATOR_ROLES: Final = frozenset({"police_officer", "trace_analyst", "supervisor", "operator"})
"""Roles that may receive private persons' names, with consent, for NAMING_PURPOSES."""
NAMING_PURPOSES: Final = frozenset({"seizure", "investigation"})
GROUPS_WITHOUT_PURPOSE: Final = frozenset({"holder", "likeness"})
"""Groups released without a purpose to states with a matching record."""
GROUPS_FOR_CONCERNED: Final = frozenset({"place", "remarks", "shipment"})


@dataclass(frozen=True)
class Statement:
    """Data of one state: owner, visibility, handling, whether the reader is concerned.

    `is_paper` for permits and shipments, which states exchange by treaty (CIFTA IX).
    """

    owner: str
    visibility: str = "open"
    handling: str = "H1"
    concerns: bool = False
    is_paper: bool = False


@dataclass(frozen=True)
class Reader:
    """Reading state and role, with day, purpose and case."""

    state: str | None
    role: str
    on: date
    purpose: str | None = None
    case_number: str | None = None


@dataclass(frozen=True)
class GrantedUse:
    """Consent of the origin to one use in one case, with expiry.

    `to` is the third state of an onward use. `compelled` is a notice of a legally forced
    disclosure, not a consent.
    """

    use: str
    case_number: str
    until: date
    to: str | None = None


@dataclass(frozen=True)
class Use:
    """Intended use: read, court, or onward to the third state `to`."""

    kind: str = "read"
    to: str | None = None


@dataclass(frozen=True)
class Decision:
    """Whether the release is allowed, with the reason's code."""

    allowed: bool
    code: str


READ_USE: Final = Use()


def decide_release(
    group: str,
    statement: Statement,
    reader: Reader,
    use: Use = READ_USE,
    consents: Collection[GrantedUse] = (),
) -> Decision:
    """Decide on releasing a field group to a reader for a use; an unknown one is the owner's."""
    if statement.owner == reader.state:
        return Decision(True, "own")
    if group not in FIELD_GROUPS:
        return Decision(False, "owner_alone")
    read = _decide_read(group, statement, reader, consents)
    if not read.allowed or use.kind == "read":
        return read
    return (
        _decide_court(read, statement, reader, consents)
        if use.kind == "court"
        else _decide_onward(reader, use, consents)
    )


def _decide_read(
    group: str, statement: Statement, to: Reader, consents: Collection[GrantedUse]
) -> Decision:
    if to.state is None or to.role not in READER_ROLES:
        return Decision(False, "not_for_role")
    if not statement.concerns and (statement.is_paper or statement.visibility != "open"):
        return _decide_not_open(group, statement)
    if to.purpose is None and not statement.is_paper and group not in GROUPS_WITHOUT_PURPOSE:
        return Decision(False, "purpose_missing")
    if group == "persons" and not statement.is_paper:
        return _decide_persons(to, consents)
    if statement.concerns:
        return Decision(True, "concerns")
    if group in GROUPS_FOR_CONCERNED:
        return Decision(False, "concerned_alone")
    return Decision(True, "open")


def _decide_not_open(group: str, statement: Statement) -> Decision:
    """Pointers reveal only their holder; silent data reveal nothing."""
    if statement.is_paper or statement.visibility != "pointer":
        return Decision(False, "silent")
    return Decision(True, "pointer") if group == "holder" else Decision(False, "ask_owner")


def _decide_persons(to: Reader, consents: Collection[GrantedUse]) -> Decision:
    investigates = to.role in INVESTIGATOR_ROLES and to.purpose in NAMING_PURPOSES
    if investigates and _has_consent("names", None, to, consents):
        return Decision(True, "consented")
    return Decision(False, "named_on_request")


def _decide_court(
    read: Decision, statement: Statement, to: Reader, consents: Collection[GrantedUse]
) -> Decision:
    if statement.handling == "H0":
        return read
    if _has_consent("court", None, to, consents):
        return Decision(True, "consented")
    if _has_consent("compelled", None, to, consents):
        return Decision(True, "notified")
    return Decision(False, "ask_for_court")


def _decide_onward(to: Reader, use: Use, consents: Collection[GrantedUse]) -> Decision:
    """Apply the third-party rule, equal for all handling codes."""
    if _has_consent("onward", use.to, to, consents):
        return Decision(True, "consented")
    return Decision(False, "ask_for_onward")


def _has_consent(use: str, third: str | None, to: Reader, consents: Collection[GrantedUse]) -> bool:
    return any(
        consent.use == use
        and consent.to == third
        and consent.case_number == to.case_number
        and consent.until >= to.on
        for consent in consents
    )


FINDER: Final = Reader("", "police_officer", date.min, "seizure")
"""Reader of any other state that found a record by a mark."""
FINDER_VISIBILITIES: Final = {
    group: frozenset(
        visibility
        for visibility in VISIBILITIES
        if decide_release(group, Statement("-", visibility), FINDER).allowed
    )
    for group in FIELD_GROUPS
}
"""Visibilities that release each group to FINDER, used by searches and matches."""

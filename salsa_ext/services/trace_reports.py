"""Reports of traces: what one shows is read once and written down with its hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import Invalid, say
from salsa_ext.models import AuditEntry, Seizure
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import traces
from salsa_ext.readmodels.sharing import COURT
from salsa_ext.readmodels.traces import ResultView, TraceView
from salsa_ext.services import disclosures
from salsa_ext.values.actor import Actor
from salsa_ext.values.texts import unbroken

CONTENT, FILE = "content", "file"
HASHES: Final = (CONTENT, FILE)
HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Report:
    """What a report shows: the trace, its result, and whose consent to use in court is missing.

    `seizure` is that in which the gun was found, for who may read it.
    """

    view: TraceView
    result: ResultView
    without_consent: tuple[str, ...]
    seizure: Seizure | None

    @property
    def is_for_court(self) -> bool:
        """Tell whether each state that is quoted let its words be used in court."""
        return bool(self.result.events()) and not self.without_consent


@dataclass(frozen=True)
class Verdict:
    """Whether the audit knows a hash, of what (`content` or `file`), and when it was written down."""

    known: bool
    of: str | None = None
    made_at: datetime | None = None
    language: str | None = None


def compile_report(*, actor: Actor, trace_id: UUID) -> Report:
    """Return what the report of a trace shows, as its result is given; raises NotFound.

    The states whose firms it names read that they were named, as of the result.
    """
    require(actor, Permission.TRACE_READ)
    result = disclosures.read_result(actor=actor, trace_id=trace_id)
    quoted = {shared.said.owner for shared in result.sharing.values()
              if not (shared.is_own or shared.decide("firearm", COURT).allowed)}  # fmt: skip
    view = traces.read(actor, trace_id)
    seizure = traces.seizure_of(actor, view.trace)
    return Report(view, result, tuple(sorted(quoted)), seizure)


def write_down(*, actor: Actor, report: Report, content: str, file: str) -> None:
    """Write down that a report was made: the SHA-256 of what it says and of the file, in hexadecimal."""
    require(actor, Permission.TRACE_READ)
    said = {CONTENT: content, FILE: file, "language": actor.language,
            "court": report.is_for_court}  # fmt: skip
    append(actor, Act(Action.TRACE_REPORTED, "trace", report.view.trace.id, data=said))


def verify(*, actor: Actor, trace_id: UUID, sha256: str) -> Verdict:
    """Tell whether the own state's audit knows a hash as that of a report of this trace.

    Either the one that stands on each page, as it is copied from there, or that of the file; raises
    NotFound, or Invalid for what is no hash.
    """
    require(actor, Permission.TRACE_READ)
    traces.read(actor, trace_id)
    asked = unbroken(sha256).lower()
    if not HASH.fullmatch(asked):
        raise Invalid({"sha256": [say("A SHA-256 has 64 hexadecimal digits.")]})
    made = select(AuditEntry).where(
        AuditEntry.owner_state == actor.own_state(), AuditEntry.subject_id == str(trace_id),
        AuditEntry.action == str(Action.TRACE_REPORTED),
        or_(*(AuditEntry.data[name].as_string() == asked for name in HASHES)),
    )  # fmt: skip
    entry = db.session.scalars(made.order_by(AuditEntry.id).limit(1)).first()
    if entry is None:
        return Verdict(False)
    of = next(name for name in HASHES if entry.data[name] == asked)
    return Verdict(True, of, entry.at, entry.data["language"])

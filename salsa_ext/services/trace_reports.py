"""Reports of traces: what one shows is read once and written down with its hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, or_, select

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
REPORTED: Final[ColumnElement[str]] = literal_column(f"'{Action.TRACE_REPORTED}'")
"""Written into the query, so that the index of reports alone serves it."""
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
    """Whether the audit knows a hash, of what (`content` or `file`) and which trace, and since when."""

    known: bool
    of: str | None = None
    made_at: datetime | None = None
    language: str | None = None
    view: TraceView | None = None


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
    view = traces.read(actor, trace_id)
    return _verdict(actor, _asked(sha256), view)


def find(*, actor: Actor, sha256: str) -> Verdict:
    """Tell of which trace a hash is that of a report that the own state made; raises Invalid as `verify`."""
    require(actor, Permission.TRACE_READ)
    asked = _asked(sha256)
    subject = db.session.scalar(
        _made(actor, asked).with_only_columns(AuditEntry.subject_id).limit(1)
    )
    return _verdict(actor, asked, traces.read(actor, UUID(subject))) if subject else Verdict(False)


def is_hash(text: str) -> bool:
    """Tell whether a text has the form of a hash, as it is copied from a report."""
    return HASH.fullmatch(_bare(text)) is not None


def _bare(text: str) -> str:
    return unbroken(text).lower().removeprefix("sha-256:")


def _asked(sha256: str) -> str:
    if not is_hash(sha256):
        raise Invalid({"sha256": [say("A SHA-256 has 64 hexadecimal digits.")]})
    return _bare(sha256)


def _made(actor: Actor, asked: str) -> Select[Any]:
    """Select the own state's acts of making a report with this hash; the partial index has all reports."""
    return select(AuditEntry).where(
        AuditEntry.owner_state == actor.own_state(), AuditEntry.action == REPORTED,
        or_(*(AuditEntry.data[name].as_string() == asked for name in HASHES)),
    ).order_by(AuditEntry.id)  # fmt: skip


def _verdict(actor: Actor, asked: str, view: TraceView) -> Verdict:
    made = _made(actor, asked).where(AuditEntry.subject_id == str(view.trace.id))
    entry = db.session.scalars(made.limit(1)).first()
    if entry is None:
        return Verdict(False)
    of = next(name for name in HASHES if entry.data[name] == asked)
    return Verdict(True, of, entry.at, entry.data["language"], view)

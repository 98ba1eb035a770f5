"""What is typed for eTrace at sending: sealed, erasable, and never searched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.tracing.traces.queries import get_trace
from salsa_ext.tracing.traces.values import EtraceData, Possessor, RecoveryAddress


def set_etrace_data(*, actor: Actor, trace_id: UUID, data: EtraceData) -> None:
    """Store what is typed for a trace, and all others of its seizure; raises NotFound."""
    require(actor, Permission.TRACE_REQUEST)
    _store(actor, trace_id, data, Action.TRACE_ETRACE_TYPED)


def erase_etrace_data(*, actor: Actor, trace_id: UUID) -> None:
    """Erase what was typed for the traces of a seizure; raises NotFound."""
    require(actor, Permission.TRACE_REQUEST)
    _store(actor, trace_id, None, Action.TRACE_ETRACE_ERASED)


def read_etrace_data(actor: Actor, trace: Trace) -> EtraceData:
    """Return what was typed for a trace; empty where nothing was."""
    require(actor, Permission.TRACE_REQUEST)
    if trace.etrace_data is None:
        return EtraceData()
    values = json.loads(actor.vault.open(trace.etrace_data, _name(trace)))
    possessor, recovery = values.pop("possessor"), values.pop("recovery")
    return EtraceData(
        **values,
        possessor=Possessor(**_with_dates(possessor)) if possessor else None,
        recovery=RecoveryAddress(**recovery) if recovery else None,
    )


def _with_dates(values: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: values[name] for name in ("birth_date", "alias_birth_date")}
    return dict(values) | {name: day and date.fromisoformat(day) for name, day in days.items()}


def _store(actor: Actor, trace_id: UUID, data: EtraceData | None, action: Action) -> None:
    trace = get_trace(actor, trace_id).trace
    same = Trace.id == trace_id
    if trace.seizure_id is not None:
        same = Trace.seizure_id == trace.seizure_id
    query = select(Trace).where(Trace.owner_state == trace.owner_state, same)
    traces = db.session.scalars(query.order_by(Trace.id).with_for_update()).all()
    text = json.dumps(asdict(data), default=date.isoformat).encode() if data else None
    for each in traces:
        each.etrace_data = actor.vault.seal(text, _name(each)) if text else None
    db.session.flush()
    append(actor, AuditEvent(action, "trace", trace_id, data={"traces": len(traces)}))


def _name(trace: Trace) -> str:
    return f"etrace:{trace.id}"

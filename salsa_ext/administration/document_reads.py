"""Audit of who opens a document of the own state."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.models import AuditEntry
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.worklists.record_lookup import NUMBERED_MODELS

READ_MODELS: Final[Mapping[str, Any]] = {**NUMBERED_MODELS, "trace": Trace, "record": Record}
"""Kinds of documents whose opening is audited; `record` is the history of a gun."""


def log_reads(actor: Actor, address: Mapping[str, Any]) -> None:
    """Enter once a day that an account opened what an address names, if its state owns it.

    `address` holds the parameters of its path: `seizure_id` names a seizure.
    """
    if actor.state is None or actor.account_id is None or actor.is_automatic:
        return
    for name, key in address.items():
        kind = name.removesuffix("_id")
        if kind == name or (model := READ_MODELS.get(kind)) is None:
            continue
        now = actor.now().astimezone(ZoneInfo(actor_zone(actor)))
        is_own = exists().where(model.id == key, model.owner_state == actor.state)
        is_entered = exists().where(
            AuditEntry.subject_id == str(key),
            AuditEntry.account_id == actor.account_id,
            AuditEntry.action == Action.DOCUMENT_READ,
            AuditEntry.at >= datetime.combine(now, time.min, now.tzinfo),
        )
        if db.session.scalar(select(is_own & ~is_entered)):
            append(actor, AuditEvent(Action.DOCUMENT_READ, kind, key))

"""Runs of importers: which file, what was taken, what was not and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db, insert_many
from salsa_ext.models import ImportRun
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.documents import Kind
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class RunData:
    """One run over one file; `rejects` give each row that was not taken, with its reason."""

    id: UUID
    source: str
    file_name: str
    file_digest: bytes
    rows_read: int
    rows_taken: int
    rejects: Sequence[dict[str, Any]]


def record(*, actor: Actor, data: RunData) -> None:
    """Write down a run, in the transaction of what it took."""
    require(actor, Permission.IMPORT_RUN)
    state = actor.own_state()
    insert_many(ImportRun, [{
        "owner_state": state, "concerned": [state], "started_at": actor.now(),
    } | vars(data) | {"rejects": list(data.rejects)}])  # fmt: skip
    said = {"source": data.source, "taken": data.rows_taken, "rejected": len(data.rejects)}
    append(actor, Act(Action.FILE_IMPORTED, "import", data.id, data=said))


def known(*, actor: Actor, kind: Kind, numbers: Collection[str]) -> set[str]:
    """Return those of the numbers under which the actor's state has a document already."""
    require(actor, Permission.IMPORT_RUN)
    mine = select(kind.model.number).where(kind.model.owner_state == actor.own_state())
    return set(db.session.scalars(mine.where(kind.model.number.in_(numbers))))

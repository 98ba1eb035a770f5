"""A record of another state, read for a purpose and written down for its owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import as_state
from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.marks import owner_of
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.values.actor import Actor, Purpose


@dataclass(frozen=True)
class Disclosure:
    """A record, and whether its private persons may be named to the reader."""

    view: RecordView
    is_own: bool

    @property
    def version(self) -> int:
        """Return the version of the record that is shown."""
        return self.view.record.version


def read_record(*, actor: Actor, record_id: UUID, as_of: datetime | None = None) -> Disclosure:
    """Return a record that the actor may see; raises NotFound, or Invalid without a purpose.

    Another state's record is read only where its owner keeps it open, for a purpose and a case.
    """
    require(actor, Permission.RECORD_READ)
    if mine := by_id([record_id], as_of):
        own = mine[0].record.owner_state == actor.state
        if not own:
            _write_down(actor, mine[0])
        return Disclosure(mine[0], own)
    owner = owner_of(record_id)
    if owner is None or owner[1] != "open":
        raise NotFound("record", record_id)
    _check_purpose(actor.purpose)
    with as_state(actor, owner[0]):
        views = by_id([record_id], as_of)
    if not views:
        raise NotFound("record", record_id)
    _write_down(actor, views[0])
    return Disclosure(views[0], is_own=False)


def _check_purpose(purpose: Purpose | None) -> None:
    """Raise Invalid, which names the header that is missing; no header gives an incident instead."""
    if purpose is None or not purpose.case_number:
        header = "Salsa-Case" if purpose else "Salsa-Purpose"
        raise Invalid({header: [say("Another state's record is read for a purpose and a case.")]})


def _write_down(actor: Actor, view: RecordView) -> None:
    record = view.record
    append(actor, Act(Action.RECORD_DISCLOSED, "record", record.id, record.owner_state,
                      [record.owner_state], {"version": record.version}))  # fmt: skip

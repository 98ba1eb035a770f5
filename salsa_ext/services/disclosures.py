"""What another state says, read for a purpose and written down for its owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import as_state
from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import alerted, documents, traces
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.readmodels.marks import owner_of
from salsa_ext.readmodels.pages import Page
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.readmodels.traces import ResultView
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

    Another state's record is read for a purpose and a case: where it concerns the actor's state,
    or its owner keeps it open.
    """
    require(actor, Permission.RECORD_READ)
    if mine := by_id([record_id], as_of):
        is_own = mine[0].record.owner_state == actor.state
        if not is_own:
            require_purpose(actor)
            write_down(actor, mine)
        return Disclosure(mine[0], is_own)
    owner = owner_of(record_id)
    # the own state would have seen its record above, unless it was not recorded by then
    if owner is None or owner[0] == actor.state or owner[1] != "open":
        raise NotFound("record", record_id)
    require_purpose(actor)
    with as_state(actor, owner[0]):
        views = by_id([record_id], as_of)
    if not views or alerted.hides(views[0]):
        raise NotFound("record", record_id)
    write_down(actor, views)
    return Disclosure(views[0], is_own=False)


def read_document(
    *, actor: Actor, kind: documents.Kind, document_id: UUID, as_of: datetime | None = None
) -> DocumentView:
    """Return a seizure, report or transfer; another state's raises Invalid without a purpose."""
    require(actor, kind.permission)
    view = documents.read(kind, document_id, as_of)
    if view.document.owner_state != actor.state:
        require_purpose(actor)
        write_down(actor, view.items)
    return view


def list_documents(
    *, actor: Actor, kind: documents.Kind, filters: dict[str, Any], limit: int,
    cursor: str | None,
) -> Page[DocumentView]:  # fmt: skip
    """Return a page of the own state's documents; with a purpose, of all that concern it."""
    require(actor, kind.permission)
    if actor.purpose is None:
        return documents.list_documents(actor, kind, filters, limit, cursor)
    require_purpose(actor)
    page = documents.list_concerning(actor, kind, filters, limit, cursor)
    others = [view for view in page.items if view.document.owner_state != actor.state]
    write_down(actor, (item for view in others for item in view.items))
    return page


def read_result(*, actor: Actor, trace_id: UUID) -> ResultView:
    """Return the result of a trace; each state whose firms it names reads that they were named.

    It needs no further purpose: the trace has its case.
    """
    require(actor, Permission.TRACE_READ)
    view = traces.get_result(actor, trace_id)
    named: dict[str, list[str]] = {}
    for party in view.parties.values():
        if party.owner_state != actor.state:
            named.setdefault(party.owner_state, []).append(str(party.id))
    asking = actor.for_purpose(Purpose("investigation", view.trace.case_number))
    append_many(asking, [
        Act(Action.PARTY_DISCLOSED, "trace", trace_id, state, [state], {"parties": sorted(ids)})
        for state, ids in sorted(named.items())
    ])  # fmt: skip
    return view


def require_purpose(actor: Actor) -> None:
    """Raise Invalid, which names the header that is missing; no header gives an incident instead."""
    if actor.purpose is None or not actor.purpose.case_number:
        header = "Salsa-Case" if actor.purpose else "Salsa-Purpose"
        raise Invalid({header: [say("Another state's record is read for a purpose and a case.")]})


def write_down(actor: Actor, views: Iterable[RecordView]) -> None:
    """Write down for its owner each record that another state was shown; for commands alone."""
    records = [view.record for view in views]
    append_many(actor, [
        Act(Action.RECORD_DISCLOSED, "record", record.id, record.owner_state,
            [record.owner_state], {"version": record.version})
        for record in records
    ])  # fmt: skip

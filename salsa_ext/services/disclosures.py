"""What another state says, read for a purpose and written down for its owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import SELF, Act, Action, append_many
from salsa_ext.db import as_state
from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.release import FOUND
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import alerted, documents, sharing, traces
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.readmodels.marks import owner_of
from salsa_ext.readmodels.pages import Page
from salsa_ext.readmodels.records import RecordView, by_id
from salsa_ext.readmodels.sharing import Sharing, group_of, groups_of
from salsa_ext.readmodels.traces import ResultView
from salsa_ext.values.actor import Actor, Purpose

GROUPS: Final = ("firearm", "event", "parties", "firms", "persons", "remarks")
"""What an answer has of one record: the kind of its document is part of the event, its number is not there."""


@dataclass(frozen=True)
class Disclosure:
    """A record, and what of it the reader is given."""

    view: RecordView
    sharing: Sharing

    @property
    def is_own(self) -> bool:
        """Tell whether it is the reader's own state's."""
        return self.sharing.is_own

    @property
    def held(self) -> list[str]:
        """Return the field groups that the record has."""
        return groups_of(GROUPS, self.view)

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
    disclosed = seen(actor, record_id, as_of)
    write_down(actor, [disclosed])
    return disclosed


def seen(actor: Actor, record_id: UUID, as_of: datetime | None = None) -> Disclosure:
    """Return the same for a command that writes down itself what it gives of it; raises the same."""
    views = by_id([record_id], as_of) or _of_another(actor, record_id, as_of)
    if not views:
        raise NotFound("record", record_id)
    disclosed = Disclosure(views[0], sharing.of_records(actor, views)[record_id])
    if not disclosed.is_own:
        require_purpose(actor)
    return disclosed


def _of_another(actor: Actor, record_id: UUID, as_of: datetime | None) -> list[RecordView]:
    """Return a record that its state keeps open; raises NotFound, or Invalid without a purpose."""
    owner = owner_of(record_id)
    # the own state would have seen its record already, unless it was not recorded by then
    if owner is None or owner[0] == actor.state or owner[1] not in FOUND["firearm"]:
        raise NotFound("record", record_id)
    require_purpose(actor)
    with as_state(actor, owner[0]):
        views = by_id([record_id], as_of)
    if views and alerted.hides(views[0]):
        raise NotFound("record", record_id)
    return views


def read_document(
    *, actor: Actor, kind: documents.Kind, document_id: UUID, as_of: datetime | None = None
) -> DocumentView:
    """Return a seizure, report or transfer; another state's raises Invalid without a purpose."""
    require(actor, kind.permission)
    view = documents.read(kind, document_id, as_of)
    if view.document.owner_state == actor.state:
        return view
    require_purpose(actor)
    return _disclosed(actor, kind, [view])[0]


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
    return page.of(_disclosed(actor, kind, page.items))


def _disclosed(
    actor: Actor, kind: documents.Kind, views: Sequence[DocumentView]
) -> list[DocumentView]:
    """Return documents with what the actor is given of them, and write down other states'."""
    shown = documents.shared(actor, kind, views)
    append_many(actor, [
        act_of(item, view.sharing, view.held)
        for view in shown if view.sharing and not view.sharing.is_own for item in view.items
    ])  # fmt: skip
    return shown


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
    asking = actor.for_purpose(
        Purpose("investigation", view.trace.case_number, about=(str(trace_id),))
    )
    append_many(asking, [
        Act(Action.PARTY_DISCLOSED, "trace", trace_id, state, [state], {"parties": sorted(ids)})
        for state, ids in sorted(named.items())
    ] + _named(view))  # fmt: skip
    return view


def _named(view: ResultView) -> list[Act]:
    """Return the acts that tell owners of which records parties are named in a result."""
    acts = []
    for event in view.events():
        shared = view.sharing[event["record"]]
        sides = [event[name] for name in ("giver", "receiver") if event[name]]
        groups = {group_of(side["kind"]) for side in sides if UUID(side["id"]) in view.parties}
        if groups and not shared.is_own:
            said = {"version": event["version"], "handling": event["handling"],
                    "groups": sorted(groups)}  # fmt: skip
            acts.append(_given(event["record"], event["state"], said))
    return acts


def require_purpose(actor: Actor) -> None:
    """Raise Invalid, which names the header that is missing; no header gives an incident instead."""
    if actor.purpose is None or not actor.purpose.case_number:
        header = "Salsa-Case" if actor.purpose else "Salsa-Purpose"
        raise Invalid({header: [say("Another state's record is read for a purpose and a case.")]})


def write_down(actor: Actor, given: Iterable[Disclosure]) -> None:
    """Write down for its owner each record that another state was shown; for commands alone."""
    append_many(actor, [
        act_of(each.view, each.sharing, each.held) for each in given if not each.is_own
    ])  # fmt: skip


def act_of(view: RecordView, shared: Sharing, held: Iterable[str]) -> Act:
    """Return the act by which the owner of a record reads what of it was given."""
    said = {"version": view.record.version, "handling": shared.said.handling,
            "groups": shared.given(held)}  # fmt: skip
    return _given(view.record.id, view.record.owner_state, said)


def given_to(
    view: RecordView, to: str, groups: Iterable[str], handling: str, *, by_itself: bool = False
) -> Act:
    """Return the act by which its owner's state writes down what of a record it answered to another.

    With the `handling` of that answer; `by_itself` where no person did, but the service for it.
    """
    said = {"version": view.record.version, "handling": handling, "groups": [*groups], "to": to,
            "through": "answer"} | ({SELF: True} if by_itself else {})  # fmt: skip
    return Act(
        Action.RECORD_DISCLOSED, "record", view.record.id, view.record.owner_state, [to], said
    )


def _given(record: UUID | str, owner: str, said: dict[str, Any]) -> Act:
    return Act(Action.RECORD_DISCLOSED, "record", record, owner, [owner], said)

"""Facts for the release decision: what a reader may see of records.

`access.release` decides; this module reads visibility, handling and consents for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.release import (
    READ_USE,
    Decision,
    GrantedUse,
    Reader,
    Statement,
    Use,
    decide_release,
)
from salsa_ext.core.actor import Actor
from salsa_ext.disclosure.consents import granted_uses
from salsa_ext.firearms.records.queries import RecordView
from salsa_ext.reference.calendars import today

COURT_USE: Final = Use("court")
OPTIONAL_GROUPS: Final = ("parties", "firms", "persons", "remarks")


@dataclass(frozen=True)
class WithheldGroup:
    """A withheld field group and the code of the reason."""

    group: str
    code: str


@dataclass(frozen=True)
class AllowedUse:
    """A use beyond reading: allowed or not, and the reason's code.

    `to` are the states for an onward use.
    """

    use: str
    allowed: bool
    code: str
    to: Sequence[str] = ()


@dataclass(frozen=True)
class Sharing:
    """Release decisions for one reader on one statement."""

    statement: Statement
    reader: Reader
    consents: Sequence[GrantedUse] = ()

    @property
    def is_own(self) -> bool:
        """Return whether the reader's own state made the statement."""
        return self.statement.owner == self.reader.state

    def decide(self, group: str, use: Use = READ_USE) -> Decision:
        """Return the release decision for one field group."""
        return decide_release(group, self.statement, self.reader, use, self.consents)

    def may(self, group: str) -> bool:
        """Return whether the reader may see a field group."""
        return self.decide(group).allowed

    def given(self, groups: Iterable[str]) -> list[str]:
        """Return the field groups that the reader may see."""
        return [group for group in groups if self.may(group)]

    def withheld(self, groups: Iterable[str]) -> list[WithheldGroup]:
        """Return the withheld field groups with their reasons."""
        decided = ((group, self.decide(group)) for group in groups)
        return [WithheldGroup(group, found.code) for group, found in decided if not found.allowed]

    def uses(self) -> list[AllowedUse]:
        """Return the uses beyond reading; empty for own records."""
        if self.is_own:
            return []
        court = self.decide("firearm", COURT_USE)
        to = sorted({one.to for one in self.consents if one.to})
        onward = {state: self.decide("firearm", Use("onward", state)) for state in to}
        states = [state for state, found in onward.items() if found.allowed]
        said = onward[states[0]] if states else self.decide("firearm", Use("onward"))
        return [
            AllowedUse("court", court.allowed, court.code),
            AllowedUse("onward", said.allowed, said.code, states),
        ]


def party_group(party_kind: str) -> str:
    """Return the field group of a party's name: persons or firms."""
    return "persons" if party_kind == "individual" else "firms"


def present_groups(candidate_groups: Iterable[str], view: RecordView) -> list[str]:
    """Return the field groups that have content in a record."""
    sides = (
        view.parties.get(side) for side in (view.record.giver_id, view.record.receiver_id) if side
    )
    there = {group for party in sides if party for group in ("parties", party_group(party.kind))}
    if view.record.reason:
        there.add("remarks")
    return [group for group in candidate_groups if group in there or group not in OPTIONAL_GROUPS]


def share_records(actor: Actor, views: Sequence[RecordView]) -> dict[UUID, Sharing]:
    """Return the actor's sharing by record id.

    Queries consents only for records of other states.
    """
    others = [view.record.id for view in views if view.record.owner_state != actor.state]
    consents = granted_uses(actor, others) if others else {}
    reader = actor_reader(actor) if others else _own_state_reader(actor)
    return {
        view.record.id: Sharing(
            _record_statement(actor.state, view), reader, consents.get(view.record.id, ())
        )
        for view in views
    }


def share_rows(actor: Actor, rows: Collection[Any]) -> dict[UUID, Sharing]:
    """Return the actor's sharing by row id.

    Rows have `id`, `owner_state`, `concerned`, `visibility` and `handling`.
    """
    others = [row.id for row in rows if row.owner_state != actor.state]
    consents = granted_uses(actor, others) if others else {}
    reader = actor_reader(actor) if others else _own_state_reader(actor)
    return {
        row.id: Sharing(_row_statement(actor.state, row), reader, consents.get(row.id, ()))
        for row in rows
    }


def share_trade_papers(actor: Actor, rows: Collection[Any]) -> dict[UUID, Sharing]:
    """Return the actor's sharing by permit or shipment id.

    Permits and shipments go to the states that they concern.
    """
    reader = _own_state_reader(actor)
    return {
        row.id: Sharing(
            Statement(row.owner_state, concerns=actor.state in row.concerned, is_paper=True), reader
        )
        for row in rows
    }


def share_check(actor: Actor, asking_state: str) -> Sharing:
    """Return the actor's sharing of another state's check.

    Decided as for an open record.
    """
    return Sharing(Statement(asking_state), actor_reader(actor))


def share_with_state(
    actor: Actor, recipient_state: str, views: Sequence[RecordView]
) -> dict[UUID, Sharing]:
    """Return another state's sharing of the actor's records, by id.

    For its trace analyst and the actor's purpose. Without consents: those count when the answer is
    read.
    """
    reader = analyst_reader(actor, recipient_state)
    return {
        view.record.id: Sharing(_record_statement(recipient_state, view), reader) for view in views
    }


def analyst_reader(actor: Actor, recipient_state: str) -> Reader:
    """Return another state's trace analyst as reader.

    With the actor's purpose.
    """
    own = actor.purpose
    return Reader(
        recipient_state,
        "trace_analyst",
        today(actor),
        own.code if own else None,
        own.case_number if own else None,
    )


def share_events(actor: Actor, events: Sequence[Any], case_number: str) -> dict[str, Sharing]:
    """Return the sharing of trace answers' events, by record key.

    The records were open when answered; only current consents count.
    """
    others = {event["record"] for event in events if event["state"] != actor.state}
    consents = granted_uses(actor, [UUID(key) for key in others]) if others else {}
    reader = actor_reader(actor, "investigation", case_number)
    return {
        event["record"]: Sharing(
            Statement(event["state"], handling=event["handling"]),
            reader,
            consents.get(UUID(event["record"]), ()),
        )
        for event in events
    }


def actor_reader(
    actor: Actor, purpose: str | None = None, case_number: str | None = None
) -> Reader:
    """Return the actor as reader, for the given purpose or its own."""
    own = actor.purpose
    return Reader(
        actor.state,
        actor.role,
        today(actor),
        purpose or (own.code if own else None),
        case_number or (own.case_number if own else None),
    )


def _own_state_reader(actor: Actor) -> Reader:
    """Return the actor as reader of its own state's statements.

    Nothing depends on the day then; it is not queried.
    """
    return Reader(actor.state, actor.role, actor.now().date())


def _row_statement(reader: str | None, row: Any) -> Statement:
    concerns = reader in row.concerned
    if row.visibility is None:
        return Statement(row.owner_state, concerns=concerns)
    return Statement(row.owner_state, row.visibility, row.handling, concerns)


def _record_statement(reader: str | None, view: RecordView) -> Statement:
    record, setting = view.record, view.setting
    concerns = reader in record.concerned
    if setting is None:
        return Statement(record.owner_state, concerns=concerns)
    return Statement(record.owner_state, setting.visibility, setting.handling, concerns)

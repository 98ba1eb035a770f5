"""Facts for the release decision (`access.release`): visibility, handling, consents."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.disclosure.consents import granted_uses
from salsa_ext.firearms.records.parties import NAME_GROUPS
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
    """A use beyond reading: allowed or not, and the reason's code. `to` are the states for an onward use."""

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
        return [WithheldGroup(group, each.code) for group, each in decided if not each.allowed]

    def uses(self) -> list[AllowedUse]:
        """Return the uses beyond reading; empty for own records."""
        if self.is_own:
            return []
        court = self.decide("firearm", COURT_USE)
        to = sorted({consent.to for consent in self.consents if consent.to})
        decisions = {state: self.decide("firearm", Use("onward", state)) for state in to}
        allowed = [state for state, each in decisions.items() if each.allowed]
        onward = decisions[allowed[0]] if allowed else self.decide("firearm", Use("onward"))
        return [
            AllowedUse("court", court.allowed, court.code),
            AllowedUse("onward", onward.allowed, onward.code, allowed),
        ]


def party_group(party_kind: str) -> str:
    """Return the field group of a party's name: persons or firms."""
    return NAME_GROUPS.cases.get(party_kind, NAME_GROUPS.otherwise)


def present_groups(candidate_groups: Iterable[str], view: RecordView) -> list[str]:
    """Return the field groups that have content in a record."""
    present = {"remarks"} if view.record.reason else set()
    for party_id in (view.record.giver_id, view.record.receiver_id):
        if party_id and (party := view.parties.get(party_id)):
            present |= {"parties", party_group(party.kind)}
    return [group for group in candidate_groups if group in present or group not in OPTIONAL_GROUPS]


def share_records(actor: Actor, views: Sequence[RecordView]) -> dict[UUID, Sharing]:
    """Return the actor's sharing by record id. Queries consents only for records of other states."""
    statements = {view.record.id: _record_statement(actor.state, view) for view in views}
    return _share(actor, statements)


def share_rows(actor: Actor, rows: Collection[Any]) -> dict[UUID, Sharing]:
    """Return the actor's sharing by row id."""
    return _share(
        actor,
        {
            row.id: _statement(
                row.owner_state, row.visibility, row.handling, actor.state in row.concerned
            )
            for row in rows
        },
    )


def _share(actor: Actor, statements: Mapping[UUID, Statement]) -> dict[UUID, Sharing]:
    others = [key for key, statement in statements.items() if statement.owner != actor.state]
    consents = granted_uses(actor, others) if others else {}
    reader = actor_reader(actor) if others else _own_state_reader(actor)
    return {
        key: Sharing(statement, reader, consents.get(key, ()))
        for key, statement in statements.items()
    }


def share_trade_papers(actor: Actor, rows: Collection[Any]) -> dict[UUID, Sharing]:
    """Return the actor's sharing by permit or shipment id."""
    reader, sharing = _own_state_reader(actor), {}
    for row in rows:
        concerns = actor.state in row.concerned
        statement = Statement(row.owner_state, concerns=concerns, is_paper=True)
        sharing[row.id] = Sharing(statement, reader)
    return sharing


def share_check(actor: Actor, asking_state: str) -> Sharing:
    """Return the actor's sharing of another state's check, as for an open record."""
    return Sharing(Statement(asking_state), actor_reader(actor))


def share_with_state(
    actor: Actor, recipient_state: str, views: Sequence[RecordView]
) -> dict[UUID, Sharing]:
    """Return another state's sharing of the actor's records, by id."""
    reader = analyst_reader(actor, recipient_state)
    return {
        view.record.id: Sharing(_record_statement(recipient_state, view), reader) for view in views
    }


def share_events(actor: Actor, events: Sequence[Any], case_number: str) -> dict[str, Sharing]:
    """Return the sharing of trace answers' events, by record key."""
    others = {event["record"] for event in events if event["state"] != actor.state}
    consents = granted_uses(actor, [UUID(key) for key in others]) if others else {}
    reader, sharing = actor_reader(actor, "investigation", case_number), {}
    for event in events:
        statement = Statement(event["state"], handling=event["handling"])
        granted = consents.get(UUID(event["record"]), ())
        sharing[event["record"]] = Sharing(statement, reader, granted)
    return sharing


def analyst_reader(actor: Actor, recipient_state: str) -> Reader:
    """Return another state's trace analyst as reader, with the actor's purpose."""
    return replace(actor_reader(actor), state=recipient_state, role="trace_analyst")


def actor_reader(
    actor: Actor, purpose: str | None = None, case_number: str | None = None
) -> Reader:
    """Return the actor as reader, for the given purpose or its own."""
    own = actor.purpose or Purpose("")
    code, case_number = purpose or own.code or None, case_number or own.case_number
    return Reader(actor.state, actor.role, today(actor), code, case_number)


def _own_state_reader(actor: Actor) -> Reader:
    """Return the actor as reader of its own state's statements."""
    return Reader(actor.state, actor.role, actor.now().date())


def _record_statement(reader_state: str | None, view: RecordView) -> Statement:
    row, setting = view.record, view.setting
    visibility, handling = (setting.visibility, setting.handling) if setting else (None, None)
    return _statement(row.owner_state, visibility, handling, reader_state in row.concerned)


def _statement(
    owner: str, visibility: str | None, handling: str | None, concerns: bool
) -> Statement:
    if visibility is None or handling is None:
        return Statement(owner, concerns=concerns)
    return Statement(owner, visibility, handling, concerns)

"""What of each record may go to one reader: the facts that `policy.release` decides by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from salsa_ext.policy.release import READ, Consent, Decision, Reader, Said, Use, decide
from salsa_ext.readmodels.consents import granted_for
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.records import RecordView
from salsa_ext.values.actor import Actor

COURT: Final = Use("court")
DEPENDING: Final = ("parties", "firms", "persons", "remarks")


@dataclass(frozen=True)
class Withheld:
    """A field group that an answer has and does not show, and the code of the reason."""

    group: str
    code: str


@dataclass(frozen=True)
class Allowed:
    """Whether a reader may do more than read, and why; `to` are the states to whom it may go on."""

    use: str
    allowed: bool
    code: str
    to: Sequence[str] = ()


@dataclass(frozen=True)
class Sharing:
    """What one reader may be given of what was said, and do with it."""

    said: Said
    reader: Reader
    consents: Sequence[Consent] = ()

    @property
    def is_own(self) -> bool:
        """Tell whether the reader's own state said it."""
        return self.said.owner == self.reader.state

    def decide(self, group: str, use: Use = READ) -> Decision:
        """Return what the release function says of one field group."""
        return decide(group, self.said, self.reader, use, self.consents)

    def may(self, group: str) -> bool:
        """Tell whether the reader is given a field group."""
        return self.decide(group).allowed

    def given(self, groups: Iterable[str]) -> list[str]:
        """Return those groups that the reader is given."""
        return [group for group in groups if self.may(group)]

    def withheld(self, groups: Iterable[str]) -> list[Withheld]:
        """Return those groups that he is not given, each with why."""
        decided = ((group, self.decide(group)) for group in groups)
        return [Withheld(group, found.code) for group, found in decided if not found.allowed]

    def uses(self) -> list[Allowed]:
        """Return what he may do beyond reading; nothing is said of his own state's words."""
        if self.is_own:
            return []
        court = self.decide("firearm", COURT)
        to = sorted({one.to for one in self.consents if one.to})
        onward = {state: self.decide("firearm", Use("onward", state)) for state in to}
        states = [state for state, found in onward.items() if found.allowed]
        said = onward[states[0]] if states else self.decide("firearm", Use("onward"))
        return [Allowed("court", court.allowed, court.code),
                Allowed("onward", said.allowed, said.code, states)]  # fmt: skip


def group_of(party_kind: str) -> str:
    """Return the field group that a party's name belongs to."""
    return "persons" if party_kind == "individual" else "firms"


def groups_of(groups: Iterable[str], view: RecordView) -> list[str]:
    """Return those groups of which a record holds something, where that depends on the record."""
    sides = (
        view.parties.get(side) for side in (view.record.giver_id, view.record.receiver_id) if side
    )
    there = {group for party in sides if party for group in ("parties", group_of(party.kind))}
    if view.record.reason:
        there.add("remarks")
    return [group for group in groups if group in there or group not in DEPENDING]


def of_records(actor: Actor, views: Sequence[RecordView]) -> dict[UUID, Sharing]:
    """Return what the actor may be given of records, by record; asks only where others own them."""
    others = [view.record.id for view in views if view.record.owner_state != actor.state]
    consents = granted_for(actor, others) if others else {}
    reader = reader_of(actor) if others else _own_reader(actor)
    return {
        view.record.id: Sharing(_said(actor.state, view), reader, consents.get(view.record.id, ()))
        for view in views
    }


def of_rows(actor: Actor, rows: Collection[Any]) -> dict[UUID, Sharing]:
    """Return the same of rows that have `id`, `owner_state`, `concerned`, and the setting's columns."""
    others = [row.id for row in rows if row.owner_state != actor.state]
    consents = granted_for(actor, others) if others else {}
    reader = reader_of(actor) if others else _own_reader(actor)
    return {
        row.id: Sharing(_said_in(actor.state, row), reader, consents.get(row.id, ()))
        for row in rows
    }


def of_papers(actor: Actor, rows: Collection[Any]) -> dict[UUID, Sharing]:
    """Return what the actor may be given of permits or shipments, which go where they concern."""
    reader = _own_reader(actor)
    return {
        row.id: Sharing(
            Said(row.owner_state, concerns=actor.state in row.concerned, is_paper=True), reader
        )
        for row in rows
    }


def of_check(actor: Actor, asking_state: str) -> Sharing:
    """Return what the actor may be given of what a state asked in a check, as of a record kept open."""
    return Sharing(Said(asking_state), reader_of(actor))


def for_state(actor: Actor, to: str, views: Sequence[RecordView]) -> dict[UUID, Sharing]:
    """Return what another state's analyst is given of the actor's records, for the actor's purpose.

    By the records alone: what a consent allows is looked at when he reads the answer.
    """
    reader = analyst_of(actor, to)
    return {view.record.id: Sharing(_said(to, view), reader) for view in views}


def analyst_of(actor: Actor, to: str) -> Reader:
    """Return another state's trace analyst as a reader, for the actor's purpose."""
    own = actor.purpose
    return Reader(to, "trace_analyst", today(actor), own.code if own else None,
                  own.case_number if own else None)  # fmt: skip


def of_events(actor: Actor, events: Sequence[Any], case_number: str) -> dict[str, Sharing]:
    """Return the same of events that states answered to a trace in a case, by record.

    What was answered was open then; consents are those that stand now.
    """
    others = {event["record"] for event in events if event["state"] != actor.state}
    consents = granted_for(actor, [UUID(key) for key in others]) if others else {}
    reader = reader_of(actor, "investigation", case_number)
    return {
        event["record"]: Sharing(Said(event["state"], handling=event["handling"]), reader,
                                 consents.get(UUID(event["record"]), ()))
        for event in events
    }  # fmt: skip


def reader_of(actor: Actor, purpose: str | None = None, case_number: str | None = None) -> Reader:
    """Return the actor as a reader, for another purpose than his own where one is given."""
    own = actor.purpose
    return Reader(actor.state, actor.role, today(actor), purpose or (own.code if own else None),
                  case_number or (own.case_number if own else None))  # fmt: skip


def _own_reader(actor: Actor) -> Reader:
    """Return the reader of his own state's words: the day, which nothing depends on, is not asked."""
    return Reader(actor.state, actor.role, actor.now().date())


def _said_in(reader: str | None, row: Any) -> Said:
    concerns = reader in row.concerned
    if row.visibility is None:
        return Said(row.owner_state, concerns=concerns)
    return Said(row.owner_state, row.visibility, row.handling, concerns)


def _said(reader: str | None, view: RecordView) -> Said:
    record, setting = view.record, view.setting
    concerns = reader in record.concerned
    if setting is None:
        return Said(record.owner_state, concerns=concerns)
    return Said(record.owner_state, setting.visibility, setting.handling, concerns)

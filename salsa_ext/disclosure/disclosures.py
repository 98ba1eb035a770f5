"""Disclosures of records, audited for owners: read for a purpose, answered, or listed in a result."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import AUTOMATIC_KEY, AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import chunks
from salsa_ext.core.codes import VISIBILITIES
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.database.session import acting_as, execute_raw
from salsa_ext.disclosure import sharing
from salsa_ext.disclosure.sharing import Sharing, present_groups
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.records.queries import RecordView, find_records
from salsa_ext.firearms.search import mark_lookup
from salsa_ext.firearms.search.mark_lookup import find_owner
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.lookups.budgets import open_lookups

FieldGroups = tuple[str, ...]
GroupsByRecord = Mapping[UUID, FieldGroups]
RECORD_GROUPS: Final = ("firearm", "event", "parties", "firms", "persons", "remarks")
"""Field groups of one record; the kind of its document is part of the event, the number is not."""
HOLDER_GROUPS: Final[FieldGroups] = ("holder",)
GROUPS_BY_VISIBILITY: Final[Mapping[str, FieldGroups]] = {
    visibility: tuple(
        group
        for group in ("holder", "likeness", "firearm", "event")
        if visibility in FINDER_VISIBILITIES[group]
    )
    for visibility in VISIBILITIES
}
"""Field groups disclosed to the finder of a record, by visibility."""
MAX_RECORDS_PER_EVENT: Final = 200
_LOGGED_RECORDS_SQL: Final = "SELECT record FROM salsa_logged_records(%s)"


def log_matched_records(
    actor: Actor,
    kind: str,
    cause_id: UUID,
    candidates: Sequence[Candidate],
    groups: GroupsByRecord,
    *,
    hidden: bool = False,
) -> None:
    """Log for each owner the records that matched, with fields shown.

    `kind` is that of the search (check, seizure, trace), `cause_id` its id. Candidates below a
    possible match are left out, as no answer shows them, except alerts, and for a trace. The own
    audit names `open` records only, and none if `hidden`.
    """
    logged = [
        each
        for each in candidates
        if kind == "trace" or each.evidence.is_possible or each.mark_hit.event == ALERT
    ]
    append_many(actor, matched_record_events(actor, kind, cause_id, logged, groups, hidden=hidden))


def log_further_matches(
    actor: Actor,
    kind: str,
    cause_id: UUID,
    candidates: Sequence[Candidate],
    *,
    hidden: bool = False,
) -> None:
    """Log for each owner the records that matched, but for those that the answer logged."""
    others = [each for each in candidates if each.mark_hit.state != actor.state]
    if not others:
        return
    logged = {record for (record,) in execute_raw(_LOGGED_RECORDS_SQL, (str(cause_id),))}
    left = [each for each in others if str(each.mark_hit.record_id) not in logged]
    log_matched_records(actor, kind, cause_id, left, {}, hidden=hidden)


def matched_record_events(
    actor: Actor,
    kind: str,
    cause_id: UUID,
    candidates: Sequence[Candidate],
    groups_by_record: GroupsByRecord,
    *,
    hidden: bool = False,
) -> list[AuditEvent]:
    """Return the audit events for owners of matched records."""
    owners: dict[tuple[str, bool, FieldGroups], list[str]] = {}
    for hit in (candidate.mark_hit for candidate in candidates):
        if hit.state != actor.state:
            is_hidden = hidden or hit.visibility != "open"
            key = (hit.state, is_hidden, groups_by_record.get(hit.record_id, ()))
            owners.setdefault(key, []).append(str(hit.record_id))
    action, events = Action.RECORD_MATCHED, []
    for (state, is_hidden, groups), records in owners.items():
        data = _finding_data(records, groups)
        events.append(AuditEvent(action, kind, cause_id, state, [state], data, hidden=is_hidden))
    return events


@dataclass(frozen=True)
class Disclosure:
    """A record with its sharing for the reader."""

    view: RecordView
    sharing: Sharing

    @property
    def is_own(self) -> bool:
        """Return whether the record belongs to the reader's state."""
        return self.sharing.is_own

    @property
    def present_groups(self) -> list[str]:
        """Return the field groups that have content in the record."""
        return present_groups(RECORD_GROUPS, self.view)

    @property
    def version(self) -> int:
        """Return the version of the record."""
        return self.view.record.version


def read_record(*, actor: Actor, record_id: UUID, as_of: datetime | None = None) -> Disclosure:
    """Return a record that the actor may see; audits the disclosure.

    Another state's record needs a purpose and a case, and must concern the actor's state or be
    open. Raises NotFound, or Invalid without a purpose.
    """
    require(actor, Permission.RECORD_READ)
    disclosed = load_record(actor, record_id, as_of)
    audit_disclosures(actor, [disclosed])
    return disclosed


def load_record(actor: Actor, record_id: UUID, as_of: datetime | None = None) -> Disclosure:
    """Return the same without audit, for commands that audit themselves; raises the same."""
    views = find_records([record_id], as_of) or _load_open_record(actor, record_id, as_of)
    if not views:
        raise NotFound("record", record_id)
    disclosed = Disclosure(views[0], sharing.share_records(actor, views)[record_id])
    if not disclosed.is_own:
        require_purpose(actor)
    return disclosed


def _load_open_record(actor: Actor, record_id: UUID, as_of: datetime | None) -> list[RecordView]:
    """Return another state's open record; raises NotFound."""
    owner = find_owner(record_id)
    # the own state's record is visible above, unless it was not recorded yet at `as_of`
    if owner is None or owner[0] == actor.state or owner[1] not in FINDER_VISIBILITIES["firearm"]:
        raise NotFound("record", record_id)
    with acting_as(actor, owner[0]):
        views = find_records([record_id], as_of)
    if views and mark_lookup.is_hidden_alert(views[0]):
        raise NotFound("record", record_id)
    return views


def require_purpose(actor: Actor) -> None:
    """Raise Invalid that names the missing header, for a missing purpose or case."""
    if actor.purpose is None or not actor.purpose.case_number:
        header = "Salsa-Case" if actor.purpose else "Salsa-Purpose"
        problem = message("Another state's record is read for a purpose and a case.")
        raise Invalid({header: [problem]})


def audit_disclosures(actor: Actor, disclosures: Iterable[Disclosure]) -> None:
    """Audit each disclosed record of another state for its owner; raises TooManyLookups."""
    others = [each for each in disclosures if not each.is_own]
    append_disclosures(
        actor,
        [record_disclosure_event(each.view, each.sharing, each.present_groups) for each in others],
    )


def append_disclosures(actor: Actor, events: Sequence[AuditEvent]) -> None:
    """Append the disclosures of one answer, a look-up if there is any; raises TooManyLookups."""
    if events:
        lookups = open_lookups(actor, 1)
        append_many(actor, [event.with_data(lookups.data) for event in events], lookups.count)


def record_disclosure_event(view: RecordView, shared: Sharing, groups: Iterable[str]) -> AuditEvent:
    """Return the owner's audit event for a disclosed record."""
    data = {
        "version": view.record.version,
        "handling": shared.statement.handling,
        "groups": shared.given(groups),
    }
    return disclosure_event(view.record.id, view.record.owner_state, data)


def answer_disclosure_event(
    view: RecordView,
    recipient_state: str,
    groups: Iterable[str],
    handling: str,
    *,
    is_automatic: bool = False,
) -> AuditEvent:
    """Return the audit event for a record sent in an answer."""
    data = {
        "version": view.record.version,
        "handling": handling,
        "groups": [*groups],
        "to": recipient_state,
        "through": "answer",
    } | ({AUTOMATIC_KEY: True} if is_automatic else {})
    event = disclosure_event(view.record.id, view.record.owner_state, data)
    return replace(event, concerned=[recipient_state])


def disclosure_event(record_id: UUID | str, owner: str, data: dict[str, Any]) -> AuditEvent:
    """Return the audit event of one disclosed record."""
    return AuditEvent(Action.RECORD_DISCLOSED, "record", record_id, owner, [owner], data)


@dataclass(frozen=True)
class RecordFinding:
    """A record disclosed to a state by a match or hit."""

    through: str
    owner: str
    record: UUID
    to: str
    groups: FieldGroups


def groups_of_candidates(candidates: Iterable[Candidate]) -> dict[UUID, FieldGroups]:
    """Return the field groups that an answer discloses, by record."""
    hits = (candidate.mark_hit for candidate in candidates)
    return {hit.record_id: GROUPS_BY_VISIBILITY[hit.visibility] for hit in hits}


def finding_events(actor: Actor, findings: Iterable[RecordFinding]) -> list[AuditEvent]:
    """Return the audit events of findings, visible to each owner alone."""
    grouped: dict[tuple[str, str, str, FieldGroups], dict[str, None]] = {}
    for finding in findings:
        key = (finding.owner, finding.to, finding.through, finding.groups)
        grouped.setdefault(key, {})[str(finding.record)] = None
    action, events = Action.RECORD_SHOWN, []
    for (owner, to, through, groups), records in sorted(grouped.items()):
        for part in chunks(records, MAX_RECORDS_PER_EVENT):
            data = _finding_data(part, groups) | {"through": through, "to": to}
            hidden = owner != actor.state
            events.append(
                AuditEvent(action, "record", part[0], owner, [owner], data, hidden=hidden)
            )
    return events


def _finding_data(records: Sequence[str], groups: FieldGroups) -> dict[str, Any]:
    """Return an event's data: record ids, and disclosed groups if any."""
    return {"records": [*records]} | ({"groups": [*groups]} if groups else {})

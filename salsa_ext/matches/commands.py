"""Propose, refresh and decide matches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.access.audit import Action, AuditEvent, append, resolve_officer
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.access.rules import require
from salsa_ext.alerts import hits, reevaluation
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, IllegalTransition, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.locks import lock
from salsa_ext.database.session import acting_as, db, execute_raw
from salsa_ext.disclosure.disclosures import GROUPS_BY_VISIBILITY, RecordFinding
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView, query_for_record, visibility_of
from salsa_ext.firearms.records.values import FIELD_EVENTS, SEIZED
from salsa_ext.firearms.search import advice, rivals
from salsa_ext.firearms.search.evidence import EQUAL_KINDS
from salsa_ext.firearms.search.search import has_exact_matches
from salsa_ext.firearms.search.values import Candidate
from salsa_ext.matches import notices as match_notices
from salsa_ext.matches import withdrawals
from salsa_ext.matches.models import Match
from salsa_ext.matches.notices import MatchChange
from salsa_ext.matches.pair_views import PairView, PreparedRecord, build_views, own_visibilities
from salsa_ext.matches.values import DecisionData

MAX_PROPOSED: Final = 10
_LINKED_SQL: Final = "SELECT id, linked_record FROM record WHERE linked_record = ANY(%s::uuid[])"
NO_DECISION: Final = dict.fromkeys(
    ("decided_by", "decided_agency", "decided_officer", "decided_at", "reason")
)
PairKey = tuple[UUID, UUID]
CandidatesByRecord = Sequence[tuple[RecordView, Sequence[Candidate]]]


@dataclass(frozen=True)
class MatchOptions:
    """How records are matched.

    `changed` are records with marks changed by a correction. `is_late`: run by the worker, which
    includes others' silent records.
    """

    changed: Collection[UUID] = ()
    is_late: bool = False


def propose_matches(actor: Actor, candidates: CandidatesByRecord, options: MatchOptions) -> None:
    """Propose each state the matches of records just written.

    Withdraws matches that a correction no longer supports, makes hits of matching alerts and ends
    hits that no longer match. Called by commands alone.
    """
    reevaluation.reevaluate(actor, [view for view, _ in candidates], in_background=options.is_late)
    hits.create_hits(actor, hits.match_records(actor, candidates), in_background=options.is_late)
    wanted = _wanted_views(actor, candidates)
    corrected = [view for view, _ in candidates if view.record.version > 1]
    supported = _view_lookup(actor, candidates, options)
    news = withdrawals.withdraw_unsupported(
        actor, corrected, wanted, supported, in_background=options.is_late
    )
    shown: list[PairView] = []
    for owner in sorted(wanted):
        with acting_as(actor, owner):  # a state's row is its own, whoever's write proposed it
            news += _store_views(actor, owner, list(wanted[owner].values()), options, shown)
    match_notices.notify_states(actor, news, _findings(shown), in_background=options.is_late)


def _findings(views: Iterable[PairView]) -> Iterator[RecordFinding]:
    """Yield disclosed records of other states; none to owners of silent ones."""
    for side in views:
        if side.other_state != side.owner and not side.is_hidden_from_other:
            groups = GROUPS_BY_VISIBILITY["open" if side.is_open else "pointer"]
            yield RecordFinding("match", side.other_state, side.other, side.owner, groups)


def _view_lookup(
    actor: Actor, found: CandidatesByRecord, options: MatchOptions
) -> withdrawals.ViewLookup:
    """Return a lookup of the view of a pair that still matches.

    An exact match removes near ones, except confirmed ones.
    """
    corrected = [(view, candidates) for view, candidates in found if view.record.version > 1]
    views = [view for view, _ in corrected]
    families = _linked_records(view.record for view in views)
    sides = withdrawals.find_supported_views(actor, views, families, in_background=options.is_late)
    settled = {view.record.id for view, candidates in corrected if _is_explained(view, candidates)}

    def find(row: Match) -> PairView | None:
        side = sides[row.owner_state].get((row.record_id, row.other_pseudonym))
        is_sure = side and side.evidence.near.kind in EQUAL_KINDS
        if side is None or is_sure or row.status == "confirmed":
            return side
        return None if {side.record, side.other} & settled else side

    return find


def _is_explained(view: RecordView, candidates: Sequence[Candidate]) -> bool:
    is_seized = view.record.event in SEIZED
    return has_exact_matches(candidates, query_for_record(view), is_seized=is_seized)


def _wanted_views(actor: Actor, found: CandidatesByRecord) -> dict[str, dict[PairKey, PairView]]:
    families = _linked_records(view.record for view, _ in found)
    hidden = own_visibilities(
        actor.own_state(), (one for _, candidates in found for one in candidates)
    )
    wanted: dict[str, dict[PairKey, PairView]] = defaultdict(dict)
    for view, candidates in found:
        family = families[view.record.id]
        others = [one for one in candidates if one.held.record_id not in family]
        for side in _best_views(view, others, hidden):
            wanted[side.owner].setdefault(side.key, side)
    return wanted


def _best_views(
    view: RecordView, candidates: Sequence[Candidate], hidden: Mapping[UUID, str]
) -> Iterator[PairView]:
    """Yield both states' views of a record's best pairs.

    At most MAX_PROPOSED, and those every list must show; in licit trade the former alone: serials
    are consecutive and files long.
    """
    if not candidates:
        return
    crowd = rivals.crowds_for_other_state(
        candidates, hidden, is_open=visibility_of(view) in FINDER_VISIBILITIES["likeness"]
    )
    said, count = PreparedRecord.by(view), 0
    stays = advice.must_be_listed if view.record.event in FIELD_EVENTS else advice.is_reported
    for one in candidates:
        if count < MAX_PROPOSED or stays(one):
            sides = list(build_views(view, one, crowd[one.held.record_id], said))
            count += bool(sides)
            yield from sides


def _linked_records(records: Iterable[Record]) -> dict[UUID, set[UUID]]:
    """Return, by record, the records certainly of the same gun."""
    roots = {record.id: record.linked_record or record.id for record in records}
    if not roots:
        return {}
    families: dict[Any, set[UUID]] = {root: {root} for root in roots.values()}
    for record_id, root in execute_raw(_LINKED_SQL, (list(families),)):
        families.setdefault(root, set()).add(record_id)
    return {record_id: families[root] | {record_id} for record_id, root in roots.items()}


def _store_views(
    actor: Actor,
    owner: str,
    sides: Sequence[PairView],
    options: MatchOptions,
    shown: list[PairView],
) -> list[MatchChange]:
    """Insert one state's new rows and refresh the others.

    Views that disclose more than before are added to `shown`.
    """
    wanted = select(Match).where(
        Match.owner_state == owner, Match.record_id.in_({side.record for side in sides})
    )
    rows = db.session.scalars(
        wanted.order_by(Match.id).with_for_update().execution_options(populate_existing=True)
    )
    standing = {(row.record_id, row.other_pseudonym): row for row in rows}
    known = [(standing[side.key], side) for side in sides if side.key in standing]
    shown += [side for side in sides if side.key not in standing]
    shown += [side for row, side in known if _shows_more(row, side)]
    again = [(row, side) for row, side in known if _refresh_match(actor, row, side, options)]
    db.session.flush()  # while the owner's rows may be written
    news = [_match_change("match_reopened", row.id, side) for row, side in again]
    return news + _insert_matches(actor, [side for side in sides if side.key not in standing])


def _insert_matches(actor: Actor, sides: Sequence[PairView]) -> list[MatchChange]:
    if not sides:
        return []
    by_key = {side.key: side for side in sorted(sides, key=lambda side: side.key)}  # never crossing
    table = cast(Table, Match.__table__)  # rows of one shape: the statement is made once for all
    columns = (table.c.id, table.c.record_id, table.c.other_key)
    once = insert(table).on_conflict_do_nothing().returning(*columns)
    made = db.session.execute(once, [_match_row(actor, side) for side in by_key.values()])
    return [
        _match_change("match_proposed", row.id, by_key[row.record_id, row.other_key])
        for row in made
    ]


def _match_change(code: str, match_id: UUID, side: PairView) -> MatchChange:
    strength = str(side.evidence.strength)
    return MatchChange(
        code, side.owner, match_id, side.record, side.other_state, strength, side.is_urgent
    )


def _match_row(actor: Actor, side: PairView) -> dict[str, Any]:
    now = actor.now()
    mine, theirs = (None, side.version) if side.is_of_other else (side.version, None)
    return (
        {
            "id": new_id(),
            "owner_state": side.owner,
            "version": 1,
            "record_id": side.record,
            "record_version": mine,
            "other_state": side.other_state,
            "other_key": side.key[1],
            "other_version": theirs,
            "status": "proposed",
            "is_standing": True,
            "proposed_at": now,
            "changed_at": now,
        }
        | NO_DECISION
        | _evidence_columns(side)
    )


def _evidence_columns(side: PairView) -> dict[str, Any]:
    evidence = side.evidence
    reasons = (
        [
            {
                "code": reason.code,
                "bits": reason.bits,
                "text": reason.text.text,
                "params": dict(reason.text.params),
            }
            for reason in evidence.reasons
        ]
        if side.is_open
        else []
    )
    return {
        "other_record": side.other if side.is_open else None,
        "score": evidence.bits,
        "strength": evidence.strength,
        "reasons": reasons,
        "is_of_crime": side.is_urgent,
    }


def _shows_more(row: Match, side: PairView) -> bool:
    """Return whether a row would show a later version or the other's id."""
    known = row.other_version if side.is_of_other else row.record_version
    return side.version > (known or 1) or (side.is_open and row.other_record is None)


def _refresh_match(actor: Actor, row: Match, side: PairView, options: MatchOptions) -> bool:
    """Update a row from its records; returns whether it is proposed again.

    A rejected match stays so until the marks of one of the two change.
    """
    written = side.other if side.is_of_other else side.record
    name = "other_version" if side.is_of_other else "record_version"
    is_first = getattr(row, name) != side.version
    setattr(row, name, side.version)
    if side.version == 1:
        return False
    is_again = not row.is_current or (
        is_first and row.status == "rejected" and written in options.changed
    )
    said = _evidence_columns(side)
    if is_again:
        said |= {"status": "proposed", "is_standing": True} | NO_DECISION
    _update_columns(actor, row, said)
    return is_again


def _update_columns(actor: Actor, row: Match, columns: Mapping[str, Any]) -> None:
    if all(getattr(row, name) == value for name, value in columns.items()):
        return
    for name, value in columns.items():
        setattr(row, name, value)
    row.version += 1
    row.changed_at = actor.now()


DECISION_VERBS: Final = {"confirmed": "confirm", "rejected": "reject"}
DECISION_ACTIONS: Final = {"confirmed": Action.MATCH_CONFIRMED, "rejected": Action.MATCH_REJECTED}


def confirm_match(
    *, actor: Actor, match_id: UUID, expected_version: int | None, data: DecisionData
) -> None:
    """Confirm for the own state that two records are of one gun.

    Their histories join. Raises NotFound, StaleVersion, IllegalTransition, or Conflict if
    withdrawn.
    """
    require(actor, Permission.MATCH_DECIDE)
    _decide(actor, match_id, expected_version, "confirmed", data)


def reject_match(
    *, actor: Actor, match_id: UUID, expected_version: int | None, data: DecisionData
) -> None:
    """Reject for the own state that two records are of one gun.

    Raises as `confirm_match`.
    """
    require(actor, Permission.MATCH_DECIDE)
    _decide(actor, match_id, expected_version, "rejected", data)


def _decide(
    actor: Actor, match_id: UUID, expected_version: int | None, status: str, data: DecisionData
) -> None:
    row = lock(Match, match_id, expected_version)
    if row.status == status:
        raise IllegalTransition("match", row.status, DECISION_VERBS[status])
    if not row.is_current:
        raise Conflict(message("A correction took this match away; the marks no longer agree."))
    row.status, row.reason = status, data.reason
    row.decided_by, row.decided_at = actor.account_id, actor.now()
    row.decided_agency, row.decided_officer = actor.agency, resolve_officer(actor)
    row.version, row.changed_at = row.version + 1, actor.now()
    db.session.flush()
    append(
        actor,
        AuditEvent(DECISION_ACTIONS[status], "match", row.id, data={"record": str(row.record_id)}),
    )

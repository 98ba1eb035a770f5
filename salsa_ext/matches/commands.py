"""Propose, refresh and decide matches."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, exists, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from salsa_ext.access.audit import AuditEvent, append, resolve_officer
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, IllegalTransition, message
from salsa_ext.core.ids import new_id, pseudonym
from salsa_ext.database.locks import lock
from salsa_ext.database.session import acting_as, db, execute_raw
from salsa_ext.disclosure.disclosures import GROUPS_BY_VISIBILITY, RecordFinding
from salsa_ext.firearms.records.event_kinds import SEIZED
from salsa_ext.firearms.records.queries import (
    RecordView,
    query_for_record,
    records_with_changed_marks,
    visibility_of,
)
from salsa_ext.firearms.search import advice, rivals
from salsa_ext.firearms.search.criteria import marks_to_search
from salsa_ext.firearms.search.evidence import EQUAL_KINDS
from salsa_ext.firearms.search.search import has_exact_matches
from salsa_ext.firearms.search.values import Candidate, MarkHit
from salsa_ext.matches import notices as match_notices
from salsa_ext.matches import withdrawals
from salsa_ext.matches.models import Match
from salsa_ext.matches.notices import MatchChange
from salsa_ext.matches.pair_views import (
    PairKey,
    PairView,
    PreparedRecord,
    build_views,
    own_visibilities,
    stored_reason,
)
from salsa_ext.matches.worths import worth_number


@dataclass(frozen=True)
class DecisionData:
    """The reason of a decision on a match; internal to the state.

    `others` are matches that are decided alike, each with the version that was read, if known.
    """

    reason: str | None = None
    reason_code: str | None = None
    others: Mapping[UUID, int | None] = field(default_factory=dict)


MAX_PROPOSED: Final = 10
_LINKED_SQL: Final = "SELECT id, linked_record FROM record WHERE linked_record = ANY(%s::uuid[])"
NO_DECISION: Final = dict.fromkeys(
    ("decided_by", "decided_agency", "decided_officer", "decided_at", "reason_code", "reason")
)
DECISIONS: Final = {
    "confirmed": ("confirm", Action.MATCH_CONFIRMED),
    "rejected": ("reject", Action.MATCH_REJECTED),
}
ComparedPair = tuple[UUID | int | None, ...]
"""A record and the pseudonym of the other one, each with the version that was compared."""
CandidatesByRecord = Sequence[tuple[RecordView, Sequence[Candidate]]]


def propose_matches(actor: Actor, candidates: CandidatesByRecord, role: str) -> None:
    """Propose each state the matches of records just written, by a person of `role`."""
    families = _linked_records([view for view, _ in candidates])
    views = _views_by_state(actor, candidates, families)
    corrected = [pair for pair in candidates if pair[0].record.version > 1]
    changes = withdrawals.withdraw_unsupported(
        actor, [view for view, _ in corrected], views, _view_lookup(actor, corrected, families)
    )
    changes += withdrawals.update_common(actor, candidates)
    marks_changed = records_with_changed_marks([view for view, _ in corrected])
    disclosed: list[PairView] = []
    for owner in sorted(views):
        with acting_as(actor, owner):  # a state owns its row, also one proposed by another's write
            changed, more = _store_views(actor, owner, list(views[owner].values()), marks_changed)
        changes += changed
        disclosed += more
    changes = _doubt_contested(actor, views, changes)
    match_notices.notify_states(actor, changes, role, _findings(disclosed))


def _findings(views: Iterable[PairView]) -> Iterator[RecordFinding]:
    """Yield disclosed records of other states; none to owners of silent ones."""
    for view in views:
        if view.other_state != view.owner and not view.is_hidden_from_other:
            groups = GROUPS_BY_VISIBILITY["open" if view.is_open else "pointer"]
            yield RecordFinding("match", view.other_state, view.other, view.owner, groups)


def _view_lookup(
    actor: Actor, corrected: CandidatesByRecord, families: Mapping[UUID, set[UUID]]
) -> withdrawals.ViewLookup:
    """Return a lookup of the view of a pair that still matches."""
    records = [view for view, _ in corrected]
    views = withdrawals.find_supported_views(actor, records, families)
    explained = {
        view.record.id for view, candidates in corrected if _is_explained(view, candidates)
    }

    def find(row: Match) -> PairView | None:
        view = views[row.owner_state].get((row.record_id, row.other_pseudonym))
        if view is None or row.status == "confirmed" or view.evidence.near.kind in EQUAL_KINDS:
            return view
        return None if {view.record, view.other} & explained else view

    return find


def _is_explained(view: RecordView, candidates: Sequence[Candidate]) -> bool:
    """Return whether all marks of a record have an exact match."""
    query, is_seized = query_for_record(view), view.search_event in SEIZED
    marks = marks_to_search(query) if candidates else ()
    return has_exact_matches(candidates, query, marks, is_seized=is_seized)


def _views_by_state(
    actor: Actor, candidates_by_record: CandidatesByRecord, families: Mapping[UUID, set[UUID]]
) -> dict[str, dict[PairKey, PairView]]:
    visibilities = own_visibilities(
        actor.own_state(), (each for _, candidates in candidates_by_record for each in candidates)
    )
    compared = _compared_pairs(actor, [record for record, likely in candidates_by_record if likely])
    views: dict[str, dict[PairKey, PairView]] = defaultdict(dict)
    for record, candidates in candidates_by_record:
        family = families[record.record.id]
        others = [each for each in candidates if each.mark_hit.record_id not in family]
        for view in _best_views(record, others, visibilities, compared):
            views[view.owner].setdefault(view.key, view)
    return views


def _compared_pairs(actor: Actor, views: Sequence[RecordView]) -> Set[ComparedPair]:
    """Return the pairs of new records that the job of the other record compared as they are now."""
    new = [view.record.id for view in views if view.record.version == 1]
    if not new:
        return frozenset()
    columns = (Match.record_id, Match.record_version, Match.other_pseudonym, Match.other_version)
    is_of_new = or_(Match.record_id.in_(new), Match.other_pseudonym.in_(map(pseudonym, new)))
    rows = db.session.execute(select(*columns).where(Match.owner_state == actor.state, is_of_new))
    return {tuple(row) for row in rows}


def _compared_pair(view: RecordView, hit: MarkHit) -> ComparedPair:
    """Return the pair as the own state stores it: two of its own as the newer one's."""
    pair = ((view.record.id, view.record.version), (hit.record_id, hit.record_version))
    if hit.state == view.record.owner_state:
        pair = max(pair), min(pair)
    (record, version), (other, other_version) = pair
    return record, version, pseudonym(other), other_version


def _best_views(
    view: RecordView,
    candidates: Sequence[Candidate],
    own: Mapping[UUID, str],
    compared: Set[ComparedPair],
) -> Iterator[PairView]:
    """Yield both states' views of a record's best pairs, without those `compared` before."""
    hits = (candidate.mark_hit for candidate in candidates)
    known = {hit.record_id for hit in hits if _compared_pair(view, hit) in compared}
    if len(known) == len(candidates):
        return
    is_open = visibility_of(view) in FINDER_VISIBILITIES["likeness"]
    crowds = rivals.crowds_for_other_state(candidates, own, is_open=is_open)
    prepared, count = PreparedRecord.by(view), 0
    for candidate in candidates:
        if candidate.mark_hit.record_id in known:
            count += 1
        elif count < MAX_PROPOSED or advice.must_be_listed(candidate):
            crowd = crowds[candidate.mark_hit.record_id]
            views = list(build_views(view, candidate, crowd, prepared))
            count += bool(views)
            yield from views


def _linked_records(views: Iterable[RecordView]) -> dict[UUID, set[UUID]]:
    """Return, by record, the records certainly of the same gun."""
    roots = {view.record.id: view.record.linked_record or view.record.id for view in views}
    if not roots:
        return {}
    families: dict[Any, set[UUID]] = {root: {root} for root in roots.values()}
    for record_id, root in execute_raw(_LINKED_SQL, (list(families),)):
        families.setdefault(root, set()).add(record_id)
    return {record_id: families[root] | {record_id} for record_id, root in roots.items()}


def _store_views(
    actor: Actor, owner: str, views: Sequence[PairView], marks_changed: Collection[UUID]
) -> tuple[list[MatchChange], list[PairView]]:
    """Insert one state's new rows and refresh the others.

    `marks_changed` are records with marks changed by a correction. Returns the changes, and the
    views that disclose more than before.
    """
    query = select(Match).where(
        Match.owner_state == owner, Match.record_id.in_({view.record for view in views})
    )
    locked = query.order_by(Match.id).with_for_update()
    rows = db.session.scalars(locked.execution_options(populate_existing=True))
    known = {(row.record_id, row.other_pseudonym): row for row in rows}
    new = {view.key: view for view in views if view.key not in known}
    disclosed, changes = [*new.values()], []
    for view in views:
        if (row := known.get(view.key)) is None:
            continue
        version = row.other_version if view.is_of_other else row.record_version
        if view.version > (version or 1) or (view.is_open and row.other_record is None):
            disclosed.append(view)
        if code := _refresh_match(actor, row, view, marks_changed):
            changes.append(_change(code, row.id, view))
    db.session.flush()  # as the owner of the rows
    if new:
        columns = (Match.id, Match.record_id, Match.other_pseudonym)
        once = insert(Match).on_conflict_do_nothing().returning(*columns)
        ordered = [_new_row(actor, new[key]) for key in sorted(new)]  # against deadlocks
        for match_id, *key in db.session.execute(once, ordered):
            view = new[key[0], key[1]]
            is_impossible = view.worth == "contradiction" and view.evidence.strength == "strong"
            code = "match_contradicted" if is_impossible else "match_proposed"
            changes.append(_change(code, match_id, view))
    return changes, disclosed


def _doubt_contested(
    actor: Actor, views: Mapping[str, Mapping[PairKey, PairView]], changes: Sequence[MatchChange]
) -> list[MatchChange]:
    """Make near marks moderate that another mark near the same record contests.

    A search compares the records of its moment; those recorded one after the other meet here. The
    other state's row follows where it may know of the rival. Returns all changes.
    """
    by_match = {change.match: change for change in changes}
    of_others: dict[str, list[tuple[UUID | None, UUID]]] = defaultdict(list)

    def lower(row: Match) -> None:
        row.strength = "moderate"
        change = by_match.get(row.id) or withdrawals.changed(actor, row, "match_changed")
        by_match[row.id] = replace(change, strength=row.strength)

    for owner in sorted(views):
        near = [view for view in views[owner].values() if view.is_near]
        with acting_as(actor, owner):
            for row, is_shared in (
                db.session.execute(_select_contested(owner, near)) if near else ()
            ):
                lower(row)
                if is_shared:
                    of_others[row.other_state].append((row.other_record, pseudonym(row.record_id)))
            db.session.flush()  # as the owner of the rows
    for owner in sorted(of_others):
        pair = tuple_(Match.record_id, Match.other_pseudonym)
        query = _select_strong(owner, Match).where(pair.in_(of_others[owner]))
        with acting_as(actor, owner):
            for row in db.session.scalars(query):
                lower(row)
            db.session.flush()
    return [*by_match.values()]


def _select_strong(owner: str, *columns: Any) -> Select[Any]:
    """Select and lock rows of near marks that wait and are strong, with more columns."""
    is_near = Match.record_mark != Match.other_mark
    waits = (Match.is_current, Match.status == "proposed", Match.strength == "strong")
    rows = select(*columns).where(Match.owner_state == owner, is_near, *waits).order_by(Match.id)
    return rows.with_for_update(of=Match).execution_options(populate_existing=True)


def _select_contested(owner: str, near: Sequence[PairView]) -> Select[Any]:
    """Select rows of near marks with a rival, each with whether another state's open record is one."""
    other = aliased(Match)
    fits = (
        other.owner_state == owner,
        other.is_current,
        other.status != "rejected",
        other.record_mark != other.other_mark,
    )
    of_record = (other.record_id == Match.record_id) & (other.other_mark != Match.other_mark)
    of_other = other.other_pseudonym == Match.other_pseudonym
    of_other &= other.record_mark != Match.record_mark
    is_shared = exists().where(*fits, of_record, other.other_state != owner)
    return _select_strong(owner, Match, is_shared).where(
        or_(
            Match.record_id.in_({view.record for view in near}),
            Match.other_pseudonym.in_({view.key[1] for view in near}),
        ),
        exists().where(*fits, or_(of_record, of_other)),
    )


def _change(code: str, match_id: UUID, view: PairView) -> MatchChange:
    return MatchChange(
        code,
        view.owner,
        match_id,
        view.record,
        view.other_state,
        str(view.evidence.strength),
        view.worth != "trade",
        view.other if view.is_of_other else view.record,
    )


def _new_row(actor: Actor, view: PairView) -> dict[str, Any]:
    versions = view.version, view.other_version
    record_version, other_version = versions[::-1] if view.is_of_other else versions
    return {
        "id": new_id(),
        "owner_state": view.owner,
        "version": 1,
        "record_id": view.record,
        "record_version": record_version,
        "other_state": view.other_state,
        "other_pseudonym": view.key[1],
        "other_version": other_version,
        "status": "proposed",
        "is_current": True,
        "proposed_at": actor.now(),
        "changed_at": actor.now(),
        **_evidence_columns(view),
    }


def _evidence_columns(view: PairView) -> dict[str, Any]:
    reasons = [*map(stored_reason, view.evidence.reasons)] if view.is_open else []
    return {
        "other_record": view.other if view.is_open else None,
        "record_mark": view.marks[0],
        "other_mark": view.marks[1] if view.is_open else None,
        "score": view.evidence.bits,
        "strength": view.evidence.strength,
        "reasons": reasons,
        "worth": worth_number(view.worth),
    }


def _refresh_match(
    actor: Actor, row: Match, view: PairView, marks_changed: Collection[UUID]
) -> str:
    """Update a row from its records; return the code of the change, empty for none."""
    written = view.other if view.is_of_other else view.record
    name = "other_version" if view.is_of_other else "record_version"
    is_first = getattr(row, name) != view.version
    setattr(row, name, view.version)
    if view.version == 1:
        return ""
    is_again = not row.is_current or (
        is_first and row.status == "rejected" and written in marks_changed
    )
    columns = _evidence_columns(view)
    if is_again:
        columns |= {"status": "proposed", "is_current": True} | NO_DECISION
    if all(getattr(row, name) == value for name, value in columns.items()):
        return ""
    for name, value in columns.items():
        setattr(row, name, value)
    row.version, row.changed_at = row.version + 1, actor.now()
    return "match_reopened" if is_again else "match_changed"


def confirm_match(
    *, actor: Actor, match_id: UUID, expected_version: int | None, data: DecisionData
) -> None:
    """Confirm for the own state that two records are of one gun; their histories join.

    With `others`, all are confirmed, or none. Raises NotFound, StaleVersion, IllegalTransition,
    Conflict if withdrawn, or if one of several is not sure.
    """
    require(actor, Permission.MATCH_DECIDE)
    for each, version in sorted({match_id: expected_version, **data.others}.items()):
        _decide(actor, each, version, "confirmed", data)


def reject_match(
    *, actor: Actor, match_id: UUID, expected_version: int | None, data: DecisionData
) -> None:
    """Reject for the own state that two records are of one gun, and all `others` alike.

    The same pair is not proposed again. Raises as `confirm_match`; then none is rejected.
    """
    require(actor, Permission.MATCH_DECIDE)
    for each, version in sorted({match_id: expected_version, **data.others}.items()):
        _decide(actor, each, version, "rejected", data)


def _decide(
    actor: Actor, match_id: UUID, expected_version: int | None, status: str, data: DecisionData
) -> None:
    row, (verb, action) = lock(Match, match_id, expected_version), DECISIONS[status]
    if row.status == status:
        raise IllegalTransition("match", row.status, verb)
    if not row.is_current:
        raise Conflict(message("A correction took this match away; the marks no longer agree."))
    if status == "confirmed" and data.others and not row.is_sure:
        raise Conflict(
            message(
                "Several are confirmed at once if serial, make and type are the same and nothing"
                " contradicts it. Judge the others one by one."
            )
        )
    row.status, row.reason, row.reason_code = status, data.reason, data.reason_code
    row.decided_by, row.decided_at = actor.account_id, actor.now()
    row.decided_agency, row.decided_officer = actor.agency, resolve_officer(actor)
    row.version, row.changed_at = row.version + 1, actor.now()
    db.session.flush()
    reason = {"reason_code": data.reason_code} if data.reason_code else {}
    about = {"record": str(row.record_id)} | reason
    append(actor, AuditEvent(action, "match", row.id, data=about))

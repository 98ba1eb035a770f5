"""Matches as they are proposed to each state, renewed and taken away, in the write that causes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert

from salsa_ext.db import as_state, ask, db
from salsa_ext.matching.events import SEIZED
from salsa_ext.matching.evidence import CERTAIN
from salsa_ext.matching.pairs import READ_AFIELD
from salsa_ext.models import Match, Record
from salsa_ext.policy.release import FOUND
from salsa_ext.readmodels import crowds
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.settling import is_settled
from salsa_ext.readmodels.sides import Side, Told, kept_back, query_of, sides_of, visibility_of
from salsa_ext.services import advice, hit_causes, hits, match_news, match_pairs, match_withdrawals
from salsa_ext.services.match_news import News
from salsa_ext.services.showings import FOUND_WITH, Showing
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id

MOST: Final = 10
_LINKED: Final = "SELECT id, linked_record FROM record WHERE linked_record = ANY(%s::uuid[])"
UNJUDGED: Final = dict.fromkeys(
    ("decided_by", "decided_agency", "decided_officer", "decided_at", "reason")
)
Key = tuple[UUID, UUID]
Found = Sequence[tuple[RecordView, Sequence[Candidate]]]


@dataclass(frozen=True)
class Look:
    """How records are looked at: `changed` are those of which a correction changed the marks.

    `is_late` is the worker's look, which sees what others keep silent too.
    """

    changed: Collection[UUID] = ()
    is_late: bool = False


def propose(actor: Actor, found: Found, look: Look) -> None:
    """Let each state know of the matches of records that were just written, once each.

    What a correction no longer supports is taken away. Alerts that were met become hits, and hits on
    those that are met no more end. Called by
    commands alone.
    """
    hit_causes.compare(actor, [view for view, _ in found], is_late=look.is_late)
    hits.make(actor, hits.of_records(actor, found), is_late=look.is_late)
    wanted = _wanted(actor, found)
    corrected = [view for view, _ in found if view.record.version > 1]
    supported = _supported(actor, found, look)
    news = match_withdrawals.lost(actor, corrected, wanted, supported, is_late=look.is_late)
    shown: list[Side] = []
    for owner in sorted(wanted):
        with as_state(actor, owner):  # a state's row is its own, whoever's write proposed it
            news += _put(actor, owner, list(wanted[owner].values()), look, shown)
    match_news.tell(actor, news, _showings(shown), is_late=look.is_late)


def _showings(shown: Iterable[Side]) -> Iterator[Showing]:
    """Yield what states are shown of others' records beside their own, but for those that they keep silent."""
    for side in shown:
        if side.other_state != side.owner and not side.is_kept:
            groups = FOUND_WITH["open" if side.is_open else "pointer"]
            yield Showing("match", side.other_state, side.other, side.owner, groups)


def _supported(actor: Actor, found: Found, look: Look) -> match_withdrawals.Supported:
    """Return what tells whether a pair that stands still is a match.

    Where a record agrees in all that is known by now, what is only near is none, unless somebody
    confirmed it.
    """
    corrected = [(view, candidates) for view, candidates in found if view.record.version > 1]
    views = [view for view, _ in corrected]
    families = _families(view.record for view in views)
    sides = match_pairs.supported(actor, views, families, is_late=look.is_late)
    settled = {view.record.id for view, candidates in corrected if _is_settled(view, candidates)}

    def find(row: Match) -> Side | None:
        side = sides[row.owner_state].get((row.record_id, row.other_key))
        is_sure = side and side.evidence.near.kind in CERTAIN
        if side is None or is_sure or row.status == "confirmed":
            return side
        return None if {side.record, side.other} & settled else side

    return find


def _is_settled(view: RecordView, candidates: Sequence[Candidate]) -> bool:
    is_seized = view.record.event in SEIZED
    return is_settled(candidates, query_of(view), is_seized=is_seized)


def _wanted(actor: Actor, found: Found) -> dict[str, dict[Key, Side]]:
    families = _families(view.record for view, _ in found)
    hidden = kept_back(actor.own_state(), (one for _, candidates in found for one in candidates))
    wanted: dict[str, dict[Key, Side]] = defaultdict(dict)
    for view, candidates in found:
        family = families[view.record.id]
        others = [one for one in candidates if one.held.record_id not in family]
        for side in _sides(view, others, hidden):
            wanted[side.owner].setdefault(side.key, side)
    return wanted


def _sides(
    view: RecordView, candidates: Sequence[Candidate], hidden: Mapping[UUID, str]
) -> Iterator[Side]:
    """Yield both sides of the best pairs of a record: so many, and those of what stays in every list.

    Of two records of the licit trade so many alone: makers number on, and files are long.
    """
    if not candidates:
        return
    crowd = crowds.told(candidates, hidden, is_open=visibility_of(view) in FOUND["likeness"])
    said, count = Told.by(view), 0
    stays = advice.stays if view.record.event in READ_AFIELD else advice.is_told
    for one in candidates:
        if count < MOST or stays(one):
            sides = list(sides_of(view, one, crowd[one.held.record_id], said))
            count += bool(sides)
            yield from sides


def _families(records: Iterable[Record]) -> dict[UUID, set[UUID]]:
    """Return for each record those that are of the same gun for certain: nobody has to confirm them."""
    roots = {record.id: record.linked_record or record.id for record in records}
    if not roots:
        return {}
    families: dict[Any, set[UUID]] = {root: {root} for root in roots.values()}
    for record_id, root in ask(_LINKED, (list(families),)):
        families.setdefault(root, set()).add(record_id)
    return {record_id: families[root] | {record_id} for record_id, root in roots.items()}


def _put(
    actor: Actor, owner: str, sides: Sequence[Side], look: Look, shown: list[Side]
) -> list[News]:
    """Insert the rows of one state that are new, and renew those that stand.

    What they show of other states' records, and did not show before, goes into `shown`.
    """
    wanted = select(Match).where(
        Match.owner_state == owner, Match.record_id.in_({side.record for side in sides})
    )
    rows = db.session.scalars(
        wanted.order_by(Match.id).with_for_update().execution_options(populate_existing=True)
    )
    standing = {(row.record_id, row.other_key): row for row in rows}
    known = [(standing[side.key], side) for side in sides if side.key in standing]
    shown += [side for side in sides if side.key not in standing]
    shown += [side for row, side in known if _shows_more(row, side)]
    again = [(row, side) for row, side in known if _renew(actor, row, side, look)]
    db.session.flush()  # while the owner's rows may be written
    news = [_news("match_reopened", row.id, side) for row, side in again]
    return news + _insert(actor, [side for side in sides if side.key not in standing])


def _insert(actor: Actor, sides: Sequence[Side]) -> list[News]:
    if not sides:
        return []
    by_key = {side.key: side for side in sorted(sides, key=lambda side: side.key)}  # never crossing
    table = cast(Table, Match.__table__)  # rows of one shape: the statement is made once for all
    columns = (table.c.id, table.c.record_id, table.c.other_key)
    once = insert(table).on_conflict_do_nothing().returning(*columns)
    made = db.session.execute(once, [_row(actor, side) for side in by_key.values()])
    return [_news("match_proposed", row.id, by_key[row.record_id, row.other_key]) for row in made]


def _news(code: str, match_id: UUID, side: Side) -> News:
    strength = str(side.evidence.strength)
    return News(code, side.owner, match_id, side.record, side.other_state, strength, side.is_urgent)


def _row(actor: Actor, side: Side) -> dict[str, Any]:
    now = actor.now()
    mine, theirs = (None, side.version) if side.is_of_other else (side.version, None)
    return {
        "id": new_id(), "owner_state": side.owner, "version": 1,
        "record_id": side.record, "record_version": mine,
        "other_state": side.other_state, "other_key": side.key[1], "other_version": theirs,
        "status": "proposed", "is_standing": True, "proposed_at": now, "changed_at": now,
    } | UNJUDGED | _said(side)  # fmt: skip


def _said(side: Side) -> dict[str, Any]:
    evidence = side.evidence
    reasons = [
        {"code": reason.code, "bits": reason.bits, "text": reason.text.text,
         "params": dict(reason.text.params)}
        for reason in evidence.reasons
    ] if side.is_open else []  # fmt: skip
    return {"other_record": side.other if side.is_open else None, "score": evidence.bits,
            "strength": evidence.strength, "reasons": reasons, "is_of_crime": side.is_urgent}  # fmt: skip


def _shows_more(row: Match, side: Side) -> bool:
    """Tell whether a row that stands shows by now what it did not: a later version, or which record it is."""
    known = row.other_version if side.is_of_other else row.record_version
    return side.version > (known or 1) or (side.is_open and row.other_record is None)


def _renew(actor: Actor, row: Match, side: Side, look: Look) -> bool:
    """Let a row say what its records say now; tells whether it has to be judged anew.

    What was rejected is so until the marks of one of the two change.
    """
    written = side.other if side.is_of_other else side.record
    name = "other_version" if side.is_of_other else "record_version"
    is_first = getattr(row, name) != side.version
    setattr(row, name, side.version)
    if side.version == 1:
        return False
    is_again = not row.is_standing or (
        is_first and row.status == "rejected" and written in look.changed
    )
    said = _said(side)
    if is_again:
        said |= {"status": "proposed", "is_standing": True} | UNJUDGED
    _change(actor, row, said)
    return is_again


def _change(actor: Actor, row: Match, said: Mapping[str, Any]) -> None:
    if all(getattr(row, name) == value for name, value in said.items()):
        return
    for name, value in said.items():
        setattr(row, name, value)
    row.version += 1
    row.changed_at = actor.now()

"""Match what was recorded or corrected: its matches, hits, and notices to owners.

One path for open and silent records alike, after the commit of the request: no answer's time
depends on silent records. Records of crime are matched by a job of their own, so that a file of
100,000 sales does not hold up a seizure. Of new records of trade, only those that may be of a gun of
crime are compared: set-wise by key, all others are not even read.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import OPERATOR_ROLE, require
from salsa_ext.alerts import hits, reevaluation
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import chunks, group_by
from salsa_ext.database.bulk import is_any_by_index
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import acting_as, db
from salsa_ext.disclosure.disclosures import log_further_matches
from salsa_ext.firearms.marks import keys as mark_keys
from salsa_ext.firearms.records.event_kinds import ALERT, SEIZED
from salsa_ext.firearms.records.models import MarkKey, Record
from salsa_ext.firearms.records.queries import RecordView, find_records, visibility_of
from salsa_ext.firearms.search import batch
from salsa_ext.jobs.changes import Change, append_changes, find_requesters
from salsa_ext.jobs.runner import ChangeJob
from salsa_ext.lookups.reviews import CanaryLookup, notify_of_canaries
from salsa_ext.matches import commands, notices, search, withdrawals
from salsa_ext.matches.commands import CandidatesByRecord
from salsa_ext.trade.receipts.models import Receipt

MAX_RECORDS: Final = 200
"""Records of crime of one transaction; a longer document goes on with a change of its own."""
MAX_TRADE_RECORDS: Final = 1_000
MATCHED_ACTIONS: Final = frozenset(
    Action[name]
    for name in (
        "ALERT_RECORDED SEIZURE_RECORDED SEIZURE_CORRECTED SEIZURE_WITHDRAWN MARK_ADDED"
        " REPORT_RECORDED REPORT_CORRECTED REPORT_WITHDRAWN TRANSFER_RECORDED TRANSFER_CORRECTED"
        " TRANSFER_WITHDRAWN SHIPMENT_RECORDED"
        " SHIPMENT_CANCELLED SHIPMENT_RETURNED RECEIPT_CONFIRMED RECEIPT_CORRECTED HIT_MADE"
    ).split()
)
"""Actions that write records or void them."""
NEW_TRADE_ACTIONS: Final = frozenset(
    (Action.TRANSFER_RECORDED, Action.SHIPMENT_RECORDED, Action.RECEIPT_CONFIRMED)
)
DOCUMENT_KINDS: Final = ("seizure", "report", "alert", "transfer")
CONTINUED: Final = "shipment_rest"
"""Kind of a change whose object is the record from which a long document goes on."""


def match_changes(actor: Actor, changes: Sequence[Change], most: int | None = None) -> int:
    """Match the records of the actor's state that changes wrote; idempotent.

    Makes hits, proposes and withdraws matches, and notifies those concerned. Returns how many
    changes it followed: the first ones that have `most` records together.
    """
    require(actor, Permission.MATCH_DECIDE)
    most = most or MAX_RECORDS
    written = [change for change in changes if change.action in MATCHED_ACTIONS]
    requesters = find_requesters(actor, written)
    of_documents = _records_of_documents(actor, written)
    records_by_cause: dict[Any, set[UUID]] = defaultdict(set)
    first: dict[Any, Change] = {}
    new_trade: set[UUID] = set()
    followed = count = 0
    for change in changes:
        if count >= most:
            break
        followed += 1
        requester = requesters.get(change.cause)
        if change.action not in MATCHED_ACTIONS or not (requester or change.kind == "record"):
            continue  # what another state did with a shipment is in its own changes
        key = requester and (requester.role, requester.agency, requester.purpose)
        first.setdefault(key, change)
        if change.kind in DOCUMENT_KINDS:
            records = of_documents[change.object_id]
        else:
            records = _changed_records(actor, change, most)
        records_by_cause[key] |= {*records}
        new_trade |= {*records} if change.action in NEW_TRADE_ACTIONS else set()
        count += len(records)
    unmet = new_trade - batch.find_trade_to_compare(new_trade, actor)
    for key, ids in records_by_cause.items():
        change = first[key]
        for some in chunks(sorted(ids - unmet), MAX_RECORDS):
            views = find_records(some)
            _match_records(change.follow_as(actor), views, requesters.get(change.cause))
    return followed


def _records_of_documents(actor: Actor, changes: Sequence[Change]) -> Mapping[UUID, Sequence[UUID]]:
    """Return the ids of own records by document, of changes of one document each."""
    documents = {change.object_id for change in changes if change.kind in DOCUMENT_KINDS}
    query = select_current(Record).with_only_columns(Record.document_id, Record.id)
    own = query.where(
        Record.owner_state == actor.state, is_any_by_index(Record.document_id, documents)
    )
    records: dict[UUID, list[UUID]] = defaultdict(list)
    for document, record in db.session.execute(own) if documents else ():
        records[document].append(record)
    return records


def _changed_records(actor: Actor, change: Change, most: int) -> Sequence[UUID]:
    """Return the current records of one change, at most `most`; the rest is a new change."""
    query = select_current(Record).with_only_columns(Record.id)
    query = query.where(Record.owner_state == actor.state)
    if change.kind == "record":
        query = query.where(Record.id == change.object_id)
    elif change.kind == CONTINUED:
        document = select(Record.document_id).where(Record.id == change.object_id).scalar_subquery()
        query = query.where(Record.document_id == document, Record.id >= change.object_id)
    else:
        receipts = select(Receipt.id).where(
            Receipt.shipment_id == change.object_id, Receipt.owner_state == actor.state
        )
        documents = {change.object_id, *db.session.scalars(receipts)}
        query = query.where(Record.document_id.in_(documents))
    ordered = query.order_by(Record.document_id, Record.id).limit(most + 1)
    records = db.session.scalars(ordered).all()
    if len(records) > most:
        following = change.follow_as(actor)
        append_changes(following, [change.state], CONTINUED, [records[most]], change.action)
    return records[:most]


def _match_records(actor: Actor, views: Sequence[RecordView], requester: Actor | None) -> None:
    """Match the records that searches find; withdraw the matches of the others."""
    role = requester.role if requester else OPERATOR_ROLE
    known = _searchable_records(views)
    void = [view for view in views if view.record.id not in known]
    current = [view for view in views if view.record.id in known]
    _withdraw_void(actor, void, role)
    by_document = group_by(current, lambda view: view.record.document_id)
    documents = {key: {view.record.id for view in views} for key, views in by_document.items()}
    excluded = {view.record.id: documents[view.record.document_id] for view in current}
    candidates = search.search_records(actor, current, excluded)
    reevaluation.reevaluate(actor, current)
    hits.create_hits(actor, hits.match_records(requester or actor, candidates), role)
    commands.propose_matches(actor, candidates, role)
    _match_again(actor, candidates)
    if requester:
        _notify_owners(requester, candidates)
        _notify_of_canaries(requester, current)


def _searchable_records(views: Sequence[RecordView]) -> Collection[UUID]:
    """Return the records that a search finds."""
    marks = (mark_keys.mark_key(mark.kind, mark.text) for view in views for mark in view.marks)
    keys = {key.value for key in marks if key}
    records = [view.record.id for view in views]
    searchable = (MarkKey.key.in_(keys), MarkKey.record_id.in_(records), ~MarkKey.is_void)
    return set(db.session.scalars(select(MarkKey.record_id).where(*searchable)))


def _withdraw_void(actor: Actor, void: Sequence[RecordView], role: str) -> None:
    """Withdraw matches and end hits of records that no search finds."""
    gone = withdrawals.withdraw_matches(actor, [view.record.id for view in void])
    notices.notify_states(actor, gone, role)
    marked = [
        view
        for view in void
        if any(mark_keys.mark_key(each.kind, each.text) for each in view.marks)
    ]
    reevaluation.end_withdrawn(actor, marked)
    reevaluation.reevaluate(actor, [view for view in void if view not in marked])


def _match_again(actor: Actor, candidates: CandidatesByRecord) -> None:
    """Have records of the same moment as a new alert matched again, which did not see it."""
    missed: dict[str, dict[UUID, None]] = defaultdict(dict)
    for view, others in candidates:
        for other in (each.mark_hit for each in others if view.record.event == ALERT):
            if other.record_id > view.record.id and other.event not in SEIZED:
                missed[other.state][other.record_id] = None
    for state in sorted(missed):
        with acting_as(actor, state):
            append_changes(actor, [state], "record", missed[state], Action.HIT_MADE)


def _notify_owners(requester: Actor, candidates: CandidatesByRecord) -> None:
    """Notify owners of records that a seizure matched; none of a silent seizure."""
    for view, others in candidates:
        if view.record.document_kind == "seizure" and visibility_of(view) != "silent":
            log_further_matches(requester, "seizure", view.record.document_id, others)


def _notify_of_canaries(requester: Actor, views: Sequence[RecordView]) -> None:
    """Notify of canaries among recorded guns, which find others' records as a check does."""
    notify_of_canaries(
        CanaryLookup(
            requester,
            view.record.document_kind,
            view.record.document_id,
            view.record.serial,
            of_owner=visibility_of(view) != "silent",
        )
        for view in views
        if view.record.serial and view.record.event in SEIZED
    )


MATCH_CRIME: Final = ChangeJob(
    "match_crime", ("seizure", "report", "alert", "record"), match_changes, batch=50
)
MATCH_TRADE: Final = ChangeJob(
    "match_trade",
    ("transfer", "shipment", CONTINUED),
    partial(match_changes, most=MAX_TRADE_RECORDS),
    batch=MAX_TRADE_RECORDS,
)

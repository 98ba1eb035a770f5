"""The audit for its readers: entries, and disclosures of one record."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Date,
    Select,
    String,
    and_,
    cast,
    exists,
    extract,
    func,
    literal,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from salsa_ext.access.audit import AUTOMATIC_KEY, CAUSE_KEY, WRITTEN_KEY, AuditEvent, append
from salsa_ext.access.audit_actions import AUTOMATIC_ACTIONS, Action
from salsa_ext.access.authentication import usernames_by_id
from salsa_ext.access.models import Account, AuditEntry, Officer
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.core.ids import parse_id
from salsa_ext.database.locks import select_current
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import NO_STATE, db
from salsa_ext.firearms.records.models import Record
from salsa_ext.lookups.budgets import CASE_UNKNOWN_KEY
from salsa_ext.reference.calendars import actor_zone, local_days, own_calendar, state_zone, today
from salsa_ext.tracing.traces.models import Trace
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.worklists import record_lookup
from salsa_ext.worklists.record_lookup import NUMBERED_MODELS, RecordReference

OF_THE_LOG: Final = (AUTOMATIC_KEY, WRITTEN_KEY)
"""Keys in the data of entries that no reader of the audit is shown."""
LOOKUPS: Final = (Action.CHECK_MADE, Action.TRACE_SENT, Action.RECORD_DISCLOSED)
"""Acts that look at records of other states."""
OFFICE_HOURS: Final = (7, 19)
"""Hours of the own state's time within which offices work."""
YEAR, TWELVE_WEEKS = 366, 84
UNITS: Final = (("day", 32), ("week", 400), ("month", 100_000))
"""Units of a chart, with the days that they are for."""
MAX_PERSONS: Final = 10
MAX_NAMED_RECORDS: Final = 5
"""Records of an entry shown with number and serial."""


@dataclass(frozen=True)
class AuditEntryView:
    """Audit entry; only the acting state sees account, officer and traces.

    `by_itself` for acts of the service, also after a person's act. `number` is that of the own
    state's document, `records` are the first of its records in the entry.
    """

    entry: AuditEntry
    account: UUID | None
    officer: str | None
    data: dict[str, Any]
    number: str | None = None
    username: str | None = None
    records: Sequence[RecordReference] = ()

    @property
    def more(self) -> int:
        """Return the number of further records."""
        return (
            max(len(self.entry.data.get("records", ())) - MAX_NAMED_RECORDS, 0)
            if self.records
            else 0
        )

    @property
    def by_itself(self) -> bool:
        """True if the service acted, not a person."""
        return AUTOMATIC_KEY in self.entry.data or self.entry.action in AUTOMATIC_ACTIONS

    @property
    def is_upon_an_act(self) -> bool:
        """True if the service acted as a consequence of a person's act."""
        return self.by_itself and self.entry.account_id is not None


def list_entries(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[AuditEntryView]:
    """Return a page of entries that concern the own state, newest first.

    `subject_id` may also be a document number or serial of own records; `username` is of an own
    account, days are those of the own state.
    """
    require(actor, Permission.AUDIT_READ)
    ids = _subject_ids(actor, filters)
    query, entry = _select_entries(actor, filters, ids)
    page = fetch_page(query, entry.id, limit, cursor)
    return page.with_items(_entry_views(actor, page.items, ids))


def _subject_ids(actor: Actor, filters: Mapping[str, Any]) -> set[str]:
    typed = filters.get("subject_id")
    return {typed, *map(str, record_lookup.find_subject_ids(actor, typed))} if typed else set()


def _select_entries(
    actor: Actor, filters: Mapping[str, Any], ids: Collection[str]
) -> tuple[Select[Any], Any]:
    query: Select[Any] = select(AuditEntry)
    entry: Any = AuditEntry
    if ids:
        query, entry = _select_by_subjects({*ids} | _batches_of(actor, ids))
    for name in ("action", "subject_kind", "owner_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(entry, name) == value)
    return query.where(*_person_and_days(actor, entry, filters)), entry


def _person_and_days(actor: Actor, entry: Any, filters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the conditions of an own account and of days of the own state."""
    if (username := filters.get("username")) is not None:
        own = Account.owner_state == actor.state, Account.username == username
        account = select(Account.id).where(*own).scalar_subquery()
        yield and_(entry.owner_state == actor.state, entry.account_id == account)
    first, last = filters.get("from_day"), filters.get("to_day")
    if first or last:
        days, state = local_days(actor), actor.state or NO_STATE
        if first:
            yield entry.at >= days.start(state, first)
        if last:
            yield entry.at < days.start(state, last + timedelta(days=1))
    if filters.get("without_case"):
        yield and_(entry.action.in_(LOOKUPS), _by_own_person(actor, entry))
        yield or_(entry.case_number.is_(None), entry.data.has_key(CASE_UNKNOWN_KEY))
    if filters.get("out_of_hours"):
        yield _by_own_person(actor, entry)
        yield from _out_of_hours(actor, entry, filters)


def _by_own_person(actor: Actor, entry: Any) -> Any:
    """Return the condition of an act of a person of the own state, not of the service."""
    return and_(
        entry.owner_state == (actor.state or NO_STATE),
        entry.account_id.is_not(None),
        ~entry.data.has_key(AUTOMATIC_KEY),
        entry.action.not_in(AUTOMATIC_ACTIONS),
    )


def _out_of_hours(actor: Actor, entry: Any, filters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the conditions of acts before or after office hours, or on a day that is not worked."""
    calendar, last = own_calendar(actor), filters.get("to_day") or today(actor)
    first = filters.get("from_day") or last - timedelta(days=YEAR)
    days = (first + timedelta(days=at) for at in range((last - first).days + 1))
    free = [day for day in days if not calendar.is_worked(day)]
    local = func.timezone(calendar.zone, entry.at)
    hour, day = extract("hour", local), cast(local, Date)
    yield or_(hour < OFFICE_HOURS[0], hour >= OFFICE_HOURS[1], day.in_(free))
    yield day.between(first, last)


@dataclass(frozen=True)
class Activity:
    """Entries counted by period, and the most by person; `unit` is day, week or month."""

    unit: str
    periods: Mapping[date, int]
    persons: Sequence[tuple[str, int]]


def count_activity(actor: Actor, filters: Mapping[str, Any]) -> Activity:
    """Count entries by periods of the own state, of the last twelve weeks if no day is given."""
    require(actor, Permission.AUDIT_READ)
    last = filters.get("to_day") or today(actor)
    first = filters.get("from_day") or last - timedelta(days=TWELVE_WEEKS - 1)
    unit = next(unit for unit, most in UNITS if (last - first).days < most)
    filters, ids = {**filters, "from_day": first, "to_day": last}, _subject_ids(actor, filters)
    query, entry = _select_entries(actor, filters, ids)
    local = func.timezone(state_zone(actor.state or NO_STATE), entry.at)
    period = cast(func.date_trunc(unit, local), Date)
    counted = query.with_only_columns(period, func.count()).group_by(period)
    counts: dict[date, int] = dict(db.session.execute(counted).all())
    days = (first + timedelta(days=at) for at in range((last - first).days + 1))
    periods = {_first_day(day, unit): 0 for day in days}
    by_account = query.where(_by_own_person(actor, entry))
    by_account = by_account.with_only_columns(entry.account_id, func.count())
    most = by_account.group_by(entry.account_id).order_by(func.count().desc()).limit(MAX_PERSONS)
    persons = db.session.execute(most).all()
    named = usernames_by_id(account for account, _ in persons)
    known = [(named[account], count) for account, count in persons if account in named]
    return Activity(unit, periods | counts, known)


def _first_day(day: date, unit: str) -> date:
    if unit == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if unit == "week" else day


def _batches_of(actor: Actor, ids: Collection[str]) -> set[str]:
    """Return the subjects of the own entries of batches that hold one of the ids."""
    own = (AuditEntry.owner_state == (actor.state or NO_STATE), AuditEntry.subject_kind == "batch")
    has_id = AuditEntry.data["ids"].has_any(literal([*ids], ARRAY(String)))
    return {*db.session.scalars(select(AuditEntry.subject_id).where(*own, has_id))}


def _select_by_subjects(ids: Collection[str]) -> tuple[Select[Any], Any]:
    """Select entries of subjects, and those that name one among the records they disclose.

    By lateral joins: with thousands of ids in one condition, PostgreSQL would scan the whole audit.
    """
    given = func.unnest(literal([*ids], ARRAY(String))).table_valued("id", name="given")
    given = given.render_derived()
    by_subject = select(AuditEntry.id).where(AuditEntry.subject_id == given.c.id).offset(0)
    of_one = by_subject.correlate(given).lateral("of_one")
    own = select(of_one.c.id).select_from(given).join(of_one, true())
    disclosed = select(func.salsa_disclosures_of_record(given.c.id)).select_from(given)
    entry_ids = union(own, disclosed).subquery("entry_ids")
    by_id = select(AuditEntry).where(AuditEntry.id == entry_ids.c.id).offset(0)
    entry = aliased(AuditEntry, by_id.correlate(entry_ids).lateral("entry"))
    return select(entry).select_from(entry_ids).join(entry, true()), entry


def _entry_views(
    actor: Actor, entries: Sequence[AuditEntry], sought: Collection[str]
) -> list[AuditEntryView]:
    officers = select(Officer.id, Officer.number).where(
        Officer.id.in_([entry.officer_id for entry in entries if entry.officer_id])
    )
    officer = {row.id: row.number for row in db.session.execute(officers)}
    record_ids = {entry.id: _record_ids(entry, sought) for entry in entries}
    described = record_lookup.describe_records(
        actor, {record_id for ids in record_ids.values() for record_id in ids}
    )
    subjects = {entry.id: (entry.subject_kind, parse_id(entry.subject_id)) for entry in entries}
    numbers = record_lookup.find_numbers(actor, subjects.values())
    views = [_entry_view(actor, entry, officer) for entry in entries]
    accounts = [key for kind, key in subjects.values() if kind == "account"]
    usernames = usernames_by_id([*(view.account for view in views), *accounts])
    return [
        replace(
            view,
            number=numbers.get(subjects[view.entry.id])
            or usernames.get(subjects[view.entry.id][1]),
            username=usernames.get(view.account),
            records=[described[key] for key in record_ids[view.entry.id] if key in described],
        )
        for view in views
    ]


def _entry_view(
    actor: Actor, entry: AuditEntry, officers: Mapping[UUID | None, str]
) -> AuditEntryView:
    if entry.owner_state == (actor.state or NO_STATE):
        return AuditEntryView(
            entry, entry.account_id, officers.get(entry.officer_id), _own_data(entry)
        )
    return AuditEntryView(entry, None, None, _without_traces(entry))


def _record_ids(entry: AuditEntry, sought: Collection[str]) -> list[UUID]:
    """Return the ids of an entry's first records, own or foreign; those sought come first."""
    first = entry.data.get("records") or [entry.data.get("record")]
    first = sorted(first, key=lambda record: record not in sought)
    listed = [
        *first[:MAX_NAMED_RECORDS],
        entry.subject_id if entry.subject_kind == "record" else None,
    ]
    ids = [parse_id(text) for text in listed if isinstance(text, str)]
    return [*dict.fromkeys(record_id for record_id in ids if record_id)]


def _own_data(entry: AuditEntry) -> dict[str, Any]:
    """Return an own entry's data; corrections omit the traces of other states."""
    if entry.action == Action.RECORD_CORRECTED:
        return _without_traces(entry)
    return {name: value for name, value in entry.data.items() if name not in OF_THE_LOG}


def _without_traces(entry: AuditEntry) -> dict[str, Any]:
    """Return the data without traces; their existence is confidential."""
    return {
        name: value
        for name, value in entry.data.items()
        if name not in ("about", CAUSE_KEY, *OF_THE_LOG)
    }


READ_CHANNEL = "reading"


@dataclass(frozen=True)
class DisclosureView:
    """Disclosure of a record from the audit, with the disclosed version."""

    entry: AuditEntry
    version: int

    @property
    def state(self) -> str:
        """Return the receiving state."""
        return str(self.entry.data.get("to", self.entry.owner_state))

    @property
    def given_by(self) -> str:
        """Return the disclosing state; another than the owner for onward use."""
        entry = self.entry
        is_passed_on = entry.data.get("through") == "form" and "to" in entry.data
        return entry.owner_state if is_passed_on else str(entry.subject_state)

    @property
    def role(self) -> str | None:
        """Return the receiving role; None if disclosed to a state."""
        return None if "to" in self.entry.data else self.entry.role

    @property
    def through(self) -> str:
        """Return the channel: reading, a query's kind, or an automatic notice."""
        if through := self.entry.data.get("through"):
            return str(through)
        is_read = self.entry.action == Action.RECORD_DISCLOSED
        return READ_CHANNEL if is_read else self.entry.subject_kind

    @property
    def is_by_itself(self) -> bool:
        """True if disclosed automatically, without a request."""
        return AUTOMATIC_KEY in self.entry.data or self.through in ("match", "hit")


def list_disclosures(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, record_id: UUID
) -> Page[DisclosureView]:
    """Return a page of a record's disclosures, newest first; raises NotFound.

    Disclosures are recorded in the transaction of the answer. Disclosures in connection with a
    silent record or alert are not listed.
    """
    require(actor, Permission.DISCLOSURE_READ)
    own = select_current(Record).where(Record.id == record_id, Record.owner_state == actor.state)
    if db.session.scalars(own).first() is None:
        raise NotFound("record", record_id)
    given = select(AuditEntry.id).where(
        AuditEntry.subject_kind == "record",
        AuditEntry.subject_id == str(record_id),
        AuditEntry.action == Action.RECORD_DISCLOSED,
    )
    entries = select(func.salsa_disclosures_of_record(str(record_id)))
    query = select(AuditEntry).where(AuditEntry.id.in_(union_all(given, entries)))
    if (to := filters.get("owner_state")) is not None:  # the reader, or the recipient
        reader = func.coalesce(AuditEntry.data["to"].astext, AuditEntry.owner_state)
        query = query.where(reader == to)
    for name in ("purpose", "case_number"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(AuditEntry, name) == value)
    page = fetch_page(query, AuditEntry.id, limit, cursor)
    return page.with_items(_disclosure_views(record_id, page.items))


def _disclosure_views(record_id: UUID, entries: Sequence[AuditEntry]) -> list[DisclosureView]:
    """Add the disclosed version, by time if the entry names none."""
    is_named = all("version" in entry.data for entry in entries)
    written = {} if is_named else _version_times(record_id)
    return [
        DisclosureView(entry, entry.data.get("version") or _version_at(written, entry.at))
        for entry in entries
    ]


def _version_times(record_id: UUID) -> Mapping[int, datetime]:
    columns = (Record.version, Record.recorded_at)
    rows = db.session.execute(select(*columns).where(Record.id == record_id))
    return {row.version: row.recorded_at for row in rows}


def _version_at(written: Mapping[int, datetime], at: datetime) -> int:
    return max((version for version, since in written.items() if since <= at), default=1)


READ_MODELS: Final[Mapping[str, Any]] = {**NUMBERED_MODELS, "trace": Trace, "record": Record}
"""Kinds of documents whose opening is audited; `record` is the history of a gun."""


SHARED_MODELS: Final = (Permit, Shipment)
"""Documents of which the own state sees only those that concern it."""
EXPORTED_KINDS: Final = frozenset(
    "account alert check consent conversation discrepancy hit lead legal_hold licensee log lookup match"
    " permit record report request seizure shipment subject_request trace transfer".split()
)
"""Kinds of lists with persons or guns: each file of them is in the audit."""


def log_export(
    actor: Actor, kind: str, form: str, rows: int, filters: Mapping[str, str | None]
) -> None:
    """Enter that a list was given as a file, with its rows and filters; typed texts are None."""
    if kind in EXPORTED_KINDS:
        data = {"format": form, "rows": rows, "filters": dict(filters)}
        append(actor, AuditEvent(Action.LIST_EXPORTED, "list", kind, data=data))


def log_reads(actor: Actor, address: Mapping[str, Any]) -> None:
    """Enter once a day that an account opened what an address names, if it is its state's.

    `address` holds the parameters of its path: `seizure_id` names a seizure.
    """
    if actor.state is None or actor.account_id is None or actor.is_automatic:
        return
    for name, key in address.items():
        kind = name.removesuffix("_id")
        if kind == name or (model := READ_MODELS.get(kind)) is None:
            continue
        now = actor.now().astimezone(ZoneInfo(actor_zone(actor)))
        own = [] if model in SHARED_MODELS else [model.owner_state == actor.state]
        is_own = exists().where(model.id == key, *own)
        is_entered = exists().where(
            AuditEntry.subject_id == str(key),
            AuditEntry.account_id == actor.account_id,
            AuditEntry.action == Action.DOCUMENT_READ,
            AuditEntry.at >= datetime.combine(now, time.min, now.tzinfo),
        )
        if db.session.scalar(select(is_own & ~is_entered)):
            append(actor, AuditEvent(Action.DOCUMENT_READ, kind, key))

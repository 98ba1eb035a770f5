"""Releases of a year's figures: begin, list and read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, IllegalTransition, Invalid, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db, wake_after_commit
from salsa_ext.releases.models import Release, ReleasedTable
from salsa_ext.releases.release_tables import TABLE_TYPES

WORKING_STATUSES: Final = ("previewing", "preparing")
"""Statuses in which a job works on a release."""
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtext('release'))")


@dataclass(frozen=True)
class ReleaseData:
    """The year of a new release, and what readers should know of it.

    `is_preview`: a person publishes it after viewing it.
    """

    year: int
    note: str | None = None
    is_preview: bool = False


@dataclass(frozen=True)
class ReleaseView:
    """A release with its tables that are done, in their order."""

    release: Release
    tables: Sequence[ReleasedTable]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.release, name)


def create_release(*, actor: Actor, data: ReleaseData) -> UUID:
    """Begin a release of an ended year; a job makes and publishes it.

    Another one of the same year corrects it. Raises Invalid for a year that has not ended, Conflict
    while one is made.
    """
    require(actor, Permission.RELEASE_CREATE)
    if data.year >= actor.now().year:
        raise Invalid({"year": [message("This year has not ended. Choose an earlier one.")]})
    _lock()
    number, release_id = next_number(data.year), new_id()
    row = {
        "id": release_id,
        "year": data.year,
        "number": number,
        "status": "previewing" if data.is_preview else "preparing",
        "note": data.note,
        "created_at": actor.now(),
        "coverage": {},
        "changes": [],
    }
    insert_many(Release, [row])
    audited = {"year": data.year, "number": number}
    append(actor, AuditEvent(Action.RELEASE_CREATED, "release", release_id, data=audited))
    wake_after_commit()
    return release_id


def publish_release(*, actor: Actor, release_id: UUID) -> None:
    """Publish a release as it was previewed; a job signs it.

    Raises NotFound, IllegalTransition for one that is not ready, Conflict if another one of the year
    was published since: what this one withholds does not follow from that.
    """
    require(actor, Permission.RELEASE_CREATE)
    _lock()
    release = _read(release_id, True).release
    if release.status != "ready":
        raise IllegalTransition("release", release.status, "publish")
    if release.number != next_number(release.year):
        text = message("Another release of the year was published since. Make a new preview.")
        raise Conflict(text)
    release.status = "preparing"
    db.session.flush()
    audited = {"year": release.year, "number": release.number}
    append(actor, AuditEvent(Action.RELEASE_CONFIRMED, "release", release_id, data=audited))
    wake_after_commit()


def _lock() -> None:
    """Let one transaction begin or publish; raises Conflict while a job works on a release."""
    db.session.execute(_LOCK)
    if db.session.scalar(select(Release.id).where(Release.status.in_(WORKING_STATUSES))):
        raise Conflict(message("A release is being made. Wait until it is done."))


def next_number(year: int) -> int:
    """Return the number of the next release of a year."""
    numbers = select(func.max(Release.number))
    newest = numbers.where(Release.year == year, Release.status == "published")
    return (db.session.scalar(newest) or 0) + 1


def list_releases(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[Release]:
    """Return a page of releases, newest first; unpublished ones for who makes them."""
    require(actor, Permission.STATISTICS_READ)
    return fetch_page(_select(_may_create(actor), filters), Release.id, limit, cursor)


def get_release(actor: Actor, release_id: UUID) -> ReleaseView:
    """Return a release with its tables; raises NotFound."""
    require(actor, Permission.STATISTICS_READ)
    return _read(release_id, _may_create(actor))


def get_table(actor: Actor, release_id: UUID, code: str) -> ReleasedTable:
    """Return a table of a release; raises NotFound."""
    require(actor, Permission.STATISTICS_READ)
    tables = get_release(actor, release_id).tables
    table = next((table for table in tables if table.code == code), None)
    if table is None:
        raise NotFound("release_table", code)
    return table


def list_published() -> list[Release]:
    """Return all published releases for anybody, newest first."""
    return [*db.session.scalars(_select(False, {}).order_by(Release.id.desc()))]


def read_published(release_id: UUID) -> ReleaseView:
    """Return a published release for anybody; raises NotFound."""
    return _read(release_id, False)


def newest_contents(code: str, first: int, last: int) -> list[tuple[int, Mapping[str, Any]]]:
    """Return a table of the newest release of each year, with the year, for anybody."""
    published = (
        select(Release.year, ReleasedTable.content)
        .join(ReleasedTable, ReleasedTable.release_id == Release.id)
        .where(Release.status == "published", ReleasedTable.code == code)
        .where(Release.year.between(first, last))
        .ext(distinct_on(Release.year))
        .order_by(Release.year, Release.number.desc())
    )
    return [(year, content) for year, content in db.session.execute(published)]


def _may_create(actor: Actor) -> bool:
    return Permission.RELEASE_CREATE in actor.permissions


def _select(with_unpublished: bool, filters: Mapping[str, Any]) -> Select[Any]:
    query = select(Release)
    if not with_unpublished:
        query = query.where(Release.status == "published")
    return query.where(Release.year == filters["year"]) if "year" in filters else query


def _read(release_id: UUID, with_unpublished: bool) -> ReleaseView:
    release = db.session.scalar(
        _select(with_unpublished, {})
        .where(Release.id == release_id)
        .execution_options(populate_existing=True)
    )
    if release is None:
        raise NotFound("release", release_id)
    order = [table.code for table in TABLE_TYPES]
    query = select(ReleasedTable).where(
        ReleasedTable.release_id == release_id, ReleasedTable.digest.is_not(None)
    )
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return ReleaseView(release, sorted(rows, key=lambda table: order.index(table.code)))

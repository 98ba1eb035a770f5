"""The job that makes releases: it freezes a year's amounts, protects table by table, and signs."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.paper_tokens import facts_digest
from salsa_ext.access.signing import current_private_key
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import NO_STATE, db
from salsa_ext.jobs.runner import DueJob
from salsa_ext.releases.models import Release, ReleasedTable
from salsa_ext.releases.release_tables import (
    NOTHING,
    TABLES_BY_CODE,
    changed_cells,
    count_year,
    read_coverage,
)
from salsa_ext.releases.releases import WORKING_STATUSES
from salsa_ext.releases.signed_releases import sign_release

log = logging.getLogger("salsa.worker")
WAIT_SECONDS: Final = 0.5
"""A round of jobs waits so long for the solver; the next one reads what takes longer."""
_SOLVER: Final = ThreadPoolExecutor(1, "release")
_SOLVED: Final[dict[tuple[UUID, str], Future[dict[str, Any]]]] = {}
"""What this process computes, by release and table."""


def make_releases(*, actor: Actor) -> int:
    """Do one step of the release that is being made; return how many steps were done.

    What a process had begun when it ended is computed again; amounts are frozen at the first step.
    """
    query = select(Release).where(Release.status.in_(WORKING_STATUSES))
    release = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if release is None:
        return 0
    tables = _read_tables(release.id)
    if not tables:
        _freeze(release)
        return 1
    table = next((each for each in tables if each.content is None), None)
    if table is None and release.status == "previewing":
        release.status = "ready"
        db.session.flush()
        return 1
    if table is None:
        _publish(actor, release, tables)
        return 1
    solved = _solve(release, table)
    if wait([solved], WAIT_SECONDS).done:
        del _SOLVED[release.id, table.code]
        if error := solved.exception():
            log.error("release failed", exc_info=error, extra={"table": table.code})
            release.status = "failed"
        else:
            table.content = solved.result()
            table.digest = facts_digest(table.content)
        db.session.flush()
    return 1


def _read_tables(release_id: UUID) -> list[ReleasedTable]:
    """Return the tables of a release in the order of their codes, with what is withheld."""
    query = select(ReleasedTable).where(ReleasedTable.release_id == release_id)
    query = query.options(undefer(ReleasedTable.amounts)).order_by(ReleasedTable.code)
    return [*db.session.scalars(query.execution_options(populate_existing=True))]


def _freeze(release: Release) -> None:
    """Store the amounts of all tables as they are now, and which states are in them."""
    amounts = count_year(release.year)
    release.coverage = read_coverage(release.year)
    keys = {"release_id": release.id}
    insert_many(
        ReleasedTable, [keys | {"code": code, "amounts": each} for code, each in amounts.items()]
    )


def _solve(release: Release, table: ReleasedTable) -> Future[dict[str, Any]]:
    """Return what is published of a table, once the solver has found it."""
    from salsa_ext.releases import protection  # its solver is large; workers alone need it

    key = release.id, table.code
    if key not in _SOLVED:
        earlier = [
            (old.amounts, old.content)
            for each in _earlier(release)
            for old in _read_tables(each.id)
            if old.code == table.code and old.content
        ]
        linked = protection.link_earlier(TABLES_BY_CODE[table.code], table.amounts, earlier)
        _SOLVED[key] = _SOLVER.submit(protection.publish, linked)
    return _SOLVED[key]


def _earlier(release: Release) -> list[Release]:
    """Return the published releases of the same year, the newest first."""
    query = select(Release).where(Release.year == release.year, Release.status == "published")
    return [*db.session.scalars(query.order_by(Release.number.desc()))]


def _publish(actor: Actor, release: Release, tables: list[ReleasedTable]) -> None:
    """Sign and publish a release, with what it changes of the one before."""
    for before in _earlier(release)[:1]:
        old: Mapping[str, Any] = {each.code: each.content for each in _read_tables(before.id)}
        release.changes = [
            change
            for table in tables
            for change in changed_cells(
                table.code, old.get(table.code) or NOTHING, table.content or {}
            )
        ]
    release.published_at = actor.now()
    release.kid, key = current_private_key(actor, NO_STATE)
    digests = {table.code: table.digest or "" for table in tables}
    release.signature = sign_release(vars(release), digests, key)
    release.status = "published"
    about = {"year": release.year, "number": release.number}
    append(actor, AuditEvent(Action.RELEASE_PUBLISHED, "release", release.id, data=about))


JOBS: Final = (DueJob("releases", timedelta(seconds=2), make_releases, by_state=False),)

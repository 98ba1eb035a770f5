"""Routes of releases of a year's figures."""

from typing import Any
from uuid import UUID

from flask import Response

from api.http import files, tables
from api.http.resource import Item, Resource
from api.schemas.figures.releases import (
    NewReleaseRequest,
    ReleaseItemResponse,
    ReleaseQuery,
    ReleaseResponse,
    ReleaseTableQuery,
    ReleaseTableResponse,
    flat_rows,
    write_release,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.releases import releases

RELEASE = "/releases/<uuid:release_id>"
READ = Permission.STATISTICS_READ

blueprint = Resource(
    "releases",
    "Releases of a year's figures of all states: frozen, signed, safe to publish",
    Item(ReleaseResponse, releases.get_release),
)
blueprint.listing("/releases", ReleaseQuery, ReleaseItemResponse, releases.list_releases, READ)
blueprint.action(
    "/releases",
    NewReleaseRequest,
    releases.create_release,
    Permission.RELEASE_CREATE,
    "Make a release of an ended year; another one of the year corrects it.",
    name="create_release",
    location="/releases/{id}",
)
blueprint.action(
    f"{RELEASE}/publish",
    None,
    releases.publish_release,
    Permission.RELEASE_CREATE,
    "Publish a release that was previewed.",
)
blueprint.reading(RELEASE, ReleaseResponse, releases.get_release, READ)


def get_release_table(actor: Actor, release_id: UUID, table: str, format: str | None = None) -> Any:
    """Return a table of a release."""
    released = releases.get_table(actor, release_id, table)
    form = tables.requested_format(format)
    rows = flat_rows(released.content or {})
    return tables.table_response(rows, form, table) if form else released


def get_release_workbook(actor: Actor, release_id: UUID) -> Response:
    """Return a release as a workbook: notes, coverage, changes and tables."""
    release = releases.get_release(actor, release_id)
    name = f"figures-{release.year}-{release.number}.xlsx"
    return files.send_attachment(write_release(release), tables.XLSX_TYPE, name)


blueprint.reading(
    f"{RELEASE}/tables/<slug:table>",
    ReleaseTableResponse,
    get_release_table,
    READ,
    ReleaseTableQuery,
    media_types=("text/csv", tables.XLSX_TYPE),
)
blueprint.reading(
    f"{RELEASE}/workbook", None, get_release_workbook, READ, media_types=(tables.XLSX_TYPE,)
)

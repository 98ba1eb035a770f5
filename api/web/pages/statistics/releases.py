"""Releases of a year's figures: anybody reads those that are published, the secretariat makes them."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from flask import Response, abort, current_app, g, render_template, request

from api.http import files, tables
from api.http.auth import authenticate_page
from api.http.context import transaction
from api.schemas.figures import releases as release_files
from api.schemas.figures.releases import NewReleaseRequest, ReleaseResponse
from api.sdmx.dataflows import DATAFLOWS, list_cells
from api.sdmx.structures import DATA_XML, write_data
from api.web.access import login_required, prepare_frame
from api.web.document_actions import Action, Subject, available_actions
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.pages.statistics.pictures import released_pictures
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import visitor
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.releases import releases
from salsa_ext.releases.release_tables import TABLE_TYPES
from salsa_ext.releases.releases import ReleaseView

MAX_LISTED: Final = 200
MAX_CHANGES: Final = 50
"""Changed cells on the page; the files have all."""
FIELDS: Final = (
    Field("year", message("Year"), "number", required=True),
    Field(
        "note",
        message("Note for readers"),
        "area",
        max_length=2000,
        hint=message("Everybody reads it, in these words."),
    ),
)


@account_pages.get("/releases")
def release_list() -> str:
    """List releases, newest first: published ones for anybody."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        prepare_frame(g.actor)
        maker = _maker()
        rows = (
            releases.list_releases(maker, {}, MAX_LISTED, None).items
            if maker
            else releases.list_published()
        )
        return render_template(
            "account/release_list.html", trail=PAGES.parents, rows=rows, is_maker=bool(maker)
        )


@account_pages.get("/releases/<uuid:release_id>")
def release_page(release_id: UUID) -> Any:
    """Show a release with its tables, or return a file of it."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        prepare_frame(g.actor)
        maker = _maker()
        release = (
            releases.get_release(maker, release_id)
            if maker
            else releases.read_published(release_id)
        )
        if form := request.args.get("format"):
            return _file(release, form, request.args.get("table"))
        subject = PAGES.find(maker, release_id) if maker else None
        is_ready = release.status == "ready"
        return render_template(
            "account/release.html",
            trail=PAGES.trail,
            view=release,
            subject=subject,
            actions=available_actions(ACTIONS, maker, subject) if maker and subject else [],
            is_working=release.status in releases.WORKING_STATUSES,
            progress=len(release.tables),
            pictures=released_pictures(release) if is_ready or release.published_at else (),
            texts=release_files,
            table_count=len(TABLE_TYPES),
            max_changes=MAX_CHANGES,
        )


@account_pages.get("/releases/<uuid:release_id>/live")
@login_required
def release_news(actor: Actor, release_id: UUID) -> Response:
    """Answer 200 once more is done than the page shows, else 204 at once."""
    release = releases.get_release(actor, release_id)
    if f"{release.status}-{len(release.tables)}" != request.args.get("version"):
        return Response(status=200)
    return Response(status=204, headers={"Retry-After": "2"})


def _maker() -> Actor | None:
    """Return who is signed in, if it makes releases: it sees those that are not published."""
    actor: Actor | None = g.actor
    return actor if actor and Permission.RELEASE_CREATE in actor.permissions else None


def _file(release: ReleaseView, form: str, code: str | None) -> Response:
    """Return a published release, or one of its tables, as file."""
    if release.status != "published":
        abort(404)
    name = f"figures-{release.year}-{release.number}"
    if code is not None and form in ("csv", "xlsx", "sdmx"):
        table = next((each for each in release.tables if each.code == code), None) or abort(404)
        if form == "sdmx":
            flow = DATAFLOWS[f"RELEASE_{code.upper()}"]
            cells = [*list_cells(flow, release.year, table.content or {})]
            content = write_data(flow, cells, release.published_at)
            return files.send_attachment(content, DATA_XML, f"{name}-{code}.xml")
        rows = release_files.flat_rows(table.content or {})
        return tables.table_response(rows, form, f"{name}-{code}")
    if code is not None or form not in ("json", "xlsx"):
        abort(404)
    if form == "xlsx":
        content = release_files.write_release(release)
        return files.send_attachment(content, tables.XLSX_TYPE, f"{name}.xlsx")
    content = current_app.json.dumps(ReleaseResponse().dump(release)).encode()
    return files.send_attachment(content, "application/json", f"{name}.json")


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    return {"form": form or Form({"year": str(actor.now().year - 1)}), "fields": FIELDS}


def _create(actor: Actor, form: Form) -> str:
    data = replace(form.load(NewReleaseRequest()), is_preview=True)
    return PAGES.address(releases.create_release(actor=actor, data=data))


def _find(actor: Actor, release_id: UUID) -> Subject:
    view = releases.get_release(actor, release_id)
    return Subject(view, release_files.release_title(view), actor.state, view.status)


ACTIONS: Final = (
    Action(
        "publish",
        message("Publish"),
        message(
            "Everybody reads it from then on, and it stays as it is. A correction is a new release."
        ),
        None,
        releases.publish_release,
        Permission.RELEASE_CREATE,
        ("ready",),
        is_versioned=False,
        is_main=True,
    ),
)
PAGES: Final = DocumentPages(
    account_pages,
    "release",
    "/releases",
    message("Published figures of all states"),
    _find,
    ACTIONS,
)
PAGES.add_form(Permission.RELEASE_CREATE, _show_form, _create)

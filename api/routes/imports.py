"""Routes of imports of files, and of their profiles."""

import csv
import hashlib
import io
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from flask import Response, request

from api.http.files import MAX_BODY, Upload, send_attachment
from api.http.resource import Item, Resource
from api.http.tables import CSV_TYPE, escape_formula
from api.i18n.messages import translate
from api.import_jobs import import_store
from api.import_profiles import find_profile, map_import, require_documents, store_profile
from api.schemas.imports import (
    ImportMappingRequest,
    ImportProfileRequest,
    ImportProfileResponse,
    ImportProfilesResponse,
    ImportQuery,
    ImportRequest,
    ImportResponse,
)
from importers.profiles import Profile, from_data, shipped_profiles, to_data
from importers.reading.sealed_files import sealed_file
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import imports
from salsa_ext.administration.imports import ImportData
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.database.paging import Page

RUN: Final = Permission.IMPORT_RUN
PATH: Final = "/imports/<uuid:import_id>"
FILE: Final = "A table: CSV, TSV, XLSX, XLS, ODS, JSON lines, or a zip of one. At most 64 MiB."
blueprint = Resource(
    "imports", "Files of any layout that become documents", Item(ImportResponse, imports.read_run)
)
profiles_blueprint = Resource("import-profiles", "What the columns of a source of files mean")


def list_imports(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Any]:
    """Return a page of your state's imports, newest first."""
    return imports.list_runs(actor=actor, filters=filters, limit=limit, cursor=cursor)


def get_import(actor: Actor, import_id: UUID) -> Any:
    """Return an import with its progress, and what its rows became."""
    return imports.read_run(actor, import_id)


def get_import_rejects(actor: Actor, import_id: UUID) -> Response:
    """Return the refused rows as CSV in their own columns, with the reasons behind them."""
    content = "".join(rejects_csv(actor, import_id)).encode("utf-8-sig")
    return send_attachment(content, CSV_TYPE, f"rejects-{import_id}.csv")


def get_import_skipped(actor: Actor, import_id: UUID) -> Response:
    """Return the rows that were left out as CSV in their own columns, with the reasons."""
    lines = rejects_csv(actor, import_id, is_skipped=True)
    return send_attachment("".join(lines).encode("utf-8-sig"), CSV_TYPE, f"skipped-{import_id}.csv")


def rejects_csv(actor: Actor, import_id: UUID, *, is_skipped: bool = False) -> Iterator[str]:
    """Yield the lines of the file of refused or skipped rows, in the reader's language."""
    columns: list[str] = []
    for reject in imports.read_rejects(actor, import_id, is_skipped=is_skipped):
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter="," if actor.language == "en" else ";")
        if not columns:
            columns = [escape_formula(cell["column"]) for cell in reject.cells]
            writer.writerow([*columns, "row", "reason"])
        reasons = "; ".join(
            f"{each['column']}: {translate(each)}".removeprefix(": ") for each in reject.problems
        )
        cells = [escape_formula(cell["text"]) for cell in reject.cells]
        writer.writerow([*cells, reject.content["row"], escape_formula(reasons)])
        yield buffer.getvalue()


blueprint.listing("/imports", ImportQuery, ImportResponse, list_imports, RUN)
blueprint.reading(PATH, ImportResponse, get_import, RUN)
blueprint.reading(f"{PATH}/rejects", None, get_import_rejects, RUN, media_types=("text/csv",))
blueprint.reading(f"{PATH}/skipped", None, get_import_skipped, RUN, media_types=("text/csv",))


@blueprint.posting(
    "/imports",
    ImportRequest,
    ImportResponse,
    RUN,
    location="/imports/{id}",
    upload=Upload(MAX_BODY, FILE, lambda received, account: None),
)
def create_import(actor: Actor, data: dict[str, Any], received: bytes, content: None) -> Any:
    """Upload a file to be checked by a profile; nothing is loaded before you confirm it."""
    profile = find_profile(actor, data["profile"])
    require_documents(actor, profile)
    run_id = new_id()
    with sealed_file(import_store(), run_id, received):
        begin_import(actor, run_id, profile, received, "judging")
    return imports.read_run(actor, run_id)


def begin_import(
    actor: Actor, run_id: UUID, profile: Profile, received: bytes, status: str
) -> None:
    """Begin the run of a sealed file of the request; raises Forbidden for what one may not record."""
    needed = require_documents(actor, profile)
    file_name = (request.files["file"].filename or "file")[:200] if request.files else "file"
    digest = hashlib.sha256(received).digest()
    run = ImportData(profile.name, to_data(profile), file_name, digest, status, run_id, needed)
    imports.begin_run(actor=actor, data=run)


blueprint.action(
    f"{PATH}/confirm",
    None,
    imports.confirm_run,
    RUN,
    "Load a file that was checked; what is right becomes documents.",
)
blueprint.action(
    f"{PATH}/map",
    ImportMappingRequest,
    map_import,
    RUN,
    "Say what texts without a code mean; the file is checked again, and the profile holds it.",
)
blueprint.action(
    f"{PATH}/undo",
    None,
    imports.begin_undo,
    RUN,
    "Withdraw what an import loaded, unless it was worked on since.",
)


def list_import_profiles(actor: Actor) -> dict[str, Any]:
    """Return the profiles of your state, and those that come with the program."""
    stored = imports.stored_profiles(actor)
    own = [{"name": name, "shipped": False, "definition": data} for name, data in stored.items()]
    others = [
        {"name": name, "shipped": True, "definition": to_data(profile)}
        for name, profile in shipped_profiles().items()
        if name not in stored
    ]
    return {"items": own + others}


profiles_blueprint.reading("/import-profiles", ImportProfilesResponse, list_import_profiles, RUN)


@profiles_blueprint.posting("/import-profiles", ImportProfileRequest, ImportProfileResponse, RUN)
def create_import_profile(actor: Actor, data: dict[str, Any]) -> dict[str, Any]:
    """Store a profile of your state, in the place of your own of that name."""
    profile = from_data(data["definition"])
    definition = store_profile(actor, profile)
    return {"name": profile.name, "shipped": False, "definition": definition}

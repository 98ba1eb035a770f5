"""Imports of files in tests."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from api.schemas.imports import read_imported
from importers.judgement import Judgement
from importers.load import Import
from importers.profiles import Profile, from_data, to_data
from importers.reading.tables import file_digest
from salsa_ext.administration import imports
from salsa_ext.administration.imports import ImportData
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import transaction
from tests.support.actors import Client


def importing(path: Path, profile: Profile, actor: Actor) -> Import:
    """Return an import of a file."""
    return Import(profile, lambda: path, actor, read_imported)


def begin(work: Import, path: Path) -> UUID:
    """Begin a run, or one that was interrupted again."""
    data = ImportData(work.profile.name, to_data(work.profile), path.name, file_digest(path))
    with transaction(work.actor):
        return imports.begin_run(actor=work.actor, data=data)


def import_file(path: Path, profile: Profile, actor: Actor) -> Judgement:
    """Load a file as a run of its own."""
    work = importing(path, profile, actor)
    return work.load(begin(work, path))


def seizure_profile(**changes: Any) -> Profile:
    """Return a profile of seizures: case, day, serial, make, calibre, kind of gun and town."""
    mapping = {
        "subject": "seizures",
        "number": "{case}",
        "group": True,
        "constants": {"kind": "seized", "agency": "BRA-POLICE"},
        "fields": {
            "occurred_on": "day",
            "items.serial": "serial",
            "items.make": "make",
            "items.calibre": "calibre",
            "items.type": "type",
            "place.name": "town",
        },
    }
    return from_data({"name": "armoury", "documents": [mapping]} | changes)


def upload_file(client: Client, content: bytes, profile: str = "armoury") -> str:
    """Upload a file over HTTP to be checked; return the id of the import."""
    answer = send_file(client, content, profile)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def send_file(client: Client, content: bytes, profile: str = "armoury") -> Any:
    """Return the answer to an upload over HTTP."""
    parts = {
        "document": json.dumps({"profile": profile}),
        "file": (io.BytesIO(content), "guns.csv"),
    }
    return client.client.post(
        "/api/v1/imports",
        data=parts,
        content_type="multipart/form-data",
        headers={"Authorization": f"Bearer {client.token}"},
    )


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write rows as CSV."""
    path.write_text("\n".join(",".join(row) for row in rows), "utf-8")
    return path

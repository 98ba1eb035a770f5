"""Photographs, documents and laboratory reports, from the server's own machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import click
from marshmallow import ValidationError

from api.cli.context import acting, explained, recording
from api.cli.options import Line, own_state_option
from api.cli.printing import echo_page, echo_table, json_option, limit_option
from api.cli.readers import reader_options, reading_as
from api.schemas.attachments import AttachmentResponse, SubjectField
from salsa_ext.readmodels import attachments as reading
from salsa_ext.readmodels.attachments import Attachment, AttachmentView
from salsa_ext.services import attachments, contents
from salsa_ext.values.attachments import AttachmentData, Subject
from salsa_ext.values.changes import Decision
from salsa_ext.values.codes import ATTACHMENT_KINDS, HANDLING_CODES

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
id_argument = click.argument("attachment_id", metavar="ID", type=click.UUID)


class SubjectType(click.ParamType):
    """An object of the service; what is wrong with it is said as over HTTP."""

    name = "subject"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the kind and the id; a usage error where it is no such thing."""
        if isinstance(value, Subject):
            return value
        try:
            return SubjectField().deserialize(value)
        except ValidationError as error:
            return self.fail(str(error.messages[0]), param, ctx)


subject_option = click.option(
    "--to", "subject", required=True, type=SubjectType(), metavar="KIND:ID",
    help="Such as seizure:0199f2c0-…; an item is its record.",
)  # fmt: skip


@click.group()
def attach() -> None:
    """Attach files to seizures, records, permits, shipments and other objects."""


@attach.command()
@own_state_option
@subject_option
@click.option("--kind", required=True, type=click.Choice(ATTACHMENT_KINDS))
@click.option("--title", type=Line(200))
@click.option("--handling", default="H1", show_default=True, type=click.Choice(HANDLING_CODES),
              help="What H2 and H3 say stays in the state.")  # fmt: skip
@reader_options
@click.argument("path", metavar="FILE", type=FILE)
@explained
def add(
    state: str, subject: Subject, kind: str, title: str | None, handling: str, agency: str,
    officer: str | None, path: Path,
) -> None:  # fmt: skip
    """Attach a JPEG, PNG or WebP, made anew without what the camera wrote beside it, or a PDF.

    \b
    Example:
      salsa attach add --state BRA --agency BRA-FORENSIC --kind photograph \\
        --to seizure:0199f2c0-0000-7000-8000-000000000000 frame.jpg
    """
    data, received = AttachmentData(subject, kind, title, handling), path.read_bytes()
    kept = contents.take(received)
    with recording(state) as operator:
        actor = reading_as(operator, agency, officer)
        added = attachments.add(actor=actor, data=data, received=received, kept=kept)
        _print(reading.read(added))


@attach.command("list")
@own_state_option
@subject_option
@limit_option
@json_option
@explained
def list_all(state: str, subject: Subject, limit: int, as_json: bool) -> None:
    """List what the state attached to an object, newest first.

    \b
    Example:
      salsa attach list --state BRA --to seizure:0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        page = attachments.list_of(
            actor=actor, subject=subject, kind=None, limit=limit, cursor=None
        )
        echo_page(AttachmentResponse(), page, _row, as_json=as_json)


@attach.command()
@own_state_option
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="Where the file goes.")  # fmt: skip
@id_argument
@explained
def save(state: str, output: Path, attachment_id: UUID) -> None:
    """Save what an attachment holds as a file.

    \b
    Example:
      salsa attach save --state BRA -o frame.jpg 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        row, content = attachments.hand_out(actor=actor, attachment_id=attachment_id)
        said = f"{output}: {row.media_type}, SHA-256 {row.kept_sha256.hex()}"
    try:
        output.write_bytes(content.data)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None
    click.echo(said)


@attach.command()
@own_state_option
@click.option("--reason", required=True, type=Line(500))
@id_argument
@explained
def withdraw(state: str, reason: str, attachment_id: UUID) -> None:
    """Hand an attachment out no more; it is not deleted.

    \b
    Example:
      salsa attach withdraw --state BRA --reason "Shows another gun" \\
        0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        attachments.withdraw(
            actor=actor, attachment_id=attachment_id, seen=None, data=Decision(reason)
        )
    click.echo(f"{attachment_id} is withdrawn.")


def _row(view: AttachmentView) -> tuple[Any, ...]:
    row = view.row
    status = "withdrawn" if row.withdrawn_at else "stands"
    title = row.title if view.sharing.may("remarks") else None
    return row.id, row.kind, row.media_type, row.size, row.handling, status, title


def _print(row: Attachment) -> None:
    sides = f", {row.width} x {row.height} pixels" if row.width else ""
    echo_table([
        ("attachment", row.id), ("subject", f"{row.subject_kind}:{row.subject_id}"),
        ("kept as", f"{row.media_type}, {row.size} bytes{sides}"), ("handling", row.handling),
        ("SHA-256 received", row.received_sha256.hex()), ("SHA-256 kept", row.kept_sha256.hex()),
    ])  # fmt: skip

"""The report of a trace and the forms for other channels, written and checked on the server's own machine."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import Number, own_state_option
from api.papers import reports, trace_forms
from api.resources.traces import form_of
from salsa_ext.services import trace_reports
from salsa_ext.values.codes import LANGUAGES

FILE = click.Path(dir_okay=False, path_type=Path)
id_argument = click.argument("trace_id", metavar="ID", type=Number())


@click.command()
@own_state_option
@click.option("-o", "--output", type=FILE, help="Where the PDF goes.")
@click.option("--verify", "printed", type=FILE, help="A report to be checked, as a file.")
@click.option("--sha256", metavar="HASH", help="The hash that stands on a report to be checked.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@id_argument
@explained
def report(
    state: str, trace_id: UUID, output: Path | None, printed: Path | None, sha256: str | None,
    language: str,
) -> None:  # fmt: skip
    """Write the report of a trace as a PDF, or check one: whether the audit knows it.

    \b
    Examples:
      salsa trace report --state BRA -o trace.pdf 0199f2c0-0000-7000-8000-000000000000
      salsa trace report --state BRA --verify trace.pdf 0199f2c0-0000-7000-8000-000000000000
    """
    if sum(one is not None for one in (output, printed, sha256)) != 1:
        raise click.UsageError("Give one of --output, --verify and --sha256.")
    if output is not None:
        _write_report(state, trace_id, output, language)
        return
    hashed = sha256 or hashlib.sha256(_content(printed)).hexdigest()
    with acting(state) as actor:
        found = trace_reports.verify(actor=actor, trace_id=trace_id, sha256=hashed)
    if not found.known:
        raise click.ClickException("The audit knows no such report of this trace.")
    click.echo(f"The audit knows this {found.of}: made at {found.made_at:%Y-%m-%d %H:%M} UTC.")


def _write_report(state: str, trace_id: UUID, output: Path, language: str) -> None:
    with acting(state) as own:
        actor = replace(own, language=language)
        compiled = trace_reports.compile_report(actor=actor, trace_id=trace_id)
        made = reports.render(compiled, language, actor.now())
        trace_reports.write_down(actor=actor, report=compiled, content=made.content, file=made.file)
        _write(output, made.body)
    click.echo(f"{output}: SHA-256 of what it says {made.content}")


@click.command()
@own_state_option
@click.option("--leg", "leg_id", required=True, type=click.UUID, help="Which asked state.")
@click.option("-o", "--output", required=True, type=FILE,
              help="Where it goes: .pdf to send, .csv or .json for the fields of ATF F 3312.1.")  # fmt: skip
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@id_argument
@explained
def form(state: str, trace_id: UUID, leg_id: UUID, output: Path, language: str) -> None:
    """Fill in the form by which a state that takes no part is asked.

    \b
    Examples:
      salsa trace form --state BRA --leg 0199f2c0-0000-7000-8000-000000000001 -o usa.pdf \\
        0199f2c0-0000-7000-8000-000000000000
      salsa trace form --state BRA --leg 0199f2c0-0000-7000-8000-000000000001 -o usa.csv \\
        0199f2c0-0000-7000-8000-000000000000
    """
    kind = output.suffix.removeprefix(".").lower()
    if kind not in trace_forms.KINDS:
        raise click.UsageError("The name of the file ends in .pdf, .csv or .json.")
    with acting(state) as own:
        made = form_of(replace(own, language=language), trace_id, leg_id, kind)
        _write(output, made.body)
    click.echo(f"{output}: SHA-256 {made.sha256}")


def _write(output: Path, body: bytes) -> None:
    try:
        output.write_bytes(body)
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None


def _content(file: Path | None) -> bytes:
    try:
        return file.read_bytes() if file else b""
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None

"""Import of files into the records of a state."""

import csv
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from api.cli.context import STATE, application, explained
from api.http.context import current_vault, transaction
from api.http.tables import escape_formula
from api.i18n.messages import translate
from api.import_jobs import read_pace
from api.import_profiles import add_meanings, draft, find_profile, store_profile
from api.routes.imports import rejects_csv
from api.schemas.imports import field_labels, read_imported
from importers.judgement import Judgement, report_data
from importers.load import Import, check_volume, undo_steps
from importers.profiles import Profile, from_toml, name_of_file, shipped_profiles, to_data, to_toml
from importers.reading.tables import file_digest, open_table
from importers.readings import GUN_FIELDS, listed_readings
from importers.subjects import SUBJECTS, is_required, targets
from importers.templates import write_templates
from salsa_ext.access.rules import operator
from salsa_ext.administration import imports, migrations
from salsa_ext.administration.imports import ImportData
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.reference.names import require_participant

MAX_PRINTED = 20


@click.group("import")
def import_() -> None:
    """Import a file of any layout: `salsa import FILE --profile NAME`.

    The same file may come twice: what is there already stays, what it corrects is a new version.
    """


def _writable(context: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that cannot be written before hours of work go into what it would hold."""
    if path is not None:
        try:
            path.open("a").close()
        except OSError as error:
            reason = f"{path} cannot be written: {error.strerror}"
            raise click.BadParameter(reason, context, option) from None
    return path


state_option = click.option(
    "--state", metavar="ISO", type=STATE, help="Whose records these become; the profile may say it."
)


@import_.command("load")
@click.argument(
    "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@click.option("--profile", "profile_name", metavar="NAME", help="A profile's name or TOML file.")
@state_option
@click.option("--dry-run", is_flag=True, help="Judge every row and load none.")
@click.option("--guess", is_flag=True, help="Print a profile drafted from the file.")
@click.option("--subject", type=click.Choice([*SUBJECTS]), help="What the rows of a guess are.")
@click.option(
    "--undo", "undone", type=click.UUID, metavar="RUN", help="Withdraw what a run loaded."
)
@click.option(
    "--rejects",
    "rejects_file",
    metavar="FILE",
    help="Write every refused row to a CSV, to be mended and loaded.",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_writable,
)
@click.option(
    "--skipped",
    "skipped_file",
    metavar="FILE",
    help="Write every row that was left out to a CSV, with the reason.",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_writable,
)
@click.option(
    "--unknown",
    "unknown_file",
    metavar="FILE",
    help="Write the texts without a code to a CSV, to say what they mean.",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_writable,
)
@explained
def load(
    path: Path | None,
    profile_name: str | None,
    state: str | None,
    dry_run: bool,
    guess: bool,
    subject: str | None,
    undone: UUID | None,
    rejects_file: Path | None,
    skipped_file: Path | None,
    unknown_file: Path | None,
) -> None:
    """Load a file by a profile.

    \b
    Examples:
      salsa import guns.xlsx --guess --state PRY > armoury.toml
      salsa import guns.xlsx --profile armory.toml --state PRY --dry-run
      salsa import guns.xlsx --profile armory.toml --state PRY --rejects rejects.csv
      salsa import --undo 0198c1d2-… --state PRY
    """
    if undone is not None:
        with _acting(state) as actor:
            done = sum(undo_steps(actor, undone, "The import was undone."))
        click.echo(f"{done} documents withdrawn")
        return
    if path is not None and guess:
        _guess(path, state, subject)
        return
    if path is None or profile_name is None:
        raise click.UsageError("Name a file and --profile.")
    with application():
        profile = _find_profile(profile_name, state)
        actor = _actor(state or profile.state or None)
        work = Import(profile, lambda: path, actor, read_imported, _show_progress)
        if dry_run or profile.has_bounds():
            judgement = work.judge()
            if dry_run:
                _show(judgement, unknown_file)
            check_volume(profile, judgement)
        if not dry_run:
            _load(work, path, rejects_file, skipped_file, unknown_file)


def _guess(path: Path, state: str | None, subject: str | None) -> None:
    """Print a draft of a profile, with what is known of each column as comments."""
    with (
        _acting(state) as actor,
        transaction(actor),
        open_table(path, sheets=["*"], asides=True) as table,
    ):
        guessed = draft(actor, table, name_of_file(path.stem), [subject] if subject else SUBJECTS)
    where = [f"sheets {', '.join(table.read)}"] if len(table.read) > 1 else []
    where = where or ([f"sheet {table.sheet}"] if table.sheet else [])
    left = [each for each in table.sheets if each not in table.read]
    where += [f"encoding {table.encoding}"] if table.encoding else []
    click.echo(f"# {', '.join([*where, f'header in row {table.header_row}'])}")
    if left:
        click.echo(f"# not read: sheets {', '.join(left)}")
    for each in guessed.columns:
        field = f"{each.path} ({each.confidence:.0%})" if each.path else "not read"
        examples = ", ".join(text.replace("\n", " ")[:30] for text in each.examples)
        click.echo(f"# {each.column}: {field}: {examples}")
    for missing in guessed.missing:
        click.echo(f"# needed still: {missing}")
    click.echo(to_toml(guessed.profile), nl=False)


def _load(
    work: Import,
    path: Path,
    rejects_file: Path | None,
    skipped_file: Path | None,
    unknown_file: Path | None,
) -> None:
    actor, profile = work.actor, work.profile
    data = ImportData(
        profile.name,
        to_data(profile),
        path.name,
        file_digest(path),
        permissions=profile.permissions(),
    )
    with transaction(actor):
        run_id = imports.begin_run(actor=actor, data=data)
        migrations.ensure_declared(actor=actor)
    judgement = work.load(run_id)
    click.echo(f"{'run':<16}{run_id}")
    _show(judgement, unknown_file)
    for file, name, is_skipped in (
        (rejects_file, "refused", False),
        (skipped_file, "skipped", True),
    ):
        if file is None:
            continue
        with transaction(actor), file.open("w", encoding="utf-8-sig", newline="") as opened:
            opened.writelines(rejects_csv(actor, run_id, is_skipped=is_skipped))
        click.echo(f"  {name} rows are in {file}")


@contextmanager
def _acting(state: str | None) -> Iterator[Actor]:
    with application():
        yield _actor(state)


def _actor(state: str | None) -> Actor:
    if state is None:
        raise click.UsageError("--state says whose records these are.")
    actor = operator(state, vault=current_vault())
    with transaction(actor):
        require_participant(state)
    return actor


def _find_profile(name: str, state: str | None) -> Profile:
    if name.endswith(".toml"):
        return from_toml(Path(name).read_text("utf-8"))
    actor = _actor(state) if state else operator(None)
    with transaction(actor):
        try:
            return find_profile(actor, name)
        except NotFound:
            known = ", ".join([*shipped_profiles(), *imports.stored_profiles(actor)])
    text = message("There is no profile {name}. There are: {known}.", name=name, known=known)
    raise Invalid({"profile": [text]})


def _show_progress(rows: int, judgement: Judgement) -> None:
    if sys.stderr.isatty():
        pace = read_pace(rows, judgement.rows_in_all, judgement.began_at, SYSTEM_CLOCK.now())
        left = f", {pace.rate:,}/s, {pace.left} left" if pace.left else ""
        click.echo(f"\r{rows:,} of {pace.whole:,} rows{left}   ", nl=False, err=True)


def _show(judgement: Judgement, unknown_file: Path | None) -> None:
    report = report_data(judgement)
    click.echo(f"{'rows read':<16}{judgement.rows_read:>8}")
    for name in ("created", "changed", "unchanged", "skipped", "rejected"):
        click.echo(f"{name:<16}{report['counts'].get(name, 0):>8}")
    for reason, count in report["skipped"].items():
        click.echo(f"  {count:>6}  skipped: {reason}")
    for each in report["problems"]:
        examples = ", ".join(each["examples"])
        where = f"{each['column']}: " if each["column"] else ""
        click.echo(
            f"  {each['count']:>6}  {where}{translate(each)}"
            + (f" ({examples})" if examples else "")
        )
    for each in report["unknown"][:MAX_PRINTED]:
        click.echo(f"  {each['count']:>6}  unknown {each['kind']}: {each['text']}")
    for each in listed_readings(judgement):
        where = f"{each['column']}: {each['cell']}"
        click.echo(f"  {each['count']:>6}  {where} = {'; '.join(_reading_texts(each))}")
    if unknown_file is not None:
        with unknown_file.open("w", encoding="utf-8-sig", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(("kind", "text", "rows", "means"))
            writer.writerows(
                (kind, escape_formula(text), count, "")
                for (kind, text), count in judgement.asked_texts()
            )
    if judgement.unread_columns:
        click.echo(f"columns not read: {', '.join(judgement.unread_columns)}")
    for number in judgement.vanished[:MAX_PRINTED]:
        click.echo(f"  vanished: {number}")


def _reading_texts(reading: Mapping[str, Any]) -> list[str]:
    """Return what a cell became: of each gun its numbers with their condition, or its parts."""
    field, value = reading["field"], reading["value"]
    if field == "serial":
        return [
            " ".join([*(mark["text"] for mark in gun["marks"]), gun["marking"]]) for gun in value
        ]
    if field == "description":
        return [" · ".join(filter(None, map(gun.get, GUN_FIELDS))) for gun in value]
    return [value]


@import_.command("profiles")
@state_option
@explained
def profiles(state: str | None) -> None:
    """List the profiles that come with the program, and those of a state.

    \b
    Example:
      salsa import profiles --state PRY
    """
    for name, profile in shipped_profiles().items():
        click.echo(f"{name:<24}{profile.title}")
    if state:
        with _acting(state) as actor, transaction(actor):
            for name, definition in imports.stored_profiles(actor).items():
                click.echo(f"{name:<24}{definition.get('title', '')}")


@import_.command("profile")
@click.argument("name")
@state_option
@click.option(
    "--store",
    "path",
    metavar="FILE",
    help="Store this TOML file under the name.",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@explained
def profile_(name: str, state: str | None, path: Path | None) -> None:
    """Print a profile as TOML, or store one.

    \b
    Example:
      salsa import profile armoury --state PRY --store armoury.toml
    """
    with application():
        if path is None:
            click.echo(to_toml(_find_profile(name, state)), nl=False)
            return
        actor, profile = _actor(state), from_toml(path.read_text("utf-8"))
        with transaction(actor):
            store_profile(actor, replace(profile, name=name))


@import_.command("values")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", "profile_name", metavar="NAME", required=True)
@state_option
@explained
def values(path: Path, profile_name: str, state: str | None) -> None:
    """Store what texts mean with a profile, or print the profile of a TOML file with them.

    FILE has the columns kind, text and means, as `--unknown` writes them. The text itself as its
    meaning leaves it as it is.

    \b
    Examples:
      salsa import guns.xlsx --profile armoury --state PRY --dry-run --unknown unknown.csv
      salsa import values unknown.csv --profile armoury --state PRY
    """
    with application(), path.open(encoding="utf-8-sig", newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row.get("means")]
        given = {(row["kind"], row["text"]): row["means"] for row in rows}
        profile, actor = _find_profile(profile_name, state), _actor(state)
        with transaction(actor):
            changed = add_meanings(actor, profile, given)
            if profile_name.endswith(".toml"):
                click.echo(to_toml(changed), nl=False)
            else:
                store_profile(actor, changed)


@import_.command("templates")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@explained
def templates(folder: Path) -> None:
    """Write templates to fill in: an XLSX of each subject in four languages.

    Load one by the profile of its name, such as template-seizures.

    \b
    Example:
      salsa import templates forms/
    """
    with application(), transaction(operator(None)):
        for path in write_templates(folder, field_labels()):
            click.echo(path)


@import_.command("fields")
@click.argument("subject", type=click.Choice([*SUBJECTS]))
def fields(subject: str) -> None:
    """List the fields that columns can fill; * marks those that are needed.

    \b
    Example:
      salsa import fields seizures
    """
    for path, members in targets(SUBJECTS[subject].value).items():
        mark = "*" if is_required(members) else " "
        label = " › ".join(member.field.label for member in members)
        click.echo(f"{mark} {path:<36}{label}")

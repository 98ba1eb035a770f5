"""Hits on alerts, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained
from api.cli.options import Line, own_state_option
from api.cli.printing import echo_json, echo_page, echo_table, json_option, limit_option
from api.schemas.hits import HitResponse, HitSideResponse
from salsa_ext.readmodels import hits as reading
from salsa_ext.readmodels.hits import HitView
from salsa_ext.services import hit_answers, hit_endings, hit_sides
from salsa_ext.values.alerts import Answering
from salsa_ext.values.codes import ALERT_ACTIONS, HIT_STATUSES

NOTE = Line(500)
COMPARED = (
    ("of", "state"), ("event", "event"), ("day", "occurred_on"), ("serial", "serial"),
    ("type", "type"), ("make", "make_text"), ("model", "model"), ("calibre", "calibre_text"),
    ("made in", "country_of_manufacture"), ("year", "year"), ("marking", "marking"),
    ("version", "version"), ("withdrawn", "withdrawn"), ("corrected since", "corrected"),
)  # fmt: skip
id_argument = click.argument("hit_id", metavar="ID", type=click.UUID)


@click.group()
def hit() -> None:
    """See which alerts were met, and say for the state of an alert whether the hit is true.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@hit.command("list")
@own_state_option
@click.option("--status", type=click.Choice(HIT_STATUSES))
@click.option("--action", type=click.Choice(ALERT_ACTIONS))
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List the hits on a state's alerts, and where it met those of others, newest first.

    \b
    Example:
      salsa hit list --state PRY --status open
    """
    with acting(state) as actor:
        page = reading.list_hits(actor, filters, limit, None)
        echo_page(HitResponse(), page, _row, as_json=as_json)


@hit.command()
@own_state_option
@json_option
@id_argument
@explained
def show(state: str, as_json: bool, hit_id: UUID) -> None:
    """Show a hit with both guns, how sure it is, until when it is to be answered, and whom to call.

    What another state recorded is given in the case of the alert; that state reads that it was.

    \b
    Example:
      salsa hit show --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        view = hit_sides.read_hit(actor=actor, hit_id=hit_id)
        if as_json:
            echo_json(HitResponse(), view)
        else:
            _print(view)


@hit.command()
@own_state_option
@click.option("--note", type=NOTE)
@id_argument
@explained
def confirm(state: str, note: str | None, hit_id: UUID) -> None:
    """Say that the alert stands and is of that very gun.

    \b
    Example:
      salsa hit confirm --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    _answer(state, hit_id, hit_answers.confirm, Answering(note))


@hit.command()
@own_state_option
@click.option("--note", required=True, type=NOTE)
@id_argument
@explained
def deny(state: str, note: str, hit_id: UUID) -> None:
    """Say that it is another gun, or that the alert is no longer true, and why.

    \b
    Example:
      salsa hit deny --state PRY --note "Another model" 0199f2c0-0000-7000-8000-000000000000
    """
    _answer(state, hit_id, hit_answers.deny, Answering(note))


@hit.command()
@own_state_option
@click.option("--hours", required=True, type=click.IntRange(1, 72), help="From now on.")
@click.option("--note", required=True, type=NOTE)
@id_argument
@explained
def extend(state: str, hours: int, note: str, hit_id: UUID) -> None:
    """Say how many more hours the answer needs, and why.

    \b
    Example:
      salsa hit extend --state PRY --hours 3 --note "File asked for" 0199f2c0-0000-7000-8000-000000000000
    """
    _answer(state, hit_id, hit_answers.extend, Answering(note, hours))


def _answer(state: str, hit_id: UUID, command: Callable[..., None], data: Answering) -> None:
    with acting(state) as actor:
        command(actor=actor, hit_id=hit_id, seen=None, data=data)
        row = reading.read(actor, hit_id).hit
        until = f", due by {row.due_at:%Y-%m-%d %H:%M} UTC" if row.status == "extended" else ""
        click.echo(f"{hit_id} is {row.status}{until}.")


def _row(view: HitView) -> tuple[Any, ...]:
    row = view.hit
    is_due = view.is_told and row.status in hit_endings.WAITING
    return (row.id, _status(view), row.action, row.strength, row.alert_state, row.asking_state,
            row.read_as, row.cause_kind, f"{row.made_at:%Y-%m-%d %H:%M}",
            f"{row.due_at:%Y-%m-%d %H:%M}" if is_due else None)  # fmt: skip


def _print(view: HitView) -> None:
    row, office = view.hit, view.contact
    ways = (office.agency, office.telephone, office.email) if office else ()
    echo_table([
        ("status", f"{_status(view)}, version {view.version}"),
        ("alert", f"{row.alert_id}, of {row.alert_state}"),
        ("record", view.alert_record),
        *_of_alert(view), ("read as", row.read_as), ("action", row.action),
        ("evidence", f"{row.strength}, {row.score:.1f} bits"),
        ("met by", f"{row.agency or ''} {row.asking_state}".strip()), ("met in", row.cause_kind),
        ("since", _since(view)),
        ("made", f"{row.made_at:%Y-%m-%d %H:%M} UTC"),
        ("due", f"{row.due_at:%Y-%m-%d %H:%M} UTC" if view.is_told else None),
        ("call", " ".join(filter(None, ways)) or None), ("note", row.note),
    ])  # fmt: skip
    echo_table(_compared(view), "  ")


def _compared(view: HitView) -> list[tuple[Any, ...]]:
    """Return the two guns field by field: the name, what the alert has, and what was met."""
    sides = [HitSideResponse().dump(side) if side else {} for side in (view.sought, view.met)]
    said = [(name, *((side.get(field) or "-") for side in sides)) for name, field in COMPARED]
    return [row for row in said if any(value != "-" for value in row[1:])]


def _status(view: HitView) -> str:
    """Return the status, or that the alert or the record that met it stands no more, which takes its hits."""
    if view.ended:
        return f"alert_{view.ended.status}"
    return f"cause_{view.hit.cause_status}" if view.is_void else view.hit.status


def _since(view: HitView) -> str | None:
    """Return what became of the record that met the alert."""
    row, changed = view.hit, view.cause_changed
    if changed is None:
        return None
    said = {"withdrawn": "withdrawn", "corrected": "corrected, and still meets the alert: compare again",
            "corrected_away": "corrected, and meets the alert no longer"}[changed.status]  # fmt: skip
    return f"{said}, {changed.changed_at:%Y-%m-%d %H:%M} UTC; the answer: {row.status}"


def _of_alert(view: HitView) -> list[tuple[str, str | None]]:
    """Return what the alert's own state reads of it; what those who met it are not told is said."""
    if view.alert is None:
        return []
    alert, gun = view.alert.alert, view.alert.gun
    marks = ", ".join(mark.text for mark in gun.marks)
    said = filter(None, (marks, gun.record.make, gun.record.model, gun.record.calibre))
    return [("gun", " ".join(said)), ("reason", alert.reason_text or alert.reason),
            ("case", alert.case_number),
            ("told", None if view.is_told else "nobody: those who met it know nothing of it")]  # fmt: skip

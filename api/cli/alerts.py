"""Alerts of a state, from the server's own machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from api.cli.context import acting, explained, recording
from api.cli.options import STATE, Line, own_state_option
from api.cli.printing import echo_json, echo_page, echo_table, json_option, limit_option
from api.cli.readers import officer_option
from api.schemas.alerts import AlertResponse
from salsa_ext.readmodels import alerts as reading
from salsa_ext.readmodels.alerts import AlertView
from salsa_ext.services import alerts
from salsa_ext.values.alerts import AlertData
from salsa_ext.values.codes import (
    ALERT_ACTIONS,
    ALERT_REASONS,
    ALERT_STATUSES,
    HIT_PRIORITIES,
    SECOND_CHECKS,
)
from salsa_ext.values.firearms import Firearm

DAY = click.DateTime(["%Y-%m-%d"])
REASON = Line(500)
id_argument = click.argument("alert_id", metavar="ID", type=click.UUID)


@click.group()
def alert() -> None:
    """Say which guns a state wants to be told of, and what to do when one is met.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@alert.command()
@own_state_option
@click.option("--action", required=True, type=click.Choice(ALERT_ACTIONS),
              help="let_pass_and_inform shows nothing to who meets the gun.")  # fmt: skip
@click.option("--priority", type=click.Choice(HIT_PRIORITIES), default="routine", show_default=True,
              help="How soon the state answers a hit: in ten minutes, or in an hour.")  # fmt: skip
@click.option("--reason", required=True, type=click.Choice(ALERT_REASONS))
@click.option("--text", "reason_text", type=REASON, help="The reason in words.")
@click.option("--case", "case_number", required=True, type=Line(100))
@click.option("--until", required=True, type=DAY, help="The last day, within three years.")
@click.option("--shown-to", "visible_to", multiple=True, metavar="ISO", type=STATE,
              help="A state to which it shows, once for each; else it shows to all.")  # fmt: skip
@click.option(
    "--record", type=click.UUID, help="A record of the state that has the gun, instead of a serial."
)
@click.option("--make", type=Line(200))
@click.option("--model", type=Line(200))
@click.option("--calibre", type=Line(100))
@click.option("--type", type=Line(100))
@click.option("--confirm-second", is_flag=True, help="Beside one on this serial in the case.")
@officer_option
@json_option
@click.argument("serial", required=False, type=Line(64))
@explained
def add(
    state: str, until: datetime, visible_to: tuple[str, ...], record: UUID | None, serial: str | None,
    make: str | None, model: str | None, calibre: str | None, type: str | None,
    officer: str | None, as_json: bool, **said: Any,
) -> None:  # fmt: skip
    """Enter an alert on a gun, by its serial or by a record that has it.

    \b
    Example:
      salsa alert add --state PRY --action hold_and_call --reason stolen --case C-17 \\
        --until 2027-06-30 --make Taurus --calibre 9x19 ABC12345
    """
    if bool(serial) == bool(record):
        raise click.UsageError("Give a serial with what else is known of the gun, or --record.")
    gun = (
        None
        if record
        else Firearm(serial=serial, make=make, model=model, calibre=calibre, type=type)
    )
    data = AlertData(expires_on=until.date(), visible_to=visible_to or None, firearm=gun,
                     record=record, **said)  # fmt: skip
    with recording(state) as operator:
        actor = replace(operator, officer=officer)
        _show(reading.read(actor, alerts.record(actor=actor, data=data)), as_json=as_json)


@alert.command("list")
@own_state_option
@click.option("--status", type=click.Choice(ALERT_STATUSES))
@click.option("--action", type=click.Choice(ALERT_ACTIONS))
@click.option("--case", "case_number", type=Line(100))
@click.option("--second-check", type=click.Choice(SECOND_CHECKS), help="By a second person.")
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List the alerts of a state, newest first.

    \b
    Example:
      salsa alert list --state PRY --status active
    """
    with acting(state) as actor:
        page = reading.list_alerts(actor, filters, limit, None)
        echo_page(AlertResponse(), page, _row, as_json=as_json)


@alert.command()
@own_state_option
@json_option
@id_argument
@explained
def show(state: str, as_json: bool, alert_id: UUID) -> None:
    """Show an alert with its gun, and whether a second person has checked it.

    \b
    Example:
      salsa alert show --state PRY 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        view = reading.get_alert(actor, alert_id)
        if as_json:
            echo_json(AlertResponse(), view)
        else:
            _print(view)


@alert.command()
@own_state_option
@officer_option
@id_argument
@explained
def verify(state: str, officer: str | None, alert_id: UUID) -> None:
    """Say as a second person that an alert agrees with its source, or later that it is still true.

    The --officer tells who is another person; of one that was entered by a command, that of both.

    \b
    Example:
      salsa alert verify --state PRY --officer 77 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as operator:
        actor = replace(operator, officer=officer)
        alerts.verify(actor=actor, alert_id=alert_id, seen=None)
        until = reading.read(actor, alert_id).alert.validate_on
    click.echo(f"{alert_id} is verified; say so again by {until}.")


@alert.command()
@own_state_option
@click.option("--reason", required=True, type=REASON)
@id_argument
@explained
def cancel(state: str, reason: str, alert_id: UUID) -> None:
    """End an alert before its last day.

    \b
    Example:
      salsa alert cancel --state PRY --reason "Gun found" 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        alerts.cancel(actor=actor, alert_id=alert_id, seen=None, reason=reason)
    click.echo(f"{alert_id} is cancelled.")


def _show(view: AlertView, *, as_json: bool) -> None:
    if as_json:
        echo_json(AlertResponse(), view)
    else:
        click.echo(f"{view.alert.id} stands until {view.alert.expires_on}.")
        if view.alert.second_check == "waiting":
            click.echo("A second person has to check it: salsa alert verify.")


def _print(view: AlertView) -> None:
    row, gun = view.alert, view.gun.record
    said = " ".join(filter(None, (gun.make_text, gun.model, gun.calibre_text)))
    echo_table([
        ("status", f"{row.status}, version {row.version}"), ("action", row.action),
        ("reason", ": ".join(filter(None, (row.reason, row.reason_text)))),
        ("case", row.case_number), ("priority", row.priority), ("serial", gun.serial),
        ("gun", said or None), ("shown to", _readers(view)),
        ("source", "withdrawn: cancel the alert" if view.is_groundless else None),
        ("compared", "yes" if view.is_compared else "not yet: still being compared with the records"),
        ("until", row.expires_on), ("second check", row.second_check),
        ("still true?", row.validate_on), ("ended", row.end_reason),
    ])  # fmt: skip


def _readers(view: AlertView) -> str:
    if view.alert.action == "let_pass_and_inform":
        return "no state"
    return ", ".join(view.alert.visible_to or ()) or "all states"


def _row(view: AlertView) -> tuple[Any, ...]:
    row, gun = view.alert, view.gun.record
    return (row.id, row.status, row.action, row.reason, row.case_number, row.expires_on, gun.serial,
            gun.make_text, gun.calibre_text, row.second_check)  # fmt: skip

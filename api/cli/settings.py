"""Settings of a state, from the server's own machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from api.cli.context import acting, explained, recording
from api.cli.options import STATE, own_state_option
from salsa_ext.readmodels.settings import SettingsView, standing
from salsa_ext.services import settings
from salsa_ext.values.codes import TRACE_APPROVALS
from salsa_ext.values.settings import LONGEST_DAYS, LONGEST_HOURS, LONGEST_TERMS, SettingsChange

Decorator = Callable[[Callable[..., None]], Callable[..., None]]
ADDED: Final = ("closed_on", "open_on")


@click.group()
def setting() -> None:
    """Show and change the settings of a state."""


@setting.command()
@own_state_option
@explained
def show(state: str) -> None:
    """Show the settings of a state, those that it left alone as they are by default.

    \b
    Example:
      salsa setting show --state PRY
    """
    with acting(state):
        view = standing(state)
    _print(view)


def _term(name: str, said: str) -> Decorator:
    option = f"--{name.replace('_', '-')}"
    return click.option(option, type=click.IntRange(1, LONGEST_TERMS[name]), help=said)


def _dates(name: str, said: str) -> Decorator:
    return click.option(f"--{name}", multiple=True, type=click.DateTime(["%Y-%m-%d"]), help=said)


@setting.command()
@own_state_option
@click.option("--counterpart-days", type=click.IntRange(1, LONGEST_DAYS),
              help="Days until a missing counterpart of a permit becomes a discrepancy.")  # fmt: skip
@click.option("--overdue-hours", type=click.IntRange(0, LONGEST_HOURS),
              help="Hours of grace after an expected time.")  # fmt: skip
@click.option("--electronic-copies-with", "partners", multiple=True, metavar="ISO", type=STATE,
              help="A state with which electronic copies are agreed; give the option once for each."
              " They take the place of those that stood.")  # fmt: skip
@click.option("--no-electronic-copies", "nobody", is_flag=True, help="With no state any more.")
@click.option("--answers-automatically/--answers-by-persons", "automatically", default=None,
              help="Whether open records answer other states' traces at once.")  # fmt: skip
@_term("flash_minutes", "Minutes for a trace of priority flash, round the clock.")
@_term("urgent_hours", "Hours for an urgent one, round the clock.")
@_term("priority_days", "Working days for one with priority.")
@_term("routine_days", "Working days for a routine one.")
@click.option("--weekday", "weekdays", multiple=True, type=click.IntRange(1, 7),
              help="A working day of the week, 1 is Monday; give the option once for each.")  # fmt: skip
@_dates("closed-on", "A further day on which the offices rest; once for each. They take the place of"
        " those that stood.")  # fmt: skip
@_dates("open-on", "A holiday on which they work all the same; likewise.")
@click.option("--trace-approval", type=click.Choice(TRACE_APPROVALS),
              help="Whether a second person approves a trace before it is sent. Nobody (alone) only where"
              " fewer than three persons of the state may.")  # fmt: skip
@click.option("--no-added-days", "plain", is_flag=True, help="With neither of them any more.")
@explained
def change(
    state: str, counterpart_days: int | None, overdue_hours: int | None, partners: tuple[str, ...],
    nobody: bool, automatically: bool | None, trace_approval: str | None,
    plain: bool, **calendar: Any,
) -> None:  # fmt: skip
    """Change settings of a state; those that are left out stay as they are.

    \b
    Examples:
      salsa setting change --state PRY --overdue-hours 12 \\
        --electronic-copies-with BRA --electronic-copies-with ARG
      salsa setting change --state PRY --routine-days 5 --closed-on 2026-12-24
    """
    if nobody and partners:
        raise click.UsageError("Give states or --no-electronic-copies, not both.")
    copies = partners if partners or nobody else None
    with recording(state) as actor:
        data = SettingsChange(
            counterpart_days,
            overdue_hours,
            copies,
            automatically,
            trace_approval=trace_approval,
            **_given(calendar, plain=plain),
        )
        settings.change(actor=actor, data=data, seen=None)
        view = standing(state)
    _print(view)


def _given(calendar: dict[str, Any], *, plain: bool) -> dict[str, Any]:
    """Return what was given of terms and days; a list that was not is None."""
    days = {name: tuple(moment.date() for moment in calendar.pop(name)) for name in ADDED}
    if plain and any(days.values()):
        raise click.UsageError("Give days or --no-added-days, not both.")
    weekdays = calendar.pop("weekdays") or None
    return calendar | {"weekdays": weekdays} | {
        name: value if value or plain else None for name, value in days.items()
    }  # fmt: skip


def _print(view: SettingsView) -> None:
    values = view.settings
    click.echo(f"counterpart_days        {values.counterpart_days}")
    click.echo(f"overdue_hours           {values.overdue_hours}")
    click.echo(f"answers_automatically   {'yes' if values.answers_automatically else 'no'}")
    click.echo(f"electronic_copies_with  {', '.join(values.electronic_copies_with) or '-'}")
    click.echo(f"agreed by both          {', '.join(view.agreed) or '-'}")
    click.echo(f"trace_approval          {values.trace_approval}")
    for name in LONGEST_TERMS:
        click.echo(f"{name:<23} {getattr(values, name)}")
    click.echo(f"weekdays                {', '.join(map(str, values.weekdays))}")
    click.echo(f"closed_on               {', '.join(map(str, values.closed_on)) or '-'}")
    click.echo(f"open_on                 {', '.join(map(str, values.open_on)) or '-'}")

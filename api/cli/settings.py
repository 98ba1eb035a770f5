"""Settings of a state, from the server's own machine."""

from __future__ import annotations

import click

from api.cli.context import acting, explained, recording
from api.cli.options import STATE, own_state_option
from salsa_ext.readmodels.settings import SettingsView, standing
from salsa_ext.services import settings
from salsa_ext.values.settings import LONGEST_DAYS, LONGEST_HOURS, SettingsChange


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
@explained
def change(
    state: str, counterpart_days: int | None, overdue_hours: int | None, partners: tuple[str, ...],
    nobody: bool, automatically: bool | None,
) -> None:  # fmt: skip
    """Change settings of a state; those that are left out stay as they are.

    \b
    Example:
      salsa setting change --state PRY --overdue-hours 12 \\
        --electronic-copies-with BRA --electronic-copies-with ARG
    """
    if nobody and partners:
        raise click.UsageError("Give states or --no-electronic-copies, not both.")
    copies = partners if partners or nobody else None
    with recording(state) as actor:
        data = SettingsChange(counterpart_days, overdue_hours, copies, automatically)
        settings.change(actor=actor, data=data, seen=None)
        view = standing(state)
    _print(view)


def _print(view: SettingsView) -> None:
    values = view.settings
    click.echo(f"counterpart_days        {values.counterpart_days}")
    click.echo(f"overdue_hours           {values.overdue_hours}")
    click.echo(f"answers_automatically   {'yes' if values.answers_automatically else 'no'}")
    click.echo(f"electronic_copies_with  {', '.join(values.electronic_copies_with) or '-'}")
    click.echo(f"agreed by both          {', '.join(view.agreed) or '-'}")

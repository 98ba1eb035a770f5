"""What a state was told, from the server's own machine."""

from __future__ import annotations

from typing import Any

import click

from api.cli.context import acting, explained
from api.cli.options import own_state_option
from api.cli.printing import echo_page, json_option, limit_option
from api.schemas.notifications import NotificationResponse
from api.told import text_of
from salsa_ext.readmodels import notifications as reading
from salsa_ext.readmodels.notifications import NotificationView
from salsa_ext.values.codes import NOTIFICATION_KINDS, NOTIFICATIONS, ROLES


@click.group()
def notification() -> None:
    """See what a state was told.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@notification.command("list")
@own_state_option
@click.option("--kind", type=click.Choice(NOTIFICATION_KINDS), help="What it is about.")
@click.option("--code", type=click.Choice(NOTIFICATIONS), help="What happened.")
@click.option("--urgent/--not-urgent", default=None, help="Whether somebody waits for it.")
@click.option(
    "--read/--unread", "is_read", default=None, help="Whether anybody of the state read it."
)
@click.option("--role", type=click.Choice(ROLES), help="Which role was told.")
@limit_option
@json_option
@explained
def list_all(state: str, limit: int, as_json: bool, is_read: bool | None, **filters: Any) -> None:
    """List what a state was told, newest first.

    \b
    Example:
      salsa notification list --state BRA --urgent --unread --role trace_analyst
    """
    unread = None if is_read is None else not is_read
    with acting(state) as actor:
        page = reading.list_notifications(actor, filters | {"unread": unread}, limit, None)
        echo_page(NotificationResponse(), page, _row, as_json=as_json)


def _row(view: NotificationView) -> tuple[Any, ...]:
    row = view.notification
    return (f"{row.raised_at:%Y-%m-%d %H:%M} UTC", row.code, row.number, row.subject_state,
            text_of(view), row.subject_id)  # fmt: skip

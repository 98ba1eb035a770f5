"""The board of a border post, from the server's own machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from api.cli.context import acting, explained
from api.cli.options import own_state_option
from api.cli.printing import echo_json, echo_table, json_option, told_of_hold
from api.schemas.boards import BoardResponse
from salsa_ext.readmodels.boards import Board, get_board
from salsa_ext.readmodels.crossings import Crossing, Stamp
from salsa_ext.readmodels.finds import NearSeizure

Rows = Sequence[Sequence[Any]]


@click.group()
def board() -> None:
    """See what the officers of one side of a border post see.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@board.command()
@own_state_option
@json_option
@click.argument("post", metavar="POST")
@explained
def show(state: str, as_json: bool, post: str) -> None:
    """Show the board of a post, by its code, as a state that is a side of it has it.

    \b
    Example:
      salsa board show --state PRY ciudad-del-este-foz-do-iguacu
    """
    with acting(state) as actor:
        shown = get_board(actor, post)
        if as_json:
            echo_json(BoardResponse(), shown)
        else:
            _print(shown)


def _print(shown: Board) -> None:
    click.echo(f"{shown.post.name}, {shown.as_of:%Y-%m-%d %H:%M} UTC")
    for title, rows in _parts(shown):
        click.echo(f"\n{title}: {len(rows)}")
        if rows:
            echo_table(rows, "  ")


def _parts(shown: Board) -> Iterator[tuple[str, Rows]]:
    yield "late", [*map(_crossing, shown.late)]
    yield "due today", [*map(_crossing, shown.due_today)]
    yield "due in seven days", [*map(_crossing, shown.due_later)]
    yield "discrepancies", [
        (view.discrepancy.kind, view.discrepancy.subject_number, view.discrepancy.status,
         f"waits for {','.join(view.waiting_for)}") for view in shown.discrepancies
    ]  # fmt: skip
    yield "hits", [
        (view.hit.action, view.hit.alert_state, view.hit.status, view.hit.strength,
         f"due {view.hit.due_at:%Y-%m-%d %H:%M}") for view in shown.hits
    ]  # fmt: skip
    yield "traces not answered", [
        (f"{one.asking_state} asks {one.asked_state}", one.priority, one.status,
         f"due {one.due_at:%Y-%m-%d %H:%M}" if one.due_at else None,
         None if one.share is None else f"{one.share} %", one.case_number) for one in shown.clocks
    ]  # fmt: skip
    yield (
        "permits that expire",
        [
            (view.permit.kind, view.permit.number, view.permit.last_day, view.standing)
            for view in shown.expiring
        ],
    )
    yield "seizures near by", [*map(_seizure, shown.seizures)]
    yield "seizures along routes", [*map(_seizure, shown.along)]
    yield "weeks", [*_weeks(shown)]


def _crossing(one: Crossing) -> Sequence[Any]:
    held = "; ".join(map(told_of_hold, one.view.held.standing))
    return (one.shipment.number, one.view.status, f"{one.shipment.due_at:%Y-%m-%d %H:%M}",
            *map(_stamp, one.stamps), held)  # fmt: skip


def _stamp(stamp: Stamp) -> str:
    let_go = f", let go on {stamp.let_go_at:%Y-%m-%d %H:%M}" if stamp.let_go_at else ""
    return f"{stamp.state} {stamp.stage}: {stamp.tick.outcome if stamp.tick else '-'}{let_go}"


def _seizure(one: NearSeizure) -> Sequence[Any]:
    away = "at the post" if one.distance_km is None else f"{one.distance_km:.1f} km"
    return (one.seizure.number, one.seizure.occurred_on, away, f"firearms {one.firearms}")


def _weeks(shown: Board) -> Iterator[Sequence[Any]]:
    for at, day in enumerate(shown.weeks):
        ways = [
            f"{flow.leaving} to {flow.entering}: left {flow.left[at].shipments},"
            f" entered {flow.entered[at].shipments}" for flow in shown.flows
        ]  # fmt: skip
        yield day, f"seized {shown.seized[at].firearms}", *ways

"""The board of a border post, from the server's own machine."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import click

from api.cli.context import acting, application, explained, recording
from api.cli.options import Number, own_state_option
from api.cli.printing import echo_json, echo_table, json_option, told_of_hold
from api.schemas.board_events import BoardEventResponse
from api.schemas.boards import BoardResponse
from api.transaction import transaction
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels import board_events
from salsa_ext.readmodels import calls as asked
from salsa_ext.readmodels.board_events import Event, Mark
from salsa_ext.readmodels.boards import Board, get_board
from salsa_ext.readmodels.calls import CallView
from salsa_ext.readmodels.crossings import Crossing, Stamp
from salsa_ext.readmodels.finds import NearSeizure
from salsa_ext.readmodels.passages import Passage
from salsa_ext.readmodels.states import require_participant
from salsa_ext.services import calls
from salsa_ext.services.calls import CallData
from salsa_ext.values.actor import Actor

Rows = Sequence[Sequence[Any]]
NUMBER: Final = Number()
MOST: Final = 200
PAUSE: Final = 1.0
"""For so many seconds nobody looks at what changed."""


@click.group()
def board() -> None:
    """See what the officers of one side of a border post see.

    Each command exits with 0, with 1 where the service refuses and says why, or with 2 for wrong
    usage.
    """


@board.command()
@own_state_option
@json_option
@click.option("--watch", is_flag=True, help="Go on and print what changes, until Ctrl-C.")
@click.argument("post", metavar="POST")
@explained
def show(state: str, as_json: bool, watch: bool, post: str) -> None:
    """Show the board of a post, by its code, as a state that is a side of it has it.

    With --watch each change is a line, or with --json an object, as GET /posts/{code}/events has it.

    \b
    Examples:
      salsa board show --state PRY ciudad-del-este-foz-do-iguacu
      salsa board show --state PRY --watch ciudad-del-este-foz-do-iguacu
    """
    with application():
        actor = operator(state)
        with transaction(actor):
            require_participant(state)
            begun = board_events.follow(actor, post, None, MOST)  # before it is read
            shown = get_board(actor, post)
            if as_json:
                echo_json(BoardResponse(), shown)
            else:
                _print(shown)
        if watch:
            _watch(actor, post, begun.after, as_json)


def _watch(actor: Actor, post: str, mark: Mark, as_json: bool) -> None:
    """Print each change as it comes, until somebody presses Ctrl-C, which breaks nothing off."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(PAUSE):
        with transaction(actor):
            found = board_events.follow(actor, post, mark, MOST)
        mark = found.after
        for event in found.items:
            if as_json:
                click.echo(json.dumps(BoardEventResponse().dump(event)))
            else:
                click.echo(_said(event))


def _said(event: Event) -> str:
    what = (event.number, event.stage, event.outcome, event.status, event.incident)
    told = "  ".join([event.kind, event.state, *(one for one in what if one)])
    return f"{event.at:%Y-%m-%d %H:%M:%S}  {told}"


@board.command()
@own_state_option
@click.option("--shipment", type=NUMBER, help="What it is about, by its id.")
@click.argument("post", metavar="POST")
@explained
def call(state: str, shipment: UUID | None, post: str) -> None:
    """Ask the other side of a post to call; it stands on its board until somebody there called.

    \b
    Example:
      salsa board call --state PRY ciudad-del-este-foz-do-iguacu
    """
    with recording(state) as actor:
        made = calls.ask(actor=actor, post=post, data=CallData(shipment))
    click.echo(made)


@board.command("calls")
@own_state_option
@click.argument("post", metavar="POST")
@explained
def list_calls(state: str, post: str) -> None:
    """List what the two sides of a post asked each other to call about, newest first.

    \b
    Example:
      salsa board calls --state BRA ciudad-del-este-foz-do-iguacu
    """
    with acting(state) as actor:
        echo_table([*map(_call, asked.list_calls(actor, {}, MOST, None, post).items)], "")


@board.command()
@own_state_option
@click.argument("call_id", metavar="CALL", type=NUMBER)
@explained
def answer(state: str, call_id: UUID) -> None:
    """Say that the side that asked for it was called.

    \b
    Example:
      salsa board answer --state BRA 0199f2c0-0000-7000-8000-000000000000
    """
    with recording(state) as actor:
        calls.answer(actor=actor, call_id=call_id)
    click.echo("The call is marked as answered.")


def _call(view: CallView) -> Sequence[Any]:
    told = view.call
    reached = view.office.telephone if view.office else None
    answered = f"answered {view.answered_at:%Y-%m-%d %H:%M}" if view.answered_at else "waits"
    return (told.id, f"{told.owner_state} asks {view.asked_state}", told.shipment_number,
            f"{told.asked_at:%Y-%m-%d %H:%M}", reached, answered)  # fmt: skip


def _print(shown: Board) -> None:
    click.echo(f"{shown.post.name}, {shown.as_of:%Y-%m-%d %H:%M} UTC")
    for title, rows in _parts(shown):
        click.echo(f"\n{title}: {len(rows)}")
        if rows:
            echo_table(rows, "  ")


def _parts(shown: Board) -> Iterator[tuple[str, Rows]]:
    yield "calls", [*map(_call, shown.calls)]
    yield "late", [*map(_crossing, shown.late)]
    yield "due today", [*map(_crossing, shown.due_today)]
    yield "due in seven days", [*map(_crossing, shown.due_later)]
    yield "ticked today", [*map(_passage, shown.ticked)]
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
    held, due = "; ".join(map(told_of_hold, one.view.held.standing)), one.shipment.due_at
    incidents = [f"{each.data['kind']} ({each.owner_state})" for each in one.view.incidents]
    passed = [f"passed by {each.by} on {each.at:%Y-%m-%d %H:%M} although {each.held.state} held it"
              for each in one.view.held.overruled]  # fmt: skip
    return (one.shipment.number, one.view.status, f"{due:%Y-%m-%d %H:%M}" if due else "-",
            *map(_stamp, one.stamps), held, *incidents, *passed)  # fmt: skip


def _passage(one: Passage) -> Sequence[Any]:
    tick = one.tick
    return (one.shipment.number, f"{tick.owner_state} {tick.stage}: {tick.outcome}",
            f"{tick.at:%Y-%m-%d %H:%M}", tick.reason)  # fmt: skip


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

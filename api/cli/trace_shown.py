"""How a trace is shown on the command line: as a row of a list, whole, and what has to be looked at."""

from __future__ import annotations

from typing import Any

import click

from api.cli.printing import echo_table
from api.cli.requests import said
from api.i18n import worded
from salsa_ext.readmodels.trace_legs import LegSaid
from salsa_ext.readmodels.traces import TraceView


def tell(view: TraceView) -> None:
    """Say how a trace stands, and beside the answer what has to be looked at."""
    click.echo(f"{view.trace.id} is {view.trace.status}.")
    _remark(view)


def _remark(view: TraceView) -> None:
    for one in view.remarks:
        click.echo(worded(one), err=True)


def row_of(view: TraceView) -> tuple[Any, ...]:
    """Return a trace as a row of a list."""
    row = view.trace
    waiting = ",".join(leg.state for leg in view.legs if leg.answered_at is None)
    refused = f" (refused by {', '.join(view.refused_by)})" if view.refused_by else ""
    return (row.id, f"{row.status}{refused}", row.priority, row.case_number, row.firearm["serial"],
            f"{row.created_at:%Y-%m-%d}", waiting or None, view.assignee)  # fmt: skip


def print_whole(view: TraceView) -> None:
    """Print a trace with its legs and what was said of each."""
    row = view.trace
    echo_table([
        ("case", row.case_number), ("status", f"{row.status}, version {view.version}"),
        ("serial", row.firearm["serial"]), ("found", row.found_on), ("priority", row.priority),
        ("refused by", ", ".join(view.refused_by) or None),
        ("to be sent by you", ", ".join(view.to_send) or None),
        *_refused(view),
        ("assigned to", view.assignee), ("kept from", ", ".join(view.hidden_from) or None),
    ])  # fmt: skip
    echo_table([("changed", one.field, one.before, one.after) for one in view.changed])
    for told in view.said:
        leg = told.leg
        why = " ".join(map(worded, leg.why))
        click.echo(
            f"{leg.state}  {told.shown_status}  {leg.channel} {leg.reference or ''}  {leg.id}"
        )
        earlier = [("answer", "given on the earlier reading")] if told.is_of_earlier_reading else []
        echo_table([("why", why), *_days(told), *earlier, ("events", len(leg.events))], "  ")
        echo_table(map(said, told.messages), "  ")
    echo_table(map(said, view.notes))
    _remark(view)


def _days(told: LegSaid) -> list[tuple[str, Any]]:
    """Return when the form of a leg by another channel went out and when it was answered, as written down."""
    if told.leg.channel == "salsa" or told.is_to_send:
        return []
    answered = [("answer of", told.leg.answered_on)] if told.leg.answered_at else []
    return [("form went out", told.leg.asked_on), *answered]


def _refused(view: TraceView) -> list[tuple[str, str]]:
    """Return who declined it as its second person and why, and whether it was sent all the same."""
    word = view.declined or view.overruled
    if word is None:
        return []
    by = f"{word.by or word.sender}, {word.at:%Y-%m-%d %H:%M} UTC"
    said = ": ".join(filter(None, (by, word.data["text"])))
    return [("declined by", said), *([("sent", "though declined")] if view.overruled else [])]


def print_advice(told: dict[str, Any]) -> None:
    """Print how likely a draft is to fail, and what it lacks."""
    click.echo(told["text"])
    echo_table([
        (lack["field"], f"+{100 * lack['gain']:.0f} of 100", " ".join(lack["texts"]))
        for lack in told["missing"]
    ])  # fmt: skip

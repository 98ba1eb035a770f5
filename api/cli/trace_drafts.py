"""How a trace begins and what it comes to, from the server's own machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import click

from api.cli.bodies import judged
from api.cli.context import acting, explained, recording
from api.cli.described import day_option, given, gun_of, gun_options
from api.cli.documents import chosen
from api.cli.options import MOST_LINE, Line, own_state_option
from api.cli.printing import echo_json, echo_table, json_option
from api.cli.readers import officer_option
from api.cli.trace_shown import tell
from api.cli.traces import id_argument, trace
from api.schemas.traces import ResultResponse, TraceRequest, TraceResponse
from api.vault import vault
from salsa_ext.readmodels import traces as reading
from salsa_ext.readmodels.documents import SEIZURES
from salsa_ext.services import disclosures, traces
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import ILLICIT_REASONS, INTENDED_USES, PRIORITIES

__all__ = ["draft", "result", "trace"]


@trace.command()
@own_state_option
@click.option("--seizure", metavar="NUMBER", type=Line(100), help="The state's own, of the gun.")
@click.option("--item", type=click.IntRange(1, MOST_LINE), help="Its line; else the first.")
@day_option("--found-on", "Of a gun that is described here, instead of a seizure.")
@gun_options
@click.option("--case", "case_number", type=Line(100))
@click.option("--priority", type=click.Choice(PRIORITIES))
@click.option("--priority-reason", type=Line(500), help="Why a flash or urgent one cannot wait.")
@click.option("--legal-basis", type=Line(500))
@click.option("--illicit-reason", type=click.Choice(ILLICIT_REASONS))
@click.option("--circumstances", type=Line(2000), help="In which it was found.")
@click.option("--intended-use", type=click.Choice(INTENDED_USES))
@day_option("--needed-by", "Until when the answer is of use.")
@click.option("--confidential", "confidentiality_requested", is_flag=True)
@click.option("--hide-from", "hidden_from", multiple=True, metavar="CODE", type=Line(60),
              help="An agency that must not see it; once for each.")  # fmt: skip
@click.option("--confirm-second", is_flag=True, help="Beside one of this gun that is open.")
@officer_option
@click.option("--send", "is_sent", is_flag=True, help="At once, and not as a draft.")
@json_option
@explained
def draft(
    state: str, seizure: str | None, officer: str | None, is_sent: bool, as_json: bool, **said: Any
) -> None:  # fmt: skip
    """Draft a trace of a gun that was seized or is described, or send it at once.

    Where a second person approves it by a command, the --officer of both tells them apart.

    \b
    Examples:
      salsa trace draft --state BRA --seizure S-1 --case 2026/117 --priority routine \\
        --legal-basis "Law 10.826" --illicit-reason used_in_crime --intended-use intelligence \\
        --circumstances "In the spare tyre of a car"
      salsa trace draft --state BRA --serial TKA5238I --make Taurus --found-on 2026-03-01 \\
        --case 2026/118 --priority urgent --priority-reason "In custody" --send \\
        --legal-basis "Law 10.826" --illicit-reason used_in_crime --intended-use evidence \\
        --circumstances "At a road block"
    """
    gun = gun_of(said)
    with recording(state) as operator:
        actor = replace(operator, officer=officer)
        body = given({"seizure": _seizure(actor, seizure), "firearm": gun} | said)
        data = judged(body | {"draft": not is_sent}, TraceRequest())
        view = reading.read(actor, traces.request(actor=actor, vault=vault(), data=data))
        if as_json:
            echo_json(TraceResponse(), view)
        else:
            tell(view)


@trace.command()
@own_state_option
@json_option
@id_argument
@explained
def result(state: str, as_json: bool, trace_id: UUID) -> None:
    """Say what the answers amount to so far: the chain, where it broke off, and what is missing.

    \b
    Example:
      salsa trace result --state BRA 0199f2c0-0000-7000-8000-000000000000
    """
    with acting(state) as actor:
        view = disclosures.read_result(actor=actor, trace_id=trace_id)
        if as_json:
            echo_json(ResultResponse(), view)
        else:
            _print(ResultResponse().dump(view))


def _seizure(actor: Actor, number: str | None) -> str | None:
    return str(chosen(actor, SEIZURES, number).document.id) if number else None


def _print(told: Mapping[str, Any]) -> None:
    echo_table(map(_event, told["chain"]))
    for event in told["conflicts"]:
        echo_table([("contradicts", *_event(event), event["why"])])
    echo_table([(name.replace("_", " "), told[name]) for name in SUMMED if told[name] is not None])
    if broken := told["point_of_diversion"]:
        click.echo(f"left the lawful world: {broken['diversion_kind']}, {broken['why']}")
    for text in told["remarks"]:
        click.echo(f"remark: {text}")
    for text in told["missing"]:
        click.echo(f"missing: {text}")


SUMMED = ("outcome", "scope", "reached", "time_to_crime_days", "since_last_lawful_days",
          "failure_reason")  # fmt: skip


def _event(event: Mapping[str, Any]) -> tuple[Any, ...]:
    sides = [side.get("name") or side["kind"] for side in (event["from"], event["to"]) if side]
    return (event["occurred_on"], event["state"], event["event"], event["serial"],
            event["document_number"] or event["document_kind"], " to ".join(sides) or None,
            event["confidence"] or event.get("by_hand"), event["handling"])  # fmt: skip

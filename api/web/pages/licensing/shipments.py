"""List of shipments, a shipment's page, the export attachment.

Model Regulations 2.2.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for

from api.schemas.shipments import ShipmentQuery, ShipmentRequest
from api.web import actions, choices, listing, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.blueprints import licensing_pages
from api.web.form_bodies import split_lines
from api.web.forms import Form, parse_number
from api.web.pages.licensing import discrepancies, shipment_actions
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.reference.calendars import actor_zone, today
from salsa_ext.trade import lookup
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments import shipments
from salsa_ext.trade.shipments.queries import ShipmentView
from salsa_ext.worklists.desk import propose_shipment_number

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class RouteStage:
    """A stage of the route: expected time and its checkpoints."""

    stage: str
    post: str | None
    expected_at: datetime | None
    ticks: tuple[Any, ...] = ()


@licensing_pages.get("/shipments")
@login_required
def shipment_list(actor: Actor) -> str:
    """List the shipments that concern the state, newest first."""
    zone = actor_zone(actor)
    asked = listing.read_filters(
        ShipmentQuery, **_due_before(request.args.get("due_before", ""), zone)
    )
    page = shipment_queries.list_shipments(actor, asked.filters, listing.PAGE_SIZE, asked.cursor)
    return render_template(
        "licensing/shipments.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        onward=listing.next_page_address(page.next),
        zone=zone,
        now=actor.now(),
    )


def _due_before(day: str, zone: str) -> dict[str, str]:
    """Return a filter by the start of a typed day."""
    if not ISO_DAY.fullmatch(day):
        return {}
    try:
        return {
            "due_before": datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).isoformat()
        }
    except ValueError:
        return {}


@licensing_pages.get("/shipments/<uuid:shipment_id>")
@login_required
def shipment_page(actor: Actor, shipment_id: UUID) -> str:
    """Show a shipment with route, due times and receipt."""
    view = lookup.get_shipment_overview(actor, shipment_id)
    subject = shipment_actions.shipment_subject(view)
    items = lookup.first_items(actor, shipment_id)
    return render_template(
        "licensing/shipment.html",
        actor=actor,
        view=view,
        shipment=view.shipment,
        items=items,
        steps=route_stages(view),
        posts=choices.posts(actor),
        now=actor.now(),
        zone=actor_zone(actor),
        done=shipment_actions.SUCCESS_MESSAGES.get(request.args.get("done", "")),
        subject=subject,
        doings=actions.available_actions(shipment_actions.ACTIONS, actor, subject),
        doubts=discrepancies.related_discrepancies(actor, shipment_id),
    )


def route_stages(view: ShipmentView) -> list[RouteStage]:
    """Return the stages by time: expected ones and unexpected checkpoints."""
    left = list(view.checkpoints)
    steps = []
    for entry in sorted(view.shipment.expected, key=lambda entry: str(entry["at"])):
        here = tuple(tick for tick in left if _matches_stage(tick, entry))
        left = [tick for tick in left if tick not in here]
        at = datetime.fromisoformat(entry["at"])
        steps.append(RouteStage(entry["stage"], entry.get("post"), at, here))
    steps += [RouteStage(tick.stage, tick.post, None, (tick,)) for tick in left]
    return sorted(steps, key=_stage_time)


def _matches_stage(tick: Any, entry: dict[str, Any]) -> bool:
    same_place = None in (tick.post, entry.get("post")) or tick.post == entry["post"]
    return bool(tick.stage == entry["stage"] and same_place)


def _stage_time(step: RouteStage) -> datetime:
    moment: datetime = step.expected_at or step.ticks[0].occurred_at
    return moment


ShipmentBody = dict[str, Any]
MAX_STAGES = 4


@licensing_pages.get("/permits/<uuid:permit_id>/shipments/new")
@login_required
def shipment_form(actor: Actor, permit_id: UUID) -> str:
    """Show the form of a shipment."""
    require(actor, Permission.SHIPMENT_RECORD)
    form = Form(
        {
            "number": propose_shipment_number(actor),
            "ships_on": today(actor).isoformat(),
            "mode": "road",
        }
    )
    return _render_shipment_form(actor, permit_id, form)


@licensing_pages.post("/permits/<uuid:permit_id>/shipments/new")
@login_required_for_form
def record_shipment(actor: Actor, permit_id: UUID) -> Any:
    """Record the shipment and redirect to it.

    Shows the form with 422 or 409 if refused.
    """
    require(actor, Permission.SHIPMENT_RECORD)
    form = submission.read_form()
    done = submission.submit(form, actor, lambda: _record_shipment(actor, permit_id, form))
    form.errors = errors_by_form_field(form)
    return done or (
        render_again(actor, lambda: _render_shipment_form(actor, permit_id, form)),
        form.status,
    )


def _record_shipment(actor: Actor, permit_id: UUID, form: Form) -> str:
    data = form.load(
        ShipmentRequest(),
        lambda body: complete_shipment(body, actor.own_state(), form),
        actor_zone(actor),
    )
    shipment_id = shipments.record(actor=actor, permit_id=permit_id, data=data)
    return url_for("licensing.shipment_page", shipment_id=shipment_id, done="recorded")


def complete_shipment(body: ShipmentBody, own_state: str, form: Form) -> None:
    """Complete the JSON of a shipment: route, carrier, goods by line."""
    body["expected"] = [step for step in body.get("expected", ()) if set(step) != {"stage"}]
    posts = [step["post"] for step in body["expected"] if "post" in step]
    body["route"] = list(dict.fromkeys(posts))
    if "carrier" in body:
        body["carrier"] = {"kind": "carrier", "country": own_state} | body["carrier"]
    if transport := body.get("transport"):
        typed = form.get("transport.plates").replace(",", "\n").replace(";", "\n")
        transport["plates"] = [plate.upper().replace(" ", "") for plate in split_lines(typed)]
    body["items"] = [{"line": line, "serial": serial} for line, serial in typed_serials(form)]
    body["bulk"] = [{"line": int(at)} | part for at, part in _typed_bulk(form) if part]


def typed_serials(form: Form) -> list[tuple[int, str]]:
    """Return the typed serials, each with its permit line."""
    lines = sorted(int(at) for at in _line_numbers(form, "serials."))
    return [(line, serial) for line in lines for serial in split_lines(form.get(f"serials.{line}"))]


def _typed_bulk(form: Form) -> list[tuple[str, ShipmentBody]]:
    found = []
    for at in sorted(_line_numbers(form, "loose."), key=int):
        typed, lot = (form.get(f"loose.{at}.{name}") for name in ("quantity", "lot"))
        part: ShipmentBody = {"quantity": parse_number(typed)} if typed else {}
        found.append((at, part | ({"lot": lot} if lot else {})))
    return found


def _line_numbers(form: Form, prefix: str) -> set[str]:
    named = {
        path.removeprefix(prefix).partition(".")[0]
        for path in form.values
        if path.startswith(prefix)
    }
    return {at for at in named if at.isdecimal() and len(at) < 7}


def errors_by_form_field(form: Form) -> dict[str, list[str]]:
    """Return the errors by form field; serials have one field a line."""
    found: dict[str, list[str]] = {}
    typed, loose = typed_serials(form), [at for at, part in _typed_bulk(form) if part]
    stages = [
        at
        for at in range(MAX_STAGES)
        if form.get(f"expected.{at}.at") or form.get(f"expected.{at}.post")
    ]
    for path, said in form.errors.items():
        head, _, rest = path.partition(".")
        at, _, last = rest.partition(".")
        if head == "items" and at.isdecimal() and int(at) < len(typed):
            line, serial = typed[int(at)]
            found.setdefault(f"serials.{line}", []).extend(f"{serial}: {text}" for text in said)
        elif head == "bulk" and at.isdecimal() and int(at) < len(loose):
            found.setdefault(f"loose.{loose[int(at)]}.{last or 'quantity'}", []).extend(said)
        elif head == "expected" and at.isdecimal() and int(at) < len(stages):
            found.setdefault(f"expected.{stages[int(at)]}.{last}", []).extend(said)
        else:
            found.setdefault(path, []).extend(said)
    return found


def _render_shipment_form(actor: Actor, permit_id: UUID, form: Form) -> str:
    view = permit_queries.get_permit(actor, permit_id)
    return render_template(
        "licensing/shipment_new.html",
        actor=actor,
        view=view,
        permit=view.permit,
        form=form,
        choices=choices,
        posts=choices.posts_between(actor, view.permit),
        zone=actor_zone(actor),
    )

"""Issuing a permit: the form shows the fields of that document alone (Model Regulations 2.2–4.2)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for

from api.schemas.permits import PermitRequest
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.desk import choices
from api.web.desk.blueprint import blueprint
from api.web.desk.filling import completed, gathered
from api.web.typed import Form
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.desk import next_number
from salsa_ext.services import permits
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import PERMIT_KINDS

MOST_LINES = 50


def asked_kind() -> str:
    """Return the kind of document that the address names, an import certificate without one."""
    kind = request.args.get("kind", "import")
    return kind if kind in PERMIT_KINDS else "import"


@blueprint.get("/permits/new")
@signed_in
def issue_form(actor: Actor) -> str:
    """Show the form with what most documents say."""
    require(actor, Permission.PERMIT_RECORD)
    return _page(actor, asked_kind(), blank(actor, asked_kind()))


@blueprint.post("/permits/new")
@sender
def issue(actor: Actor) -> Any:
    """Issue the permit and show it; 422 or 409 with the form where that cannot be."""
    require(actor, Permission.PERMIT_RECORD)
    kind, form = asked_kind(), sending.sent()
    for rows in ("lines", "transit"):
        form.close_up(rows)
    if form.get("do") == "add":
        return again(actor, lambda: _page(actor, kind, _with_line(form)))
    done = sending.send(form, actor, lambda: _issue(actor, kind, form))
    form.errors = gathered(form)
    return done or (again(actor, lambda: _page(actor, kind, form)), form.status)


def _issue(actor: Actor, kind: str, form: Form) -> str:
    data = form.load(PermitRequest(), lambda body: completed(body, actor.own_state(), kind, form))
    permit_id = permits.record(actor=actor, data=data)
    return url_for("desk.permit", permit_id=permit_id, done="issued")


def blank(actor: Actor, kind: str) -> Form:
    """Return the form as it is opened: today, a year less a day, the next number, own agency."""
    on = today(actor)
    agencies = choices.agencies(actor)
    return Form({
        "number": next_number(actor, kind), "issued_on": on.isoformat(),
        "expires_on": year_after(on).isoformat(),
        "authority.agency": choices.first(agencies, actor.agency),
        "document_kind": "certificate", "regime": "permanent",
        "exporter.kind": "manufacturer" if kind == "import" else "dealer", "importer.kind": "dealer",
        "plan.mode": "road",
    })  # fmt: skip


def year_after(on: date) -> date:
    """Return the last day of the year that begins on a day (Model Regulations 8.1)."""
    try:
        return date.fromordinal(on.replace(year=on.year + 1).toordinal() - 1)
    except ValueError:  # 29 February
        return date(on.year + 1, 2, 28)


def _with_line(form: Form) -> Form:
    rows = form.rows("lines")
    if len(rows) < MOST_LINES:
        form.opened = f"lines.{len(rows)}.type"
        form.values[form.opened] = ""
    return form


def _page(actor: Actor, kind: str, form: Form) -> str:
    return render_template(
        "desk/issue.html", actor=actor, kind=kind, form=form, choices=choices,
        states=choices.states(besides=actor.state),
        agencies=choices.agencies(actor), suggest=choices.suggestions(actor), most=MOST_LINES,
    )  # fmt: skip

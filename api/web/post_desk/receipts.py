"""The receipt of a seizure: its number, what it matches and whom to call, and what it is joint with.

What it matches was found when it was recorded, and its owners were told so; it is kept as it was answered,
for the account that recorded it, and is not looked for again; how the alerts that it met stand is said by now.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import current_app, request

from api.i18n import translate
from api.schemas.checks import FoundResponse
from api.vault import vault
from api.web import sending, shown
from api.web.desk import doings
from api.web.guns.checks import as_read, asides, unreachable_of
from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, form, page, render
from api.web.post_desk.taking import id_in, take
from api.web.typed import Form
from salsa_ext.errors import Coded, Invalid, Message, NotConfigured, NotFound, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import documents
from salsa_ext.readmodels import hits as meeting
from salsa_ext.readmodels.documents import SEIZURES, DocumentView
from salsa_ext.services import (
    alert_advice,
    checks,
    devices,
    gun_corrections,
    hits,
    idempotency,
    joint,
)
from salsa_ext.services.idempotency import Answer, Attempt
from salsa_ext.services.matches import ItemMatches
from salsa_ext.values.actor import Actor

REASON = say("Joint with {state} {number}.")
NEEDED = say("Type the number that the other side gave its seizure.")


@blueprint.get("/posts/<slug:code>/desk/seizures/<uuid:seizure_id>")
@page
def receipt(actor: Actor, here: Here, seizure_id: UUID) -> str:
    """Show a seizure of the own side as it was taken."""
    require(actor, Permission.SEIZURE_READ)
    return _page(actor, here, seizure_id)


@blueprint.post("/posts/<slug:code>/desk/seizures/<uuid:seizure_id>/joint")
@form
def join(actor: Actor, here: Here, seizure_id: UUID) -> Any:
    """Name the other side's seizure on an own one, by its number or by a button that stands for it."""
    require(actor, Permission.SEIZURE_RECORD)
    sent = sending.sent()
    return take(actor, here, sent, lambda _: _join(actor, here, seizure_id, sent),
                lambda again: _page(actor, here, seizure_id, again))  # fmt: skip


def _join(actor: Actor, here: Here, seizure_id: UUID, form: Form) -> str:
    other = form.get("other")
    number = (
        joint.number_of(actor=actor, seizure_id=seizure_id, other_id=_id(other))
        if other
        else form.get("number")
    )
    if not number:
        raise Invalid({"number": [NEEDED]})
    state = here.other.state
    reason = translate(Message(REASON.text, {"state": Coded("state", state), "number": number}))
    seen = request.args.get("seen", 0, int) if other else doings.version_of(form)
    joint.name(actor=actor, vault=vault(), seizure_id=seizure_id, seen=seen, state=state,
               number=number, reason=reason)  # fmt: skip
    return here.address("receipt", seizure_id=seizure_id)


def keep(actor: Actor, seizure_id: UUID, found: Sequence[ItemMatches]) -> None:
    """Keep what the items of a seizure match and which alerts they met, as a check is answered now."""
    records = {line: gun.id for line, gun in _guns(documents.read(SEIZURES, seizure_id)).items()}
    made = hits.met_by(actor, records.values())
    said = [
        {"line": one.line, "is_later": one.is_later} | FoundResponse().dump(
            checks.told_of(actor, seizure_id, one.candidates,
                           made=sorted(made.get(records[one.line], ()), key=alert_advice.rank))
        ) for one in found
    ]  # fmt: skip
    body = current_app.json.dumps(said).encode()
    idempotency.keep(actor, _attempt(actor, seizure_id), Answer(200, "", body))


def lines(actor: Actor, address: str) -> list[str]:
    """Return in words what the seizure of a receipt matches, to stand in a list of several; nothing of none."""
    try:
        seizure_id = UUID(id_in(address))
    except ValueError:  # taken by an earlier version, which had no receipts
        return []
    told = [one for one in _kept(actor, seizure_id) if one["verdict"] != "no_hit"]
    guns = _guns(documents.read(SEIZURES, seizure_id)) if told else {}
    return [
        f"{guns[one['line']].serial or ''}: {shown.verdict(one).name}."
        f" {one['next']['text']}" for one in told
    ]  # fmt: skip


def told(actor: Actor, seizure_id: UUID) -> dict[int, dict[str, Any]]:
    """Return what was answered of each gun, by its line; nothing to another account."""
    return {one["line"]: one for one in _kept(actor, seizure_id)}


def _guns(view: DocumentView) -> dict[int, Any]:
    return {item.record.line: item.record for item in view.items}


def _kept(actor: Actor, seizure_id: UUID) -> list[dict[str, Any]]:
    first = idempotency.replay(_attempt(actor, seizure_id))
    return [as_read(one) for one in json.loads(first.body)] if first else []


def _attempt(actor: Actor, seizure_id: UUID) -> Attempt:
    """Return under what the answer is kept: its key is told to nobody, and is of this account alone."""
    try:
        key = f"{devices.owner_of(actor, vault())} {seizure_id}"
    except NotConfigured:
        key = str(seizure_id)
    return Attempt(actor.account_id, "GET", f"/seizures/{seizure_id}/matches", key, b"")


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound("seizure", typed) from None


def _page(actor: Actor, here: Here, seizure_id: UUID, form: Form | None = None) -> str:
    gun_corrections.own(actor, seizure_id)
    view = documents.read(SEIZURES, seizure_id)
    form = form or Form({"number": view.joint.number if view.joint else ""})
    form.values["seen"] = str(view.version)
    said = [one | {"unreachable": unreachable_of(actor, one)} for one in _kept(actor, seizure_id)]
    guns = _guns(view)
    met = meeting.of_records(actor, [gun.id for gun in guns.values()])
    return render("receipt", actor, here, view=view, form=form, answers=said, guns=guns, met=met,
                  **asides(actor, [one for answer in said for one in answer["candidates"]]))  # fmt: skip

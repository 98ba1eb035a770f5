"""What may be amended of a shipment: how it is planned, and nothing of what it holds (8.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from salsa_ext.articles import Article
from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import Coded, IllegalTransition, RuleBroken, say
from salsa_ext.models import Permit, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.services import ledger, redatings, takings, telling
from salsa_ext.services.amendments import check_authentication
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.fields import Problems
from salsa_ext.services.parties import Parties
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.changes import Amendment
from salsa_ext.values.parties import Party

AMENDABLE: Final = ("planned", "released", "in_transit", "held")
TRANSPORT: Final = ("document_kind", "document_number", "plates", "container")


def amend(*, actor: Actor, shipment_id: UUID, seen: int | None, data: Amendment) -> None:
    """Amend what is planned of a shipment: ports, route, mode, dates, carrier, vehicle, seals.

    By the exporting state, until it has arrived, within the validity of its permit; all but the
    mode bears a sign of the authority (Model Regulations 8.5). What stood before and what stands now
    is kept; of a carrier the ids. Raises NotFound, Forbidden, StaleVersion, IllegalTransition,
    RuleBroken or Invalid.
    """
    require(actor, Permission.SHIPMENT_AMEND)
    shipment = takings.take(actor, shipment_id, seen)
    require(actor, Permission.SHIPMENT_AMEND, shipment.owner_state)
    permit = db.session.get_one(Permit, shipment.permit_id, populate_existing=True)
    _check(actor, shipment, permit, data.changes)
    check_authentication(data, data.changes)
    changes = _as_columns(shipment, data.changes)
    before, planned = {name: _plain(getattr(shipment, name)) for name in changes}, shipment.ships_on
    for name, value in changes.items():
        setattr(shipment, name, value)
    if shipment.ships_on != planned:
        redatings.redate(actor, shipment, planned, data.reason)
    after = {name: _plain(value) for name, value in changes.items()}
    told = {"before": before, "after": after, "authentication": data.authentication}
    note_many(actor, [Note(shipment, "amended", data.reason, data=told)])
    ledger.refresh(actor, [shipment])
    fields = sorted(data.changes)
    telling.tell(actor, [News(shipment, "shipment_amended", telling.others(actor, shipment),
                              {"fields": fields})])  # fmt: skip
    append(actor, Act(Action.SHIPMENT_AMENDED, "shipment", shipment.id, shipment.owner_state,
                      shipment.concerned, {"fields": fields}))  # fmt: skip


def _check(actor: Actor, shipment: Shipment, permit: Permit, changes: Mapping[str, Any]) -> None:
    if shipment.status not in AMENDABLE:
        raise IllegalTransition("shipment", shipment.status, "amend")
    if today(actor) > permit.last_day:
        raise RuleBroken(
            Article.AMENDED_IN_VALIDITY,
            say("The last day of the permit was {last}; a shipment under it is amended within its validity"
                " alone (Model Regulations 8.5).", last=permit.last_day),
        )  # fmt: skip
    if permit.status not in ("issued", "exhausted"):
        raise RuleBroken(
            Article.AMENDED_IN_VALIDITY,
            say("The permit is {status}; no shipment under it is amended (Model Regulations 8.5).",
                status=Coded("permit_status", permit.status)),
        )  # fmt: skip
    problems = Problems()
    if not changes:
        problems.add("reason", say("Nothing is changed; give what is new of the plan."))
    ships_on = changes.get("ships_on")
    if ships_on and not permit.issued_on <= ships_on <= permit.last_day:
        problems.add("ships_on", say("The permit is valid from {first} to {last}.",
                                     first=permit.issued_on, last=permit.last_day))  # fmt: skip
    problems.raise_any()


def _as_columns(shipment: Shipment, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes as columns: what leads to others, such as the posts, with them."""
    fresh = {name: value for name, value in changes.items() if name not in ("carrier", "transport")}
    for name in ("route", "seals"):
        if name in fresh:
            fresh[name] = list(fresh[name])
    if "expected" in fresh:
        fresh["expected"] = [dict(vars(step)) for step in fresh["expected"]]
    if "route" in fresh or "expected" in fresh:
        fresh["posts"] = posts_of(fresh.get("route", shipment.route),
                                  fresh.get("expected", shipment.expected))  # fmt: skip
    if "transport" in changes:
        transport = changes["transport"]
        fresh |= {name: transport.get(name) for name in TRANSPORT}
        fresh["plates"] = list(transport.get("plates", ()))
    if "carrier" in changes:
        fresh["carrier_id"] = _carrier(shipment, changes["carrier"])
    return fresh


def posts_of(route: Iterable[str], expected: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the posts that a shipment passes: those of its route, and where it is expected."""
    return sorted({*route, *(step["post"] for step in expected if step["post"])})


def _carrier(shipment: Shipment, carrier: Party) -> UUID | None:
    parties = Parties(shipment.owner_state)
    added = parties.add(carrier, shipment.concerned)
    parties.write()
    return added


def _plain(value: Any) -> Any:
    """Return a column as an event keeps it."""
    return value if isinstance(value, list | None) else str(value)

"""What the issuing authority may change of a permit that stands (Model Regulations 8.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from salsa_ext.articles import Article
from salsa_ext.audit import Act, Action, append
from salsa_ext.db import db
from salsa_ext.errors import FieldsAgainstRule, IllegalTransition, Invalid, Named, RuleBroken, say
from salsa_ext.models import Permit
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.services import announcements, holdings, standings
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.fields import Problems
from salsa_ext.services.parties import Parties
from salsa_ext.values.actor import Actor
from salsa_ext.values.changes import Amendment
from salsa_ext.values.parties import Party

WITHOUT_AUTHENTICATION: Final = ("mode",)


def amend(*, actor: Actor, permit_id: UUID, seen: int | None, data: Amendment) -> None:
    """Change the source of the goods, or the plan of a transit; everything else is a new permit.

    Raises NotFound, Forbidden, StaleVersion, IllegalTransition, RuleBroken after the last day or
    without the sign that makes the change visible, or Invalid.
    """
    require(actor, Permission.PERMIT_RECORD)
    permit = holdings.take(actor, permit_id, seen)
    _check_standing(actor, permit)
    changes = _changed(permit, data.changes)
    check_authentication(data, changes)
    before = _apply(permit, changes)
    permit.version += 1
    db.session.flush()
    told = {"before": before, "after": _now(permit, changes), "authentication": data.authentication}
    note_many(actor, [Note(permit, "amended", data.reason, data=told)])
    standings.refresh(actor, [permit])
    announcements.of_permits(actor, [permit], "permit_amended")
    append(actor, Act(Action.PERMIT_AMENDED, "permit", permit.id, concerned=permit.concerned,
                      data={"kind": permit.kind, "fields": sorted(changes)}))  # fmt: skip


def check_authentication(data: Amendment, changes: Mapping[str, Any]) -> None:
    """Raise RuleBroken where a change other than that of the mode bears no sign of the authority.

    What is authenticated has a reason too, which the states concerned read: Invalid where it has none.
    """
    signed = [name for name in changes if name not in WITHOUT_AUTHENTICATION]
    if signed and not data.authentication:
        raise RuleBroken(
            Article.AUTHENTICATION,
            say("To change {fields}, say in {where} how the document shows it: a stamp, a seal or an"
                " authorised signature (Model Regulations 8.5). The mode alone needs none.",
                fields=Named(tuple(sorted(signed))), where=Named(("authentication",))),
        )  # fmt: skip
    if signed and not data.reason:
        said = say("To change {fields}, give the reason, which the states concerned read; the mode alone needs"
                   " none.", fields=Named(tuple(sorted(signed))))  # fmt: skip
        raise Invalid({"reason": [said]})


def _check_standing(actor: Actor, permit: Permit) -> None:
    if permit.status not in ("issued", "exhausted"):
        raise IllegalTransition("permit", permit.status, "amend")
    if today(actor) > permit.last_day:
        raise RuleBroken(
            Article.AMENDED_IN_VALIDITY,
            say("The last day of this permit was {last}; it is amended within its validity alone"
                " (Model Regulations 8.5). Reissue it under a new number.", last=permit.last_day),
        )  # fmt: skip


def _changed(permit: Permit, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is new, flat: the source, and the fields of the plan by their names."""
    if "plan" in changes and permit.kind != "in_transit":
        said = say("Only a transit authorization has a plan to be amended; planned shipments are amended"
                   " themselves (Model Regulations 8.5).")  # fmt: skip
        raise FieldsAgainstRule(Article.AMENDABLE, {"plan": [said]})
    fresh = {name: value for name, value in changes.items() if name != "plan"}
    fresh |= changes.get("plan", {})
    problems = Problems()
    if not fresh:
        problems.add(
            "source", say("Nothing is changed; give source, or plan with what is new of it.")
        )
    problems.raise_any()
    return fresh


def _apply(permit: Permit, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change the permit; returns what stood before, a carrier by his id."""
    before = _now(permit, changes)
    plan = dict(permit.plan or {})
    for name, value in changes.items():
        if name == "source":
            permit.source = value
        elif name == "carrier":
            parties = Parties(permit.owner_state)
            carrier = Party(value, "carrier", permit.owner_state)
            permit.carrier_id = parties.add(carrier, permit.concerned)
            parties.write()
        else:
            plan[name] = value
    permit.plan = plan or None
    return before


def _now(permit: Permit, changes: Mapping[str, Any]) -> dict[str, Any]:
    standing = (permit.plan or {}) | {
        "source": permit.source, "carrier": permit.carrier_id and str(permit.carrier_id),
    }  # fmt: skip
    return {name: standing.get(name) for name in changes}

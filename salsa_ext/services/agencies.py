"""Agencies and contacts that a state registers for itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import insert_many
from salsa_ext.errors import Invalid, say
from salsa_ext.models import Agency, Contact
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import AGENCY_KINDS, CONTACT_KINDS
from salsa_ext.values.ids import new_id
from salsa_ext.values.zones import is_zone


@dataclass(frozen=True)
class AgencyData:
    """An authority; `code` is its own everywhere, `time_zone` that of the dates it writes."""

    code: str
    kind: str
    name: str
    time_zone: str


@dataclass(frozen=True)
class ContactData:
    """An office to be called, never a person."""

    agency: str
    kind: str
    languages: tuple[str, ...]
    hours: str
    telephone: str | None = None
    email: str | None = None


def register(*, actor: Actor, data: AgencyData) -> UUID:
    """Register an agency of the own state; raises Invalid or Duplicate."""
    require(actor, Permission.AGENCY_MANAGE)
    if not is_zone(data.time_zone):
        raise Invalid({"time_zone": [say("Not an IANA time zone; for example America/Asuncion.")]})
    if data.kind not in AGENCY_KINDS:
        raise Invalid({"kind": [say("One of: {kinds}.", kinds=", ".join(AGENCY_KINDS))]})
    agency_id = new_id()
    insert_many(Agency, [{"id": agency_id, "owner_state": actor.state} | vars(data)])
    append(actor, Act(Action.AGENCY_REGISTERED, "agency", agency_id, data={"code": data.code}))
    return agency_id


def add_contact(*, actor: Actor, data: ContactData) -> UUID:
    """Register whom to call in the own state; raises Invalid."""
    require(actor, Permission.AGENCY_MANAGE)
    if data.kind not in CONTACT_KINDS:
        raise Invalid({"kind": [say("One of: {kinds}.", kinds=", ".join(CONTACT_KINDS))]})
    contact_id = new_id()
    insert_many(Contact, [{
        "id": contact_id, "owner_state": actor.own_state(),
        "valid_from": today(actor), "valid_to": None,
    } | vars(data) | {"languages": list(data.languages)}])  # fmt: skip
    append(actor, Act(Action.CONTACT_REGISTERED, "contact", contact_id, data={"kind": data.kind}))
    return contact_id

"""The register of licensees (CIFTA XIII)."""

from __future__ import annotations

from uuid import UUID

from flask import g
from marshmallow import Schema

from api.resource import Resource
from api.schemas.licensees import (
    ClosingRequest,
    DecisionRequest,
    LicenseeQuery,
    LicenseeRequest,
    LicenseeResponse,
    RenewalRequest,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import licensees as reading
from salsa_ext.readmodels.licensees import LicenseeView
from salsa_ext.services import licensees
from salsa_ext.services.licensees import Renewal
from salsa_ext.values.actor import Actor
from salsa_ext.values.licensees import Decision, LicenseeData

ONE = "/licensees/<uuid:licensee_id>"
blueprint = Resource(
    "licensees", "Who may make, deal, import, export, carry and broker in your state (CIFTA XIII)"
)
blueprint.listing(
    "/licensees", LicenseeQuery, LicenseeResponse, reading.list_licensees, Permission.LICENSEE_READ
)
blueprint.reading(ONE, LicenseeResponse, reading.get_licensee, Permission.LICENSEE_READ)


@blueprint.posting("/licensees", LicenseeRequest, LicenseeResponse, Permission.LICENSEE_RECORD)
def record_licensee(actor: Actor, data: LicenseeData) -> LicenseeView:
    """Enter somebody with a licence of your state."""
    return reading.read(licensees.record(actor=actor, data=data))


def _standing(actor: Actor, licensee_id: UUID) -> int:
    return reading.read(licensee_id).version


def _action(name: str, body: type[Schema], said: str) -> None:
    def act(actor: Actor, data: Decision, licensee_id: UUID) -> LicenseeView:
        licensees.decide(actor=actor, licensee_id=licensee_id, seen=g.seen, action=name, data=data)
        return reading.read(licensee_id)

    act.__name__, act.__doc__ = f"{name}_licensee", said
    blueprint.posting(
        f"{ONE}/{name}", body, LicenseeResponse, Permission.LICENSEE_RECORD,
        status=200, standing=_standing,
    )(act)  # fmt: skip


_action("suspend", DecisionRequest, "Suspend a licence that is active.")
_action("reinstate", DecisionRequest, "Reinstate a licence that is suspended.")
_action("revoke", DecisionRequest, "Revoke a licence for good.")
_action("close", ClosingRequest, "Note that a firm is no more, and who holds its books.")


@blueprint.posting(
    f"{ONE}/renew", RenewalRequest, LicenseeResponse, Permission.LICENSEE_RECORD,
    status=200, standing=_standing,
)  # fmt: skip
def renew_licensee(actor: Actor, data: Renewal, licensee_id: UUID) -> LicenseeView:
    """Let a licence last longer."""
    licensees.renew(actor=actor, licensee_id=licensee_id, seen=g.seen, data=data)
    return reading.read(licensee_id)

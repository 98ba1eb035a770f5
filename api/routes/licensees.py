"""Routes of the register of licensees (CIFTA XIII)."""

from __future__ import annotations

from uuid import UUID

from flask import g
from marshmallow import Schema

from api.http.resource import Resource
from api.schemas.licensees import (
    LicenseeClosureRequest,
    LicenseeDecisionRequest,
    LicenseeQuery,
    LicenseeRenewalRequest,
    LicenseeRequest,
    LicenseeResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.trade.permits import licensee_queries, licensees
from salsa_ext.trade.permits.licensee_queries import LicenseeView
from salsa_ext.trade.permits.values import LicenceDecision, LicenceRenewal, LicenseeData

PATH = "/licensees/<uuid:licensee_id>"
blueprint = Resource(
    "licensees", "Who may make, deal, import, export, carry and broker in your state (CIFTA XIII)"
)
blueprint.listing(
    "/licensees",
    LicenseeQuery,
    LicenseeResponse,
    licensee_queries.list_licensees,
    Permission.LICENSEE_READ,
)
blueprint.reading(PATH, LicenseeResponse, licensee_queries.get_licensee, Permission.LICENSEE_READ)


@blueprint.posting("/licensees", LicenseeRequest, LicenseeResponse, Permission.LICENSEE_RECORD)
def create_licensee(actor: Actor, data: LicenseeData) -> LicenseeView:
    """Create a licensee of your state."""
    return licensee_queries.read_licensee(licensees.record(actor=actor, data=data))


def _current_version(actor: Actor, licensee_id: UUID) -> int:
    return licensee_queries.read_licensee(licensee_id).version


def _add_action(name: str, body: type[Schema], summary: str) -> None:
    def act(actor: Actor, data: LicenceDecision, licensee_id: UUID) -> LicenseeView:
        licensees.decide(
            actor=actor,
            licensee_id=licensee_id,
            expected_version=g.expected_version,
            action=name,
            data=data,
        )
        return licensee_queries.read_licensee(licensee_id)

    act.__name__, act.__doc__ = f"{name}_licensee", summary
    blueprint.posting(
        f"{PATH}/{name}",
        body,
        LicenseeResponse,
        Permission.LICENSEE_RECORD,
        status=200,
        standing=_current_version,
    )(act)


_add_action("suspend", LicenseeDecisionRequest, "Suspend a licence that is active.")
_add_action("reinstate", LicenseeDecisionRequest, "Reinstate a licence that is suspended.")
_add_action("revoke", LicenseeDecisionRequest, "Revoke a licence for good.")
_add_action(
    "close", LicenseeClosureRequest, "Note that a firm is no more, and who holds its books."
)


@blueprint.posting(
    f"{PATH}/renew",
    LicenseeRenewalRequest,
    LicenseeResponse,
    Permission.LICENSEE_RECORD,
    status=200,
    standing=_current_version,
)
def renew_licensee(actor: Actor, data: LicenceRenewal, licensee_id: UUID) -> LicenseeView:
    """Renew a licence until a later day."""
    licensees.renew(
        actor=actor, licensee_id=licensee_id, expected_version=g.expected_version, data=data
    )
    return licensee_queries.read_licensee(licensee_id)

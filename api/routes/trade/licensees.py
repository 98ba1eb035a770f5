"""Routes of licensees: makers, dealers, carriers and their licences."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.http.resource import Item, Resource
from api.schemas.trade.licensees import (
    LicenseeClosureRequest,
    LicenseeDecisionRequest,
    LicenseeQuery,
    LicenseeRenewalRequest,
    LicenseeRequest,
    LicenseeResponse,
    PublishedLicenseeQuery,
    PublishedLicenseeResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.trade.permits import licensees
from salsa_ext.trade.permits.values import LicenceDecision

LICENSEE = "/licensees/<uuid:licensee_id>"


def _load_licensee(_: Actor, licensee_id: UUID) -> licensees.LicenseeView:
    return licensees.read_licensee(licensee_id)


blueprint = Resource(
    "licensees",
    "Who may make, deal, import, export, carry and broker in your state (CIFTA XIII)",
    Item(LicenseeResponse, _load_licensee, lambda *ids: _load_licensee(*ids).version),
)
blueprint.listing(
    "/licensees",
    LicenseeQuery,
    LicenseeResponse,
    licensees.list_licensees,
    Permission.LICENSEE_READ,
)
blueprint.listing(
    "/licensees/published",
    PublishedLicenseeQuery,
    PublishedLicenseeResponse,
    licensees.list_published,
    Permission.LICENSEE_READ,
    name="list_published_licensees",
)
blueprint.reading(LICENSEE, LicenseeResponse, licensees.get_licensee, Permission.LICENSEE_READ)
blueprint.action(
    "/licensees",
    LicenseeRequest,
    licensees.record,
    Permission.LICENSEE_RECORD,
    "Create a licensee of your state.",
    name="create_licensee",
    location="/licensees/{id}",
)
blueprint.action(
    f"{LICENSEE}/renew",
    LicenseeRenewalRequest,
    licensees.renew,
    Permission.LICENSEE_RECORD,
    "Renew a licence until a later day.",
)


def _add_decision(verb: str, body: type[LicenseeDecisionRequest], summary: str) -> None:
    def decide(*, expected_version: int, data: LicenceDecision, **context: Any) -> None:
        licensees.decide(expected_version=expected_version, action=verb, data=data, **context)

    blueprint.action(f"{LICENSEE}/{verb}", body, decide, Permission.LICENSEE_RECORD, summary)


_add_decision("suspend", LicenseeDecisionRequest, "Suspend an active licence.")
_add_decision("reinstate", LicenseeDecisionRequest, "Reinstate a suspended licence.")
_add_decision("revoke", LicenseeDecisionRequest, "Revoke a licence for good.")
_add_decision(
    "close", LicenseeClosureRequest, "Record that a firm closed, and the holder of its books."
)

"""The signed papers of permits and shipments, to be shown or printed."""

from __future__ import annotations

from uuid import UUID

from werkzeug import Response

from api.handed import pdf
from api.resources.papers import permit_paper, shipment_paper
from api.web.access import signed_in
from api.web.desk.blueprint import blueprint
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.values.actor import Actor


@blueprint.get("/permits/<uuid:permit_id>/paper.pdf")
@signed_in
def paper_of_permit(actor: Actor, permit_id: UUID) -> Response:
    """Give the paper of a permit."""
    require(actor, Permission.PERMIT_READ)
    return pdf(*permit_paper(actor, permit_id))


@blueprint.get("/shipments/<uuid:shipment_id>/paper.pdf")
@signed_in
def paper_of_shipment(actor: Actor, shipment_id: UUID) -> Response:
    """Give the paper of a shipment."""
    require(actor, Permission.SHIPMENT_READ)
    return pdf(*shipment_paper(actor, shipment_id))

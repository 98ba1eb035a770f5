"""Home of the licensing pages: work lists, signed papers."""

from uuid import UUID

from werkzeug import Response

from api.routes.papers import get_permit_paper, get_shipment_paper
from api.web.access import login_required
from api.web.pages import licensing_pages
from api.web.record_pages import render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.worklists import desk

LICENSING = ("licensing.home", message("Licensing desk"))


@licensing_pages.get("/")
@login_required
def home(actor: Actor) -> str:
    """Show the open work of the state."""
    return render_page(
        "licensing/home.html", actor, desk=desk.get_desk(actor), most=desk.MAX_LISTED
    )


@licensing_pages.get("/permits/<uuid:permit_id>/paper.pdf")
@login_required
def permit_paper(actor: Actor, permit_id: UUID) -> Response:
    """Return the signed paper of a permit."""
    require(actor, Permission.PERMIT_READ)
    return get_permit_paper(actor, permit_id)


@licensing_pages.get("/shipments/<uuid:shipment_id>/paper.pdf")
@login_required
def shipment_paper(actor: Actor, shipment_id: UUID) -> Response:
    """Return the signed paper of a shipment."""
    require(actor, Permission.SHIPMENT_READ)
    return get_shipment_paper(actor, shipment_id)

"""Leads with their graph: of own records, or of foreign ones for a typed purpose and case."""

from uuid import UUID

from api.schemas.records import LeadQuery, LeadResponse
from api.web import formatting, lists
from api.web.charts import draw_lead
from api.web.forms import Field, Form
from api.web.pages import investigation_pages
from api.web.pages.investigation.checks import register_purpose_page
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound, message
from salsa_ext.leads import queries as lead_queries

FILTERS = (
    Field("kind", message("Kind"), "choice", "lead_kind"),
    Field("state", message("State"), "choice", "participant"),
    Field("since", message("Seized since"), "date"),
    Field("dealer", message("Dealer"), max_length=200),
)
PAGES = DocumentPages(investigation_pages, "lead", "/leads", message("Patterns"))


def _render_list(actor: Actor, form: Form | None) -> str:
    """Render the leads of own records, strongest first; of all states without a form."""
    query = lists.read_filters(LeadQuery)
    page = lead_queries.list_leads(
        actor=actor, filters=query.filters, limit=lists.PAGE_SIZE, cursor=query.cursor
    )
    return PAGES.render_list(
        actor,
        query.form,
        page,
        FILTERS if form else (),
        purpose_form=form,
        rows=LeadResponse(many=True).dump(page.items),
        next_page=lists.next_page_address(page.next) if form else None,
        is_more=page.next is not None,
    )


def _render_lead(actor: Actor, form: Form | None, lead_id: UUID) -> str:
    """Render a lead; asks for a purpose if own records are insufficient."""
    try:
        lead = LeadResponse().dump(lead_queries.get_lead(actor=actor, lead_id=lead_id))
    except NotFound:
        if form is None:
            raise
        return PAGES.render_detail(actor, None, lead=None, form=form)
    graph = draw_lead(formatting.label("lead_kind", lead["kind"]), lead)
    return PAGES.render_detail(actor, None, lead=lead, form=form, graph=graph)


register_purpose_page(
    investigation_pages, "/leads", "lead_list", _render_list, Permission.LEAD_READ
)
register_purpose_page(
    investigation_pages, "/leads/<uuid:lead_id>", "lead_page", _render_lead, Permission.LEAD_READ
)

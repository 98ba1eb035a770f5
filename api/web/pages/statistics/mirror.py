"""Mirror figures of licit trade: what an exporter recorded beside what its importer recorded."""

from typing import Any, Final

from api.http import tables
from api.schemas.figures.statistics import MirrorFilters, MirrorRowResponse, value_name
from api.web import formatting, lists
from api.web.access import login_required
from api.web.forms import Field
from api.web.pages import account_pages
from api.web.record_pages import HOME, render_page
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.reference.calendars import today
from salsa_ext.trade import mirror
from salsa_ext.trade.permits.figures import LICIT_TRADE

MAX_ROWS: Final = 200
FILTERS: Final = (
    Field("year", message("Year"), max_length=4),
    Field("exporting_state", message("Exporting country"), "choice", "any_state"),
    Field("importing_state", message("Importing country"), "choice", "any_state"),
    Field("heading", message("Tariff heading"), "choice", "tariff_heading"),
)


@account_pages.get("/figures/mirror")
@login_required
def mirror_page(actor: Actor) -> Any:
    """Show the figures of both sides, of the last ended year unless another is chosen."""
    listed = lists.read_filters(MirrorFilters)
    filters, form = dict(listed.filters), listed.form
    year = filters.pop("year", today(actor).year - 1)
    rows = mirror.list_mirror(actor, year, filters)
    if listed.format:
        return tables.list_response(listed.format, MirrorRowResponse(), rows, "mirror", {})
    chips = list(lists.chips(form, FILTERS))
    form.values.setdefault("year", str(year))
    page = render_page(
        "account/mirror.html",
        actor,
        trail=(HOME,),
        form=form,
        fields=FILTERS,
        chips=chips,
        year=year,
        rows=rows[:MAX_ROWS],
        total=len(rows),
        heading_name=lambda heading: value_name(LICIT_TRADE, "heading", heading),
        measures=[
            formatting.label("trade_measure", code)
            for code in (*mirror.OF_EXPORTER, *mirror.OF_IMPORTER)
        ],
    )
    return page, form.status

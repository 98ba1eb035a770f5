"""The registers of licensees: the own one, and what other states publish of theirs."""

from __future__ import annotations

from api.schemas.trade.permits import PublishedLicenseeQuery, PublishedLicenseeResponse
from api.web.forms import Field
from api.web.pages import licensing_pages
from api.web.pages.licensing.home import LICENSING
from api.web.record_pages import DocumentPages
from salsa_ext.core.errors import message
from salsa_ext.trade.permits import licensees

FILTERS = (
    Field("name", message("Name"), max_length=100),
    Field("state", message("State"), "choice", "participant", blank=message("Your state")),
    Field("role", message("Role"), "choice", "licensee_role"),
    Field("status", message("Status"), "choice", "licensee_status"),
)
PAGES = DocumentPages(
    licensing_pages, "licensee", "/licensees", message("Licensees"), parent=LICENSING
)
PAGES.add_list(
    PublishedLicenseeQuery, licensees.list_published, FILTERS, item=PublishedLicenseeResponse
)

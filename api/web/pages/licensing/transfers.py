"""List of own transfers, a transfer's page, registration."""

from typing import Any
from uuid import UUID

from api.schemas.documents import TransferQuery, TransferRequest, TransferResponse
from api.web.document_actions import Subject
from api.web.forms import Field, Form
from api.web.lists import EXTERNAL_ID, FROM_DAY, SERIAL, TO_DAY
from api.web.pages import licensing_pages
from api.web.pages.licensing.home import LICENSING
from api.web.prefill import firearm_category
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import transfers
from salsa_ext.documents.queries import TRANSFERS
from salsa_ext.reference.calendars import today
from salsa_ext.reference.names import label
from salsa_ext.reference.suggestions import remarks_on_rows

FILTERS = (
    SERIAL,
    Field("number", message("Number"), max_length=100),
    EXTERNAL_ID,
    Field("kind", message("Kind"), "choice", "transfer_kind"),
    FROM_DAY,
    TO_DAY,
)


def _find(actor: Actor, transfer_id: UUID) -> Subject:
    view = document_queries.read_document(actor=actor, kind=TRANSFERS, document_id=transfer_id)
    row = view.document
    title = f"{label('transfer_kind', row.kind, actor.language)} {row.number or ''}".strip()
    return Subject(view, title, row.owner_state, "")


def _detail(actor: Actor, subject: Subject) -> dict[str, Any]:
    items = (("firearm", item.record) for item in subject.view.items)
    return {
        "history": document_queries.document_history(subject.view),
        "remarks": remarks_on_rows(items, actor.language),
    }


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    initial = {
        "kind": "domestic_sale",
        "occurred_on": today(actor).isoformat(),
        "firearm.marking": "intact",
        "visibility": "open",
    }
    return {"form": form or Form(initial)}


def _record(actor: Actor, form: Form) -> str:
    data = form.load(TransferRequest(), lambda body: _complete_transfer(body, actor.own_state()))
    return PAGES.address(transfers.record(actor=actor, data=data), done="registered")


def _complete_transfer(body: dict[str, Any], own_state: str) -> None:
    """Set default countries of parties and the category of the firearm."""
    for party in ("from", "to"):
        if party in body:
            body[party].setdefault("country", own_state)
    firearm = body["firearm"]
    firearm.setdefault("category", firearm_category(firearm))


PAGES = DocumentPages(
    licensing_pages,
    "transfer",
    "/transfers",
    message("Transfers of your state"),
    _find,
    messages={"registered": message("The transfer is registered.")},
    parent=LICENSING,
)
PAGES.add_list(
    TransferQuery,
    lambda actor, *page: document_queries.list_own_documents(actor, TRANSFERS, *page),
    FILTERS,
    item=TransferResponse,
)
PAGES.add_detail(_detail)
PAGES.add_form(Permission.TRANSFER_RECORD, _show_form, _record)

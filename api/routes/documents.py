"""Routes of seizures, reports and transfers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g
from marshmallow import Schema

from api.http.pagination import ListQuery
from api.http.resource import Item, Resource, View
from api.schemas.common import AsOfQuery
from api.schemas.custody import (
    CustodyResponse,
    CustodyRowRequest,
    DispositionRequest,
    HandoverRequest,
    OriginRequest,
)
from api.schemas.documents import (
    AddedMarkRequest,
    ReportCorrectionRequest,
    ReportDetailResponse,
    ReportQuery,
    ReportRequest,
    ReportResponse,
    SeizureCorrectionRequest,
    SeizureDetailResponse,
    SeizureMatchedResponse,
    SeizureQuery,
    SeizureRequest,
    SeizureResponse,
    TransferCorrectionRequest,
    TransferQuery,
    TransferRequest,
    TransferResponse,
    WithdrawalRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import with_field_paths
from salsa_ext.custody import entries
from salsa_ext.custody import queries as custody_queries
from salsa_ext.custody.queries import SeizureCustody
from salsa_ext.database.paging import Page
from salsa_ext.documents import (
    added_marks,
    number_claims,
    reports,
    seizures,
    transfers,
    withdrawals,
)
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents.queries import (
    REPORTS,
    SEIZURES,
    TRANSFERS,
    DocumentKind,
    DocumentView,
    MatchedDocument,
)
from salsa_ext.documents.related import with_matches
from salsa_ext.documents.reports import with_matches_and_alerts
from salsa_ext.documents.values import SeizureData
from salsa_ext.firearms.marks.values import Mark
from salsa_ext.matches import search
from salsa_ext.reference import suggestions


@dataclass(frozen=True)
class _Documents:
    """Routes of a kind of document; `present(actor, id, data)` gives what a write is answered with.

    `data` None: it was withdrawn. `read` completes the view of one document.
    """

    kind: DocumentKind
    record: View
    record_many: View
    correct: View
    permission: Permission
    query: type[ListQuery]
    request: type[Schema]
    correction: type[Schema]
    response: type[Schema]
    detail: type[Schema]
    answer: type[Schema]
    read: Callable[[Actor, DocumentView], Any]
    present: Callable[[Actor, UUID, Any], Any]

    def version(self, _: Actor, document_id: UUID) -> int:
        """Return the current version of a document."""
        return document_queries.current_version(self.kind, document_id)

    def add_to(self, blueprint: Resource, created: str, corrected: str) -> None:
        """Add list, detail, creation, batch and correction, with the summaries of writes."""
        kind = self.kind
        path, key = f"/{kind.name}s", f"{kind.name}_id"

        def list_documents(
            actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
        ) -> Page[DocumentView]:
            return document_queries.list_documents(
                actor=actor, kind=kind, filters=filters, limit=limit, cursor=cursor
            )

        def get_document(actor: Actor, as_of: datetime | None = None, **ids: UUID) -> Any:
            view = document_queries.read_document(
                actor=actor, kind=kind, document_id=ids[key], as_of=as_of
            )
            return self.read(actor, view)

        def create(actor: Actor, data: Any) -> Any:
            return self.present(actor, self.record(actor=actor, data=data), data)

        def correct(actor: Actor, data: tuple[Any, str], **ids: UUID) -> Any:
            value, reason = data
            version = g.expected_version
            self.correct(actor=actor, expected_version=version, data=value, reason=reason, **ids)
            return self.present(actor, ids[key], value)

        list_documents.__doc__ = (
            f"Return a page of your state's {kind.name}s;"
            " with Salsa-Purpose, of all that concern it."
        )
        get_document.__doc__ = (
            f"Return the current or an earlier version of a {kind.name};"
            " another state's needs Salsa-Purpose."
        )
        item, name = f"{path}/<uuid:{key}>", f"list_{kind.name}s"
        blueprint.listing(
            path, self.query, self.response, list_documents, kind.permission, name=name
        )
        name = f"get_{kind.name}"
        blueprint.reading(item, self.detail, get_document, kind.permission, AsOfQuery, name=name)
        create.__name__, create.__doc__ = f"create_{kind.name}", created
        blueprint.posting(
            path, self.request, self.answer, self.permission, location=f"{path}/{{id}}"
        )(create)
        find_used = number_claims.find_used(kind.name)
        blueprint.batch(path, self.request, self.record_many, self.permission, find_used)
        correct.__name__, correct.__doc__ = f"correct_{kind.name}", corrected
        self.add_change(blueprint, f"{item}/correct", self.correction, self.answer, correct)

    def add_withdrawal(self, blueprint: Resource, answer: type[Schema], summary: str) -> None:
        """Add the withdrawal of a document made in error."""
        kind = self.kind

        def withdraw(actor: Actor, data: str, **ids: UUID) -> Any:
            [document_id] = ids.values()
            version = g.expected_version
            withdrawals.withdraw(
                actor=actor,
                kind=kind,
                document_id=document_id,
                expected_version=version,
                reason=data,
            )
            return self.present(actor, document_id, None)

        withdraw.__name__, withdraw.__doc__ = f"withdraw_{kind.name}", summary
        path = f"/{kind.name}s/<uuid:{kind.name}_id>/withdraw"
        self.add_change(blueprint, path, WithdrawalRequest, answer, withdraw)

    def add_change(
        self,
        blueprint: Resource,
        path: str,
        body: type[Schema],
        answer: type[Schema],
        command: View,
    ) -> None:
        """Add a POST that needs If-Match."""
        blueprint.posting(path, body, answer, self.permission, status=200, version=self.version)(
            command
        )


def _present_seizure(actor: Actor, seizure_id: UUID, data: SeizureData | None) -> Any:
    """Return a seizure, after a write of its items with remarks and matches."""
    view = document_queries.load_document(SEIZURES, seizure_id)
    if data is None:
        return view
    remarks = suggestions.remarks_on_firearms(with_field_paths("items", data.items), actor.language)
    view = replace(view, remarks=remarks)
    return MatchedDocument(
        view, search.find_matches(actor=actor, document_id=seizure_id, items=view.items)
    )


def _with_remarks(actor: Actor, kind: DocumentKind, document_id: UUID, data: Any) -> DocumentView:
    """Return a document of one gun, with the remarks on it if it was just written."""
    view = document_queries.load_document(kind, document_id)
    if data is None:
        return view
    remarks = suggestions.remarks_on_firearms([("firearm", data.firearm)], actor.language)
    return replace(view, remarks=remarks)


seizures_blueprint = Resource("seizures", "Firearms seized, found or surrendered")
_seizures = _Documents(
    SEIZURES,
    seizures.record,
    seizures.record_many,
    seizures.correct,
    Permission.SEIZURE_RECORD,
    SeizureQuery,
    SeizureRequest,
    SeizureCorrectionRequest,
    SeizureResponse,
    SeizureDetailResponse,
    SeizureMatchedResponse,
    with_matches,
    _present_seizure,
)
_seizures.add_to(
    seizures_blueprint,
    "Create a seizure; returns the records with the marks of its items.",
    "Add a corrected version with all items, and the reason.",
)


@seizures_blueprint.posting(
    "/seizures/<uuid:seizure_id>/items/<int:line>/marks",
    AddedMarkRequest,
    SeizureMatchedResponse,
    Permission.MARK_RECORD,
)
def add_seizure_mark(
    actor: Actor, data: tuple[Mark, str], seizure_id: UUID, line: int
) -> MatchedDocument:
    """Add a mark found or restored; returns the records with the gun's marks."""
    mark, reason = data
    matches = added_marks.add_mark(
        actor=actor, seizure_id=seizure_id, line=line, mark=mark, reason=reason
    )
    return MatchedDocument(document_queries.load_document(SEIZURES, seizure_id), matches)


_seizures.add_withdrawal(
    seizures_blueprint,
    SeizureResponse,
    "Withdraw a seizure recorded in error; no search finds its guns after that.",
)

reports_blueprint = Resource("reports", "A gun is lost, stolen, recovered or surrendered")
_reports = _Documents(
    REPORTS,
    reports.record,
    reports.record_new,
    reports.correct,
    Permission.REPORT_RECORD,
    ReportQuery,
    ReportRequest,
    ReportCorrectionRequest,
    ReportResponse,
    ReportDetailResponse,
    ReportDetailResponse,
    with_matches_and_alerts,
    lambda actor, *written: with_matches_and_alerts(actor, _with_remarks(actor, REPORTS, *written)),
)
_reports.add_to(
    reports_blueprint,
    "Create a report; returns its matches.",
    "Add a corrected version of a report, with the reason.",
)
_reports.add_withdrawal(
    reports_blueprint,
    ReportDetailResponse,
    "Withdraw a report made in error; alerts entered from it stay.",
)

transfers_blueprint = Resource(
    "transfers", "A gun is made, registered, sold, lent, deactivated or destroyed inside a state"
)
_Documents(
    TRANSFERS,
    transfers.record,
    transfers.record_many,
    transfers.correct,
    Permission.TRANSFER_RECORD,
    TransferQuery,
    TransferRequest,
    TransferCorrectionRequest,
    TransferResponse,
    TransferResponse,
    TransferResponse,
    lambda actor, view: view,
    lambda actor, *written: _with_remarks(actor, TRANSFERS, *written),
).add_to(
    transfers_blueprint,
    "Create a transfer.",
    "Add a corrected version of a transfer, with the reason.",
)


SEIZURE = "/seizures/<uuid:seizure_id>"
RECORD = Permission.SEIZURE_RECORD

custody_blueprint = Resource(
    "custody",
    "What became of seized guns; for their own state alone",
    Item(CustodyResponse, custody_queries.read_custody),
)
custody_blueprint.reading(
    f"{SEIZURE}/custody",
    CustodyResponse,
    custody_queries.read_custody,
    Permission.SEIZURE_READ,
    name="get_seizure_custody",
)
custody_blueprint.batch("/custody", CustodyRowRequest, entries.record_many, RECORD)
for name, schema, summary in (
    ("handover", HandoverRequest, "Enter or correct a hand-over; gaps and overlaps are shown."),
    ("disposition", DispositionRequest, "Enter or correct a disposition, with its transfer."),
    ("origin", OriginRequest, "Enter or correct how guns left lawful hands, as established."),
):
    custody_blueprint.action(
        f"{SEIZURE}/{name}s",
        schema,
        entries.record,
        RECORD,
        summary,
        name=f"record_seizure_{name}",
        status=201,
    )


@custody_blueprint.posting(
    f"{SEIZURE}/entries/<uuid:entry_id>/withdraw",
    WithdrawalRequest,
    CustodyResponse,
    RECORD,
    status=200,
)
def withdraw_seizure_entry(
    actor: Actor, data: str, seizure_id: UUID, entry_id: UUID
) -> SeizureCustody:
    """Withdraw an entry made in error, with the transfer that it wrote."""
    entries.withdraw(actor=actor, seizure_id=seizure_id, entry_id=entry_id, reason=data)
    return custody_queries.read_custody(actor, seizure_id)

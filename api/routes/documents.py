"""Routes of seizures, reports and transfers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from salsa_ext.documents.reports import ReportView, with_matches_and_alerts
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.firearms.marks.values import Mark
from salsa_ext.matches import search
from salsa_ext.reference import suggestions


def _add_reading(
    blueprint: Resource,
    kind: DocumentKind,
    query: type[ListQuery],
    schema: type[Schema],
    detail: tuple[type[Schema], Callable[[Actor, DocumentView], Any]] | None = None,
) -> View:
    """Add list and detail of a kind; return its current-version function.

    `detail`: schema and function for the detail, if it differs from the list.
    """
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
        return detail[1](actor, view) if detail else view

    list_documents.__doc__ = (
        f"Return a page of your state's {kind.name}s; with Salsa-Purpose, of all that concern it."
    )
    get_document.__doc__ = (
        f"Return the current or an earlier version of a {kind.name};"
        " another state's needs Salsa-Purpose."
    )
    blueprint.listing(
        path, query, schema, list_documents, kind.permission, name=f"list_{kind.name}s"
    )
    blueprint.reading(
        f"{path}/<uuid:{key}>",
        detail[0] if detail else schema,
        get_document,
        kind.permission,
        AsOfQuery,
        name=f"get_{kind.name}",
    )
    return lambda _, document_id: document_queries.current_version(kind, document_id)


def _withdraw(actor: Actor, kind: DocumentKind, document_id: UUID, reason: str) -> None:
    withdrawals.withdraw(
        actor=actor,
        kind=kind,
        document_id=document_id,
        expected_version=g.expected_version,
        reason=reason,
    )


seizures_blueprint = Resource("seizures", "Firearms seized, found or surrendered")
seizure_version = _add_reading(
    seizures_blueprint,
    SEIZURES,
    SeizureQuery,
    SeizureResponse,
    (SeizureDetailResponse, with_matches),
)


def _seizure_with_matches(actor: Actor, data: SeizureData, seizure_id: UUID) -> MatchedDocument:
    """Return a new version of a seizure with remarks and matches."""
    remarks = suggestions.remarks_on_firearms(with_field_paths("items", data.items), actor.language)
    view = replace(document_queries.load_document(SEIZURES, seizure_id), remarks=remarks)
    return MatchedDocument(
        view, search.find_matches(actor=actor, document_id=seizure_id, items=view.items)
    )


@seizures_blueprint.posting(
    "/seizures",
    SeizureRequest,
    SeizureMatchedResponse,
    Permission.SEIZURE_RECORD,
    location="/seizures/{id}",
)
def create_seizure(actor: Actor, data: SeizureData) -> MatchedDocument:
    """Create a seizure; returns the records with the marks of its items."""
    return _seizure_with_matches(actor, data, seizures.record(actor=actor, data=data))


seizures_blueprint.batch(
    "/seizures",
    SeizureRequest,
    seizures.record_many,
    Permission.SEIZURE_RECORD,
    number_claims.find_used("seizure"),
)


@seizures_blueprint.posting(
    "/seizures/<uuid:seizure_id>/correct",
    SeizureCorrectionRequest,
    SeizureMatchedResponse,
    Permission.SEIZURE_RECORD,
    status=200,
    version=seizure_version,
)
def correct_seizure(
    actor: Actor, data: tuple[SeizureData, str], seizure_id: UUID
) -> MatchedDocument:
    """Add a corrected version with all items, and the reason."""
    corrected, reason = data
    seizures.correct(
        actor=actor,
        seizure_id=seizure_id,
        expected_version=g.expected_version,
        data=corrected,
        reason=reason,
    )
    return _seizure_with_matches(actor, corrected, seizure_id)


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


@seizures_blueprint.posting(
    "/seizures/<uuid:seizure_id>/withdraw",
    WithdrawalRequest,
    SeizureResponse,
    Permission.SEIZURE_RECORD,
    status=200,
    version=seizure_version,
)
def withdraw_seizure(actor: Actor, data: str, seizure_id: UUID) -> DocumentView:
    """Withdraw a seizure recorded in error; no search finds its guns after that."""
    _withdraw(actor, SEIZURES, seizure_id, data)
    return document_queries.load_document(SEIZURES, seizure_id)


reports_blueprint = Resource("reports", "A gun is lost, stolen, recovered or surrendered")
report_version = _add_reading(
    reports_blueprint,
    REPORTS,
    ReportQuery,
    ReportResponse,
    (ReportDetailResponse, with_matches_and_alerts),
)


def _report_with_matches(actor: Actor, data: ReportData, report_id: UUID) -> ReportView:
    """Return a new version of a report with remarks and matches."""
    remarks = suggestions.remarks_on_firearms([("firearm", data.firearm)], actor.language)
    return with_matches_and_alerts(
        actor, replace(document_queries.load_document(REPORTS, report_id), remarks=remarks)
    )


@reports_blueprint.posting(
    "/reports",
    ReportRequest,
    ReportDetailResponse,
    Permission.REPORT_RECORD,
    location="/reports/{id}",
)
def create_report(actor: Actor, data: ReportData) -> ReportView:
    """Create a report; returns its matches."""
    return _report_with_matches(actor, data, reports.record(actor=actor, data=data))


reports_blueprint.batch(
    "/reports",
    ReportRequest,
    reports.record_new,
    Permission.REPORT_RECORD,
    number_claims.find_used("report"),
)


@reports_blueprint.posting(
    "/reports/<uuid:report_id>/correct",
    ReportCorrectionRequest,
    ReportDetailResponse,
    Permission.REPORT_RECORD,
    status=200,
    version=report_version,
)
def correct_report(actor: Actor, data: tuple[ReportData, str], report_id: UUID) -> ReportView:
    """Add a corrected version of a report, with the reason."""
    corrected, reason = data
    reports.correct(
        actor=actor,
        report_id=report_id,
        expected_version=g.expected_version,
        data=corrected,
        reason=reason,
    )
    return _report_with_matches(actor, corrected, report_id)


@reports_blueprint.posting(
    "/reports/<uuid:report_id>/withdraw",
    WithdrawalRequest,
    ReportDetailResponse,
    Permission.REPORT_RECORD,
    status=200,
    version=report_version,
)
def withdraw_report(actor: Actor, data: str, report_id: UUID) -> ReportView:
    """Withdraw a report made in error; alerts entered from it stay."""
    _withdraw(actor, REPORTS, report_id, data)
    return with_matches_and_alerts(actor, document_queries.load_document(REPORTS, report_id))


transfers_blueprint = Resource(
    "transfers", "A gun is made, registered, sold, lent, deactivated or destroyed inside a state"
)
transfer_version = _add_reading(transfers_blueprint, TRANSFERS, TransferQuery, TransferResponse)


def _transfer_with_remarks(actor: Actor, data: TransferData, transfer_id: UUID) -> DocumentView:
    remarks = suggestions.remarks_on_firearms([("firearm", data.firearm)], actor.language)
    return replace(document_queries.load_document(TRANSFERS, transfer_id), remarks=remarks)


@transfers_blueprint.posting(
    "/transfers",
    TransferRequest,
    TransferResponse,
    Permission.TRANSFER_RECORD,
    location="/transfers/{id}",
)
def create_transfer(actor: Actor, data: TransferData) -> DocumentView:
    """Create a transfer."""
    return _transfer_with_remarks(actor, data, transfers.record(actor=actor, data=data))


transfers_blueprint.batch(
    "/transfers",
    TransferRequest,
    transfers.record_many,
    Permission.TRANSFER_RECORD,
    number_claims.find_used("transfer"),
)


@transfers_blueprint.posting(
    "/transfers/<uuid:transfer_id>/correct",
    TransferCorrectionRequest,
    TransferResponse,
    Permission.TRANSFER_RECORD,
    status=200,
    version=transfer_version,
)
def correct_transfer(
    actor: Actor, data: tuple[TransferData, str], transfer_id: UUID
) -> DocumentView:
    """Add a corrected version of a transfer, with the reason."""
    corrected, reason = data
    transfers.correct(
        actor=actor,
        transfer_id=transfer_id,
        expected_version=g.expected_version,
        data=corrected,
        reason=reason,
    )
    return _transfer_with_remarks(actor, corrected, transfer_id)


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

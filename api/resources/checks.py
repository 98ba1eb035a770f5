"""Checks in the field."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from api import batches
from api.problems import ProblemSchema
from api.resource import Resource
from api.schemas.checks import (
    BatchDocumentRequest,
    BatchEndResponse,
    BatchLineResponse,
    BatchRequest,
    CaseRequest,
    CheckedGunRequest,
    CheckRequest,
    CheckResponse,
)
from api.schemas.readings import ReadingQuery, ReadingResponse
from salsa_ext.matching.readings import Reading
from salsa_ext.policy.permissions import Permission
from salsa_ext.services import checks, readings
from salsa_ext.services.checks import Answer
from salsa_ext.services.idempotency import Attempt
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import MOST_CHECKED, BatchData, CheckData

blueprint = Resource("checks", "Is this serial known?")


@blueprint.posting("/checks", CheckRequest, CheckResponse, Permission.CHECK_MAKE)
def make_check(actor: Actor, data: CheckData) -> Answer:
    """Ask whether a serial is known to any state."""
    return checks.make(actor=actor, data=data)


@blueprint.streaming(
    "/checks/batch", BatchRequest, (BatchLineResponse, BatchEndResponse, ProblemSchema),
    Permission.CHECK_MAKE,
    parts=(BatchDocumentRequest, CheckedGunRequest), taking=batches.take, most=MOST_CHECKED,
)  # fmt: skip
def make_checks(actor: Actor, data: BatchData, attempt: Attempt | None) -> Response:
    """Ask whether each of up to 10,000 serials is known; answered line by line, as NDJSON."""
    return batches.respond(actor, data, attempt)


@blueprint.posting(
    "/checks/<uuid:check_id>/case", CaseRequest, CaseRequest, Permission.CHECK_MAKE, status=200
)
def give_check_case(actor: Actor, data: dict[str, Any], check_id: UUID) -> dict[str, Any]:
    """Add the case number to a check that was made for an incident."""
    checks.give_case(actor=actor, check_id=check_id, case_number=data["case_number"])
    return data


def _reading(actor: Actor, text: str) -> Reading:
    """Show which marks a form's or spreadsheet's cell holds, before it is asked for or recorded."""
    return readings.show(actor=actor, text=text)


blueprint.reading(
    "/marks/reading", ReadingResponse, _reading, Permission.CHECK_MAKE, query=ReadingQuery
)

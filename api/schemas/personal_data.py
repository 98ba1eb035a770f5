"""Schemas of requests of persons about their data, and of legal holds."""

from marshmallow import Schema, fields

from api.http.fields.declared import request_schema, response_schema
from api.http.fields.scalars import Code, Id, StateCode, Text
from api.http.fields.schemas import Items, RequestSchema, ViewResponse
from api.http.pagination import ListQuery
from salsa_ext.core import codes
from salsa_ext.personal_data.values import ErasureData, LegalHoldData, Person, SubjectRequestData

PersonResponse = response_schema(Person)


SubjectRequestRequest = request_schema(SubjectRequestData)


class AnswerPersonRequest(RequestSchema):
    """Answer to the person."""

    answer = Text(most=2000, required=True)


class RefusePersonRequest(RequestSchema):
    """Reason of the refusal."""

    reason = Text(most=2000, required=True)


class ErasePersonRequest(RequestSchema):
    """Answer to the person, and the parties to erase; without them all that were found."""

    value = ErasureData
    answer = Text(most=2000, required=True)
    parties = Items(Id(), most=1000)


class NamingDocumentResponse(Schema):
    """Document that names the person, in any version."""

    kind = Code(codes.HELD_DOCUMENT_KINDS, required=True)
    id = fields.UUID(required=True)


class PersonFindingResponse(Schema):
    """What documents hold on the person; `obstacle` is why it is not erased."""

    party = fields.UUID(attribute="party.id", required=True)
    kind = Code(codes.PARTY_KINDS, attribute="party.kind", required=True)
    country = StateCode(attribute="party.country", required=True)
    name = fields.String(attribute="party.name", required=True, allow_none=True)
    address = fields.String(attribute="party.address", required=True, allow_none=True)
    contact = fields.String(attribute="party.contact", required=True, allow_none=True)
    identification = fields.String(attribute="party.identification", required=True, allow_none=True)
    licence = fields.String(attribute="party.licence", required=True, allow_none=True)
    documents = fields.List(fields.Nested(NamingDocumentResponse), required=True)
    obstacle = Code(codes.ERASURE_OBSTACLES, required=True, allow_none=True)


class SubjectRequestResponse(ViewResponse):
    """Request of a person; `findings` are what the own documents say, null in a list."""

    row = "request"
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    kind = Code(codes.SUBJECT_REQUEST_KINDS, required=True)
    person = fields.Nested(PersonResponse, required=True)
    received_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    status = Code(codes.SUBJECT_REQUEST_STATUSES, required=True)
    answer = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True, allow_none=True)
    findings = fields.List(fields.Nested(PersonFindingResponse), required=True, allow_none=True)


class SubjectRequestQuery(ListQuery):
    """Filter of requests of persons."""

    kind = Code(codes.SUBJECT_REQUEST_KINDS)
    status = Code(codes.SUBJECT_REQUEST_STATUSES)


class LegalHoldRequest(RequestSchema):
    """Document whose persons are not erased."""

    value = LegalHoldData
    document_kind = Code(codes.HELD_DOCUMENT_KINDS, required=True)
    document_id = Id(data_key="document", required=True)
    reason = Text(most=500, required=True)


class LegalHoldResponse(Schema):
    """Document whose persons are not erased until the hold is lifted."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    document_kind = Code(codes.HELD_DOCUMENT_KINDS, required=True)
    document = fields.UUID(attribute="document_id", required=True)
    reason = fields.String(required=True)
    placed_at = fields.DateTime(required=True)
    lifted_at = fields.DateTime(required=True, allow_none=True)

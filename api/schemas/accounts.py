"""Accounts, keys, the caller and the audit over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import columns
from api.schemas.fields import Code, Items, Line, PostCode, RequestSchema, StateCode, Text, Whole
from salsa_ext.audit import SUBJECT_KINDS, Action
from salsa_ext.readmodels.audit import EntryView
from salsa_ext.services.accounts import AccountData
from salsa_ext.services.keys import KeyData
from salsa_ext.values import codes


class AccountRequest(RequestSchema):
    """Who gets an account; without a password one is made. A display has a `post`, and no password."""

    value = AccountData
    username = Line(most=100, required=True)
    role = Code(codes.ROLES, required=True)
    agency = Line(most=100, required=True)
    password = Text(most=200)
    post = PostCode()


class AccountResponse(Schema):
    """An account of the own state."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    username = fields.String(required=True)
    role = fields.String(required=True)
    agency = fields.String(required=True)
    is_active = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    post = fields.String(required=True, allow_none=True)


class OpenedResponse(Schema):
    """A new account with its password, or a display with the link that signs it in; shown this once."""

    id = fields.UUID(required=True)
    password = fields.String(required=True, allow_none=True)
    link = fields.String(required=True, allow_none=True)


class LinkResponse(Schema):
    """The link by which a display signs in, once and within a day; shown this once."""

    link = fields.String(required=True)


class KeyRequest(RequestSchema):
    """A key for an account, with an end and, where wanted, fewer scopes than its role has."""

    value = KeyData
    username = Line(most=100, required=True)
    name = Line(most=100, required=True)
    days = Whole(least=1, most=366, required=True)
    scopes = Items(Text(most=50), most=50)


class KeyResponse(Schema):
    """A key, without what it is."""

    id = fields.UUID(required=True)
    account = fields.UUID(attribute="account_id", required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    revoked_at = fields.DateTime(allow_none=True)


class IssuedResponse(Schema):
    """A new key, shown this once."""

    id = fields.UUID(required=True)
    token = fields.String(required=True)


class MeResponse(Schema):
    """Who the caller is, and what the key may do."""

    state = fields.String(allow_none=True, required=True)
    agency = fields.String(allow_none=True)
    role = fields.String(required=True)
    officer = fields.String(allow_none=True)
    permissions = fields.List(fields.String(), required=True)


class AuditResponse(Schema):
    """One act; account, officer and the traces it is about are shown to their own state alone.

    `automatic` is what the service did by itself, be it upon what somebody of the role did.
    """

    id = fields.UUID(required=True)
    at = fields.DateTime(required=True)
    state = fields.String(attribute="owner_state", required=True)
    action = fields.String(required=True)
    subject_kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    subject_state = fields.String(allow_none=True)
    role = fields.String(required=True)
    account = fields.UUID(allow_none=True)
    officer = fields.String(allow_none=True)
    automatic = fields.Boolean(required=True)
    purpose = fields.String(allow_none=True)
    case_number = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    data = fields.Dict(required=True)

    @pre_dump
    def _present(self, view: EntryView, **_: Any) -> dict[str, Any]:
        return columns(view.entry) | {
            "account": view.account, "officer": view.officer, "data": view.data,
            "automatic": view.by_itself,
        }  # fmt: skip


class AccountQuery(ListQuery):
    """Which accounts."""

    role = Code(codes.ROLES)


class AuditQuery(ListQuery):
    """Which acts; `subject_id` may be an own document's number, a serial, or the number of a case."""

    action = Code(tuple(Action))
    subject_kind = Code(SUBJECT_KINDS)
    subject_id = Text(most=100)
    owner_state = StateCode(data_key="state")

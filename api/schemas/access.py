"""Schemas of accounts, keys, the caller, the audit and settings."""

import base64
from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.scalars import (
    Code,
    Day,
    Flag,
    Line,
    PostCode,
    QueryFlag,
    StateCode,
    Text,
    Whole,
)
from api.http.fields.schemas import Items, RequestSchema, ViewResponse, repeats
from api.http.pagination import ListQuery
from salsa_ext.access.audit_actions import SUBJECT_KINDS, Action
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.keys import MAX_NETWORKS, MAX_OVERLAP_HOURS, KeyData, Rotation
from salsa_ext.core import codes
from salsa_ext.core.codes import LICENSEE_ROLES, SECOND_PERSON_ACTS, TRACE_APPROVAL_MODES
from salsa_ext.reference.state_settings import (
    LOOKUP_PERCENTS,
    MAX_COUNTERPART_DAYS,
    MAX_DATES,
    MAX_EQUIVALENT_YEARS,
    MAX_NAME,
    MAX_OVERDUE_HOURS,
    MAX_TERMS,
    SettingsChange,
    SettingsView,
)


class AccountRequest(RequestSchema):
    """New account; without `password` one is generated."""

    value = AccountData
    username = Line(most=100, required=True)
    role = Code(codes.ROLES, required=True)
    agency = Line(most=100, required=True)
    password = Text(most=200)
    post = PostCode()


@repeats(AccountRequest, "password")
class AccountResponse(Schema):
    """An account of the own state."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    is_active = fields.Boolean(required=True)
    opened_by = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "Set while a second person has to confirm the account."},
    )
    recovery_by = fields.UUID(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class NewAccountResponse(Schema):
    """New account with its password, shown once."""

    id = fields.UUID(required=True)
    password = fields.String(required=True, allow_none=True)
    link = fields.String(required=True, allow_none=True)


class FirstPartResponse(Schema):
    """First part of a one-time password, shown once; it is used when another person approved."""

    username = fields.String(required=True)
    role = fields.String(required=True)
    first_part = fields.String(required=True)


class SecondPartResponse(Schema):
    """Second part of a first password, shown once; the person types both with `+` between."""

    username = fields.String(required=True)
    role = fields.String(required=True)
    second_part = fields.String(required=True)


class LinkResponse(Schema):
    """The link by which a display signs in, once and within a day; shown this once."""

    link = fields.String(required=True)


class KeyRequest(RequestSchema):
    """New key of an account: days of validity and optional scopes."""

    value = KeyData
    username = Line(most=100, required=True)
    name = Line(most=100, required=True)
    days = Whole(least=1, most=366, required=True)
    scopes = Items(Text(most=50), most=50)
    networks = Items(Line(most=50), most=MAX_NETWORKS)


class RotationRequest(RequestSchema):
    """How long the old key goes on."""

    value = Rotation
    hours = Whole(least=0, most=MAX_OVERLAP_HOURS)


class KeyQuery(ListQuery):
    """Filter of keys."""

    own = QueryFlag()


@repeats(KeyRequest, "username", "days")
class KeyResponse(Schema):
    """Key or session without its token."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    account = fields.UUID(attribute="account_id", required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    used_at = fields.DateTime(required=True)
    ends_at = fields.DateTime(allow_none=True)
    revoked_at = fields.DateTime(allow_none=True)


class NewKeyResponse(Schema):
    """New key with its token, shown once."""

    id = fields.UUID(required=True)
    token = fields.String(required=True)


class MeResponse(Schema):
    """The caller and the permissions of the key."""

    state = StateCode(allow_none=True, required=True)
    agency = fields.String(allow_none=True)
    role = Code(codes.ROLES, required=True)
    officer = fields.String(allow_none=True)
    permissions = fields.List(fields.String(), required=True)


class AuditResponse(ViewResponse):
    """Audit entry; account, officer and traces for their own state only.

    `automatic`: done by the service itself, also on behalf of a role.
    """

    row = "entry"
    id = fields.UUID(required=True)
    at = fields.DateTime(required=True)
    state = StateCode(attribute="owner_state", required=True)
    action = Code(tuple(Action), required=True)
    subject_kind = Code(SUBJECT_KINDS, required=True)
    subject_id = fields.String(required=True)
    subject_state = StateCode(allow_none=True)
    role = fields.String(required=True)
    account = fields.UUID(allow_none=True)
    username = fields.String(allow_none=True)
    officer = fields.String(allow_none=True)
    automatic = fields.Boolean(attribute="by_itself", required=True)
    purpose = Code(codes.PURPOSES, allow_none=True)
    case_number = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    data = fields.Dict(required=True)


class AccountQuery(ListQuery):
    """Filter of accounts."""

    role = Code(codes.ROLES)


class AuditQuery(ListQuery):
    """Filter of audit entries.

    `subject_id` may also be an own document's number, a serial, or a case number. `without_case`:
    look-ups of own persons without a case, or whose case no own document bears. `out_of_hours`:
    acts of own persons outside 7:00 to 19:00 and on days not worked, of the last year.
    """

    action = Code(tuple(Action))
    subject_kind = Code(SUBJECT_KINDS)
    subject_id = Text(most=100)
    owner_state = StateCode(data_key="state")
    username = Text(most=100)
    from_day = Day()
    to_day = Day()
    without_case = QueryFlag()
    out_of_hours = QueryFlag()


class SettingsRequest(RequestSchema):
    """Settings to change; omitted ones stay."""

    value = SettingsChange
    counterpart_days = Whole(least=1, most=MAX_COUNTERPART_DAYS)
    overdue_hours = Whole(least=0, most=MAX_OVERDUE_HOURS)
    electronic_copies_with = Items(StateCode(), most=50)
    answers_automatically = Flag()
    flash_minutes = Whole(least=1, most=MAX_TERMS["flash_minutes"])
    urgent_hours = Whole(least=1, most=MAX_TERMS["urgent_hours"])
    priority_days = Whole(least=1, most=MAX_TERMS["priority_days"])
    routine_days = Whole(least=1, most=MAX_TERMS["routine_days"])
    weekdays = Items(Whole(least=1, most=7), most=7)
    closed_on = Items(Day(), most=MAX_DATES)
    open_on = Items(Day(), most=MAX_DATES)
    trace_approval = Code(TRACE_APPROVAL_MODES)
    authority_name = Line(most=MAX_NAME)
    lookup_percent = Whole(least=LOOKUP_PERCENTS[0], most=LOOKUP_PERCENTS[1])
    equivalent_years = Whole(least=1, most=MAX_EQUIVALENT_YEARS)
    published_roles = Items(Code(LICENSEE_ROLES), most=6)
    yearly_totals = Flag()
    second_person = Items(Code(SECOND_PERSON_ACTS), most=len(SECOND_PERSON_ACTS))


@repeats(SettingsRequest, is_complete=True)
class SettingsResponse(Schema):
    """Settings of a state.

    `electronic_copies_agreed`: states that agreed to electronic copies too.
    """

    state = StateCode(required=True)
    version = fields.Integer(required=True)
    electronic_copies_agreed = fields.List(StateCode(), required=True)

    @pre_dump
    def _present(self, view: SettingsView, **_: Any) -> dict[str, Any]:
        return vars(view) | vars(view.settings) | {"electronic_copies_agreed": view.agreed}


class Base64(fields.Field[bytes]):
    """Bytes as base64."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return base64.b64encode(value).decode()


class SealedRootResponse(Schema):
    """Signed root of a state's log (C2SP signed note)."""

    state = StateCode(required=True)
    size = fields.Integer(required=True)
    note = fields.String(required=True)


class InclusionProofResponse(Schema):
    """Inclusion proof of an audit entry (RFC 9162): hashes from the leaf to the root."""

    entry = fields.UUID(attribute="entry_id", required=True)
    position = fields.Integer(required=True)
    leaf = Base64(required=True)
    hashes = fields.List(Base64(), required=True)
    checkpoint = fields.String(required=True)

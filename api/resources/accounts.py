"""Accounts, keys, the caller, and the audit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, url_for

from api.pagination import ListQuery
from api.resource import Resource
from api.schemas.accounts import (
    AccountQuery,
    AccountRequest,
    AccountResponse,
    AuditQuery,
    AuditResponse,
    IssuedResponse,
    KeyRequest,
    KeyResponse,
    LinkResponse,
    MeResponse,
    OpenedResponse,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import accounts as reading
from salsa_ext.readmodels import audit
from salsa_ext.services import accounts, keys
from salsa_ext.services.accounts import AccountData
from salsa_ext.services.keys import KeyData
from salsa_ext.values.actor import Actor

blueprint = Resource("accounts", "Accounts and keys of the own state, and who did what")


def _me(actor: Actor) -> dict[str, Any]:
    """Return who the caller is, and what the key may do."""
    return vars(actor) | {"permissions": sorted(actor.permissions)}


blueprint.reading("/me", MeResponse, _me, None)
blueprint.listing(
    "/accounts", AccountQuery, AccountResponse, reading.list_accounts, Permission.ACCOUNT_MANAGE
)
blueprint.reading(
    "/accounts/<uuid:account_id>", AccountResponse, reading.get_account, Permission.ACCOUNT_MANAGE
)
blueprint.listing("/keys", ListQuery, KeyResponse, reading.list_keys, Permission.KEY_MANAGE)
blueprint.listing("/audit", AuditQuery, AuditResponse, audit.list_entries, Permission.AUDIT_READ)


@blueprint.posting("/accounts", AccountRequest, OpenedResponse, Permission.ACCOUNT_MANAGE)
def open_account(actor: Actor, data: AccountData) -> dict[str, Any]:
    """Open an account in your state; its password, or a display's link, is shown this once."""
    account_id, secret = accounts.open_account(actor=actor, data=data)
    if data.role == accounts.DISPLAY:
        return {"id": account_id, "password": None, "link": _address(secret)}
    return {"id": account_id, "password": secret, "link": None}


def _address(token: str) -> str:
    return url_for("walls.wall", link=token, _external=True)


def _standing(actor: Actor, account_id: UUID) -> int:
    return reading.read(account_id).version


@blueprint.posting(
    "/accounts/<uuid:account_id>/close", None, AccountResponse, Permission.ACCOUNT_MANAGE,
    status=200, standing=_standing,
)  # fmt: skip
def close_account(actor: Actor, account_id: UUID) -> Any:
    """Close an account and end its keys and sessions; a closed one stays as it is."""
    accounts.close_account(actor=actor, account_id=account_id, seen=g.seen)
    return reading.read(account_id)


@blueprint.posting(
    "/accounts/<uuid:account_id>/link", None, LinkResponse, Permission.ACCOUNT_MANAGE
)
def issue_link(actor: Actor, account_id: UUID) -> dict[str, Any]:
    """Issue a new one-time link for a display; what it was signed in by ends."""
    username = reading.get_account(actor, account_id).username
    return {"link": _address(accounts.issue_link(actor=actor, username=username))}


@blueprint.posting("/keys", KeyRequest, IssuedResponse, Permission.KEY_MANAGE)
def issue_key(actor: Actor, data: KeyData) -> dict[str, Any]:
    """Issue a key for an account of your state; it is shown this once."""
    key_id, token = keys.issue(actor=actor, data=data)
    return {"id": key_id, "token": token}


@blueprint.posting("/keys/<uuid:key_id>/revoke", None, None, Permission.KEY_MANAGE, status=204)
def revoke_key(actor: Actor, key_id: UUID) -> Response:
    """End a key at once."""
    keys.revoke(actor=actor, key_id=key_id)
    return Response(status=204)

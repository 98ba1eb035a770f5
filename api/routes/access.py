"""Routes of accounts, keys, the caller, the audit and settings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, url_for

from api.http.pagination import ListQuery
from api.http.resource import Resource
from api.schemas.access import (
    AccountQuery,
    AccountRequest,
    AccountResponse,
    AuditQuery,
    AuditResponse,
    KeyRequest,
    KeyResponse,
    LinkResponse,
    MeResponse,
    NewAccountResponse,
    NewKeyResponse,
    SettingsRequest,
    SettingsResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import accounts, audit
from salsa_ext.administration import settings as administration_settings
from salsa_ext.administration.accounts import AccountData, KeyData
from salsa_ext.core.actor import Actor
from salsa_ext.reference import settings as reference_settings
from salsa_ext.reference.settings import SettingsView
from salsa_ext.reference.values import SettingsChange

blueprint = Resource("accounts", "Accounts and keys of the own state, and who did what")


def get_me(actor: Actor) -> dict[str, Any]:
    """Return the caller and the permissions of the key."""
    return vars(actor) | {"permissions": sorted(actor.permissions)}


blueprint.reading("/me", MeResponse, get_me, None)
blueprint.listing(
    "/accounts", AccountQuery, AccountResponse, accounts.list_accounts, Permission.ACCOUNT_MANAGE
)
blueprint.reading(
    "/accounts/<uuid:account_id>", AccountResponse, accounts.get_account, Permission.ACCOUNT_MANAGE
)
blueprint.listing("/keys", ListQuery, KeyResponse, accounts.list_keys, Permission.KEY_MANAGE)
blueprint.listing("/audit", AuditQuery, AuditResponse, audit.list_entries, Permission.AUDIT_READ)


@blueprint.posting("/accounts", AccountRequest, NewAccountResponse, Permission.ACCOUNT_MANAGE)
def create_account(actor: Actor, data: AccountData) -> dict[str, Any]:
    """Create an account in your state; the password is shown once."""
    account_id, secret = accounts.open_account(actor=actor, data=data)
    if data.role == accounts.DISPLAY:
        return {"id": account_id, "password": None, "link": _address(secret)}
    return {"id": account_id, "password": secret, "link": None}


def _address(token: str) -> str:
    return url_for("border.wall", link=token, _external=True)


def _account_version(actor: Actor, account_id: UUID) -> int:
    return accounts.load_account(account_id).version


@blueprint.posting(
    "/accounts/<uuid:account_id>/close",
    None,
    AccountResponse,
    Permission.ACCOUNT_MANAGE,
    status=200,
    standing=_account_version,
)
def close_account(actor: Actor, account_id: UUID) -> Any:
    """Close an account and end its keys and sessions."""
    accounts.close_account(actor=actor, account_id=account_id, expected_version=g.expected_version)
    return accounts.load_account(account_id)


@blueprint.posting(
    "/accounts/<uuid:account_id>/link", None, LinkResponse, Permission.ACCOUNT_MANAGE
)
def issue_link(actor: Actor, account_id: UUID) -> dict[str, Any]:
    """Issue a new one-time link for a display; what it was signed in by ends."""
    username = accounts.get_account(actor, account_id).username
    return {"link": _address(accounts.issue_link(actor=actor, username=username))}


@blueprint.posting("/keys", KeyRequest, NewKeyResponse, Permission.KEY_MANAGE)
def create_key(actor: Actor, data: KeyData) -> dict[str, Any]:
    """Create a key for an account of your state; shown once."""
    key_id, token = accounts.issue_key(actor=actor, data=data)
    return {"id": key_id, "token": token}


@blueprint.posting("/keys/<uuid:key_id>/revoke", None, None, Permission.KEY_MANAGE, status=204)
def revoke_key(actor: Actor, key_id: UUID) -> Response:
    """Revoke a key at once."""
    accounts.revoke_key(actor=actor, key_id=key_id)
    return Response(status=204)


settings_blueprint = Resource(
    "settings", "How long your state waits, and whose electronic copies it takes"
)
settings_blueprint.reading(
    "/settings", SettingsResponse, reference_settings.get_settings, Permission.SETTING_READ
)


def _settings_version(actor: Actor) -> int:
    return reference_settings.load_settings(actor.own_state()).version


@settings_blueprint.posting(
    "/settings/change",
    SettingsRequest,
    SettingsResponse,
    Permission.SETTING_MANAGE,
    status=200,
    standing=_settings_version,
)
def update_settings(actor: Actor, data: SettingsChange) -> SettingsView:
    """Update the given settings of your state."""
    administration_settings.change_settings(
        actor=actor, data=data, expected_version=g.expected_version
    )
    return reference_settings.load_settings(actor.own_state())

"""Routes of accounts, keys, the caller, the audit and settings."""

from typing import Any
from uuid import UUID

from flask import Response, g, url_for

from api.http.resource import Item, Resource
from api.schemas.access import (
    AccountQuery,
    AccountRequest,
    AccountResponse,
    AuditQuery,
    AuditResponse,
    FirstPartResponse,
    KeyQuery,
    KeyRequest,
    KeyResponse,
    LinkResponse,
    MeResponse,
    NewAccountResponse,
    NewKeyResponse,
    RotationRequest,
    SecondPartResponse,
    SettingsRequest,
    SettingsResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import accounts, audit, keys, recovery, settings
from salsa_ext.administration.accounts import AccountData
from salsa_ext.administration.keys import KeyData, Rotation
from salsa_ext.core.actor import Actor
from salsa_ext.reference import state_settings

ACCOUNT = "/accounts/<uuid:account_id>"
MANAGE = Permission.ACCOUNT_MANAGE
CONFIRM = Permission.ACCOUNT_CONFIRM


def _account_version(_: Actor, account_id: UUID) -> int:
    return accounts.load_account(account_id).version


blueprint = Resource(
    "accounts",
    "Accounts and keys of the own state, and who did what",
    Item(
        AccountResponse, lambda _, account_id: accounts.load_account(account_id), _account_version
    ),
)


def get_me(actor: Actor) -> dict[str, Any]:
    """Return the caller and the permissions of the key."""
    return vars(actor) | {"permissions": sorted(actor.permissions)}


blueprint.reading("/me", MeResponse, get_me, None)
blueprint.listing("/accounts", AccountQuery, AccountResponse, accounts.list_accounts, CONFIRM)
blueprint.reading(ACCOUNT, AccountResponse, accounts.get_account, CONFIRM)
blueprint.listing("/keys", KeyQuery, KeyResponse, keys.list_keys, Permission.KEY_ISSUE)
blueprint.listing(
    "/audit",
    AuditQuery,
    AuditResponse,
    audit.list_entries,
    Permission.AUDIT_READ,
    name="list_audit_entries",
)


@blueprint.posting(
    "/accounts", AccountRequest, NewAccountResponse, MANAGE, location="/accounts/{id}"
)
def create_account(actor: Actor, data: AccountData) -> dict[str, Any]:
    """Create an account in your state; the password is shown once."""
    account_id, secret = accounts.open_account(actor=actor, data=data)
    if data.role == accounts.DISPLAY:
        return {"id": account_id, "password": None, "link": _link_address(secret)}
    return {"id": account_id, "password": secret, "link": None}


def _link_address(token: str) -> str:
    return url_for("border.wall", link=token, _external=True)


blueprint.action(
    f"{ACCOUNT}/close",
    None,
    accounts.close_account,
    MANAGE,
    "Close an account and end its keys and sessions.",
)


@blueprint.posting(
    f"{ACCOUNT}/begin-recovery",
    None,
    FirstPartResponse,
    MANAGE,
    status=200,
    version=_account_version,
)
def begin_recovery(actor: Actor, account_id: UUID) -> dict[str, Any]:
    """Begin a recovery of a lost device or password; shows the first part of its password."""
    account, part = recovery.begin_recovery(
        actor=actor, account_id=account_id, expected_version=g.expected_version
    )
    return {"username": account.username, "role": account.role, "first_part": part}


@blueprint.posting(
    f"{ACCOUNT}/approve-recovery",
    None,
    SecondPartResponse,
    CONFIRM,
    status=200,
    version=_account_version,
)
def approve_recovery(actor: Actor, account_id: UUID) -> dict[str, Any]:
    """Approve a recovery that another person began; shows the second part of the password."""
    account, part = recovery.approve_recovery(
        actor=actor, account_id=account_id, expected_version=g.expected_version
    )
    return {"username": account.username, "role": account.role, "second_part": part}


blueprint.action(
    f"{ACCOUNT}/cancel-recovery",
    None,
    recovery.cancel_recovery,
    CONFIRM,
    "Cancel a recovery that waits for a second person.",
    name="cancel_recovery",
)


@blueprint.posting(
    f"{ACCOUNT}/confirm", None, SecondPartResponse, CONFIRM, status=200, version=_account_version
)
def confirm_account(actor: Actor, account_id: UUID) -> dict[str, Any]:
    """Confirm a guarded account that another person opened; shows the second part of its password."""
    account, part = accounts.confirm_account(
        actor=actor, account_id=account_id, expected_version=g.expected_version
    )
    return {"username": account.username, "role": account.role, "second_part": part}


@blueprint.posting(f"{ACCOUNT}/link", None, LinkResponse, MANAGE)
def issue_account_link(actor: Actor, account_id: UUID) -> dict[str, Any]:
    """Issue a new one-time link for a display, and end its sessions."""
    username = accounts.load_account(account_id).username
    return {"link": _link_address(accounts.issue_link(actor=actor, username=username))}


@blueprint.posting("/keys", KeyRequest, NewKeyResponse, Permission.KEY_ISSUE)
def create_key(actor: Actor, data: KeyData) -> dict[str, Any]:
    """Create a key for your own account; shown once."""
    key_id, token = keys.issue_key(actor=actor, data=data)
    return {"id": key_id, "token": token}


@blueprint.posting(
    "/keys/<uuid:key_id>/rotate", RotationRequest, NewKeyResponse, Permission.KEY_ISSUE
)
def rotate_key(actor: Actor, data: Rotation, key_id: UUID) -> dict[str, Any]:
    """Create a key like one of yours, which ends some hours later; shown once."""
    new_id, token = keys.rotate_key(actor=actor, key_id=key_id, data=data)
    return {"id": new_id, "token": token}


@blueprint.posting("/keys/<uuid:key_id>/revoke", None, None, Permission.KEY_ISSUE, status=204)
def revoke_key(actor: Actor, key_id: UUID) -> Response:
    """Revoke a key at once: your own, or as administrator any of your state."""
    keys.revoke_key(actor=actor, key_id=key_id)
    return Response(status=204)


def _load_settings(actor: Actor, _: None = None) -> state_settings.SettingsView:
    return state_settings.load_settings(actor.own_state())


settings_blueprint = Resource(
    "settings",
    "How long your state waits, and whose electronic copies it accepts",
    Item(SettingsResponse, _load_settings, lambda actor: _load_settings(actor).version),
)
settings_blueprint.reading(
    "/settings", SettingsResponse, state_settings.get_settings, Permission.SETTING_READ
)
settings_blueprint.action(
    "/settings",
    SettingsRequest,
    settings.change_settings,
    Permission.SETTING_MANAGE,
    "Update the given settings of your state.",
    name="update_settings",
)

"""Accounts and keys of the own state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Account, ApiKey
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import RULES, require
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor


def list_accounts(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Account]:
    """Return a page of the own state's accounts, without passwords."""
    require(actor, Permission.ACCOUNT_MANAGE)
    query = select(Account)
    if (role := filters.get("role")) is not None:
        query = query.where(Account.role == role)
    return page(query, Account.id, limit, cursor)


def get_account(actor: Actor, account_id: UUID) -> Account:
    """Return one account of the own state, without its password; raises NotFound."""
    require(actor, Permission.ACCOUNT_MANAGE)
    return read(account_id)


def read(account_id: UUID) -> Account:
    """Return an account of the own state; raises NotFound."""
    account = db.session.get(Account, account_id, populate_existing=True)
    if account is None:
        raise NotFound("account", account_id)
    return account


def working(actor: Actor, permission: Permission) -> Sequence[Any]:
    """Return user name and agency of the own state's open accounts that may do some work, by name."""
    require(actor, permission)
    roles = [role for role, may in RULES.items() if permission in may]
    open_ = (Account.owner_state == actor.state, Account.is_active, Account.role.in_(roles))
    query = select(Account.username, Account.agency).where(*open_)
    return db.session.execute(query.order_by(Account.username)).all()


def list_keys(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[ApiKey]:
    """Return a page of the own state's keys; none of them can be read back."""
    require(actor, Permission.KEY_MANAGE)
    return page(select(ApiKey), ApiKey.id, limit, cursor)

"""Recovery of an account whose person lost a device or password, by two persons.

One begins it and gets the first part of a one-time password, another approves it and gets the
second. Only then do the old password, codes and passkeys end. The person and the auditors are
notified of both steps, so that nobody is recovered unseen.
"""

import secrets
from uuid import UUID

from salsa_ext.access import second_factor
from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.authentication import PASSWORD_HASHER, revoke_keys
from salsa_ext.access.models import Account
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.accounts import DISPLAY
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, message
from salsa_ext.database.locks import lock
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.notice_rules import Notice, Subject


def begin_recovery(*, actor: Actor, account_id: UUID, expected_version: int) -> tuple[Account, str]:
    """Begin a recovery; returns the account and the first part of its password, shown this once.

    Nothing of the account changes before it is approved. Raises NotFound, StaleVersion, Conflict,
    or Forbidden for the own account.
    """
    require(actor, Permission.ACCOUNT_MANAGE)
    account = lock(Account, account_id, expected_version)
    if not account.is_active or account.role == DISPLAY or account.subject is not None:
        raise Conflict(message("{username} has nothing to recover.", username=account.username))
    if account.recovery_by is not None:
        raise Conflict(message("A recovery of {username} waits.", username=account.username))
    _check_person(actor, account)
    part = secrets.token_urlsafe(15)
    account.recovery_hash, account.recovery_by = PASSWORD_HASHER.hash(part), actor.account_id
    _finish(actor, account, Action.RECOVERY_BEGUN, "account_recovery_begun")
    return account, part


def approve_recovery(
    *, actor: Actor, account_id: UUID, expected_version: int
) -> tuple[Account, str]:
    """Approve a recovery that another began; returns the account and the second part.

    The account's password, codes, passkeys, keys and sessions end. It signs in by both parts with
    `+` between, and a new password of its own. Raises NotFound, StaleVersion, Conflict if none waits,
    Forbidden for who began it and for the own account.
    """
    require(actor, Permission.ACCOUNT_CONFIRM)
    account = _lock_recovering(account_id, expected_version)
    _check_person(actor, account)
    part = secrets.token_urlsafe(12)
    account.password_hash = account.recovery_hash or ""
    account.second_hash = PASSWORD_HASHER.hash(part)
    account.password_given_at = actor.now()
    account.recovery_by, account.recovery_hash = None, None
    second_factor.remove(actor, account.id)
    revoke_keys(actor, account.id)
    _finish(actor, account, Action.RECOVERY_APPROVED, "account_recovered")
    return account, part


def cancel_recovery(*, actor: Actor, account_id: UUID, expected_version: int) -> None:
    """Cancel a recovery that waits; raises NotFound, StaleVersion, Conflict."""
    require(actor, Permission.ACCOUNT_CONFIRM)
    account = _lock_recovering(account_id, expected_version)
    account.recovery_by, account.recovery_hash = None, None
    account.version += 1
    append(actor, AuditEvent(Action.RECOVERY_CANCELLED, "account", account.id))


def _lock_recovering(account_id: UUID, expected_version: int) -> Account:
    account = lock(Account, account_id, expected_version)
    if account.recovery_by is None or not account.is_active:
        raise Conflict(message("No recovery of {username} waits.", username=account.username))
    return account


def _check_person(actor: Actor, account: Account) -> None:
    if actor.account_id == account.id:
        raise Forbidden(message("This is your own account. Two others have to recover it."))
    if actor.account_id == account.recovery_by and actor.account_id is not None:
        raise Forbidden(message("You began this recovery. A second person has to approve it."))


def _finish(actor: Actor, account: Account, action: Action, code: str) -> None:
    account.version += 1
    append(actor, AuditEvent(action, "account", account.id))
    subject = Subject(account.id, account.owner_state, account.username)
    person = Notice(account.owner_state, code, subject, roles=(account.role,), account=account.id)
    notify_many(actor, [Notice(account.owner_state, code, subject), person])

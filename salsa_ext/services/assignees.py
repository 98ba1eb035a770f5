"""Who of the own state can work on something."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.errors import Invalid, say
from salsa_ext.models import Account


def account_of(username: str, hidden_from: Collection[str] = ()) -> UUID:
    """Return the id of an open account of the own state; raises Invalid for `username`.

    One of an agency that must not see what is assigned is as good as none.
    """
    wanted = select(Account.id).where(
        Account.username == username, Account.is_active, Account.agency.not_in(hidden_from)
    )
    account_id: UUID | None = db.session.scalar(wanted)
    if account_id is None:
        said = say("Your state has no open account {username}.", username=username)
        raise Invalid({"username": [said]})
    return account_id

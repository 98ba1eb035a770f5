"""Displays of the own state, with when each was last seen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from salsa_ext.models import ApiKey
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor


def list_displays(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[ApiKey]:
    """Return a page of the own state's displays, newest first, of one post where asked."""
    require(actor, Permission.DISPLAY_MANAGE)
    query = select(ApiKey).where(ApiKey.post.is_not(None))
    if (post := filters.get("post")) is not None:
        query = query.where(ApiKey.post == post)
    return page(query, ApiKey.id, limit, cursor)

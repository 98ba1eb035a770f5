"""Whether the process is alive, and whether it can answer."""

from __future__ import annotations

from flask import Blueprint

from salsa_ext.errors import Unavailable, say
from salsa_ext.readmodels import health

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Say whether the database is there and at this version; 503 where not."""
    if not health.is_ready():
        raise Unavailable(say("The database is at another version: run salsa db upgrade."))
    return {"status": "ready"}

"""Health checks of the process and the database."""

from flask import Blueprint

from api.http import monitoring
from salsa_ext.administration import migrations
from salsa_ext.core.errors import Unavailable, message

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Return ok while the process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Return ready if the database has this version, else 503; and whether jobs are late."""
    if not migrations.is_schema_current():
        raise Unavailable(message("The database is at another version: run salsa db upgrade."))
    return {"status": "ready", "jobs": "late" if monitoring.has_late_jobs() else "on_time"}

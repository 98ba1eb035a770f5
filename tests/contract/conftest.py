"""The whole API in one process, with rows of its own and a key for each role."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
import schemathesis
from flask import Flask

from api.app import create_app
from salsa_ext.access.rules import ROLE_PERMISSIONS
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import actors, region
from tests.support.routes import ID, POST

DAY = timedelta(days=1)
READERS = {  # who reads what each kind of path acts on
    "permits": "licensing_officer",
    "shipments": "licensing_officer",
    "discrepancies": "licensing_officer",
    "transfers": "licensing_officer",
    "licensees": "licensing_officer",
    "attachments": "police_officer",
    "reports": "police_officer",
    "seizures": "police_officer",
    "traces": "police_officer",
    "requests": "trace_analyst",
    "records": "police_officer",
    "matches": "police_officer",
    "consents": "trace_analyst",
    "alerts": "police_officer",
    "hits": "police_officer",
    "accounts": "state_administrator",
    "settings": "state_administrator",
}


@dataclass(frozen=True)
class Served:
    """The application, the ids of what Brazil has in it, and a key's header for each role."""

    app: Flask
    ids: dict[str, str]
    keys: dict[str, dict[str, str]]

    def seen(self, route):
        """Return the If-Match of someone who just read what the route acts on."""
        kind = route.path.split("/")[1]
        if kind not in READERS:
            return {}
        path = f"{route.path.partition('}')[0]}}}" if "{" in route.path else f"/{kind}"
        url = f"/api/v1{path}".format_map(self.ids)
        read = self.app.test_client().get(url, headers=self.keys[READERS[kind]])
        return {"If-Match": read.headers["ETag"]}


@pytest.fixture(scope="module")  # what one module does to permits, the other need not find
def served(server, fill_once, tmp_path_factory):
    filled, ids = fill_once("filled", region.fill)
    more = {
        "key_id": ID,
        "import_id": ID,
        "lead_id": ID,
        "code": POST,
        "release_id": ID,
        "dataset": "seizures",
        "table": "seizures",
        "line": 1,
    }
    with server.copied(filled, tmp_path_factory.mktemp("contract")) as config:
        application = create_app(config, FixedClock(NOW))
        with application.app_context():
            states = dict.fromkeys(ROLE_PERMISSIONS, "BRA") | {"secretariat": None}
            keys = {role: header(state, role) for role, state in states.items()}
        yield Served(application, ids | more, keys)
        with application.app_context():
            db.engine.dispose()


@schemathesis.serializer("application/x-ndjson")
def as_rows(context, value):
    """Send a body as the one row of a batch."""
    return {"data": json.dumps(value).encode() + b"\n"}


@pytest.fixture(scope="module")
def document(served):
    """The OpenAPI document, as schemathesis reads it."""
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", served.app)
    rejection = document.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "413"]  # wrong, and too long too
    return document


def header(state, role):
    return {
        "Authorization": f"Bearer {actors.token(state, role, NOW, None, DAY)}",
        "Accept-Encoding": "identity",
    }

"""The secretariat gets no record of a state by any operation of the API."""

import json
import re
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest

from api.app import create_app
from salsa_ext.access.rules import role_permissions
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import NOW, name_of
from tests.support import actors, region
from tests.support.examples import body_of, query_of
from tests.support.routes import ID

RECORDED = {
    "record": "id serial document_id",
    "party": "id name",
    "permit": "id number",
    "shipment": "id number",
    "seizure": "id number",
    "report": "id number",
    "transfer": "id number",
    "trace": "id case_number",
    "trace_request": "id",
    "alert": "id",
    "match": "id",
    "consent": "id",
}
"""Tables of records, and what of a row betrays that it was read."""
MIN_LENGTH = 5
"""Shorter numbers are parts of other texts."""
ECHOES = ("instance", "detail", "request_id")
"""What of a refusal repeats the request."""


@pytest.fixture(scope="module")
def filled(server, fill_once, tmp_path_factory):
    """The application over the rows of two states, their ids by name, and what betrays them."""
    config, ids = fill_once("filled", region.fill)
    with server.copied(config, tmp_path_factory.mktemp("secretariat")) as copied:
        app = create_app(copied, FixedClock(NOW))
        with app.app_context():
            yield app, ids, _values(server, name_of(copied))
            db.engine.dispose()


def _values(server, name):
    url = server.url("owner", name).replace("postgresql+psycopg2", "postgresql")
    values = set()
    with closing(psycopg2.connect(url)) as owner, owner.cursor() as cursor:
        for table, columns in RECORDED.items():
            for column in columns.split():
                cursor.execute(f'SELECT DISTINCT {column}::text FROM "{table}"')
                values |= {value for (value,) in cursor if value and len(value) >= MIN_LENGTH}
    return values


def _operations(app, ids):
    """Yield method, address and body of every operation, with ids of records that there are."""
    document = app.test_client().get("/api/v1/openapi.json").json
    for path, operations in document["paths"].items():
        names = re.findall(r"\{(\w+)\}", path)
        given = {"line": "1", "dataset": "seizures", "table": "seizures", "query": "dataflow"}
        values = {name: ids.get(name) or given.get(name, ID) for name in names}
        for method, operation in operations.items():
            if method in ("get", "post"):
                query = query_of(operation, document)
                address, sent = path.format_map(values), {*values.values()}
                yield method, address, query, body_of(operation, document), sent
                parameters = operation.get("parameters", ())
                if "state" in {each.get("name") for each in parameters}:
                    yield method, address, query | {"state": "BRA"}, None, sent


def test_no_operation_gives_the_secretariat_a_record(filled):
    app, ids, recorded = filled
    scopes = sorted(role_permissions("secretariat"))
    token = actors.token(None, "secretariat", NOW, scopes, timedelta(days=1))
    headers = {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
    headers |= {"Salsa-Purpose": "investigation", "Salsa-Case": "C-1"}
    asked, betrayed = 0, []
    for method, address, query, body, sent in _operations(app, ids):
        options = {} if body is None else {"json": body}
        answer = app.test_client().open(
            address, method=method, query_string=query, headers=headers, **options
        )
        text = answer.get_data(as_text=True)
        if answer.is_json and answer.status_code >= 400:
            text = json.dumps({k: v for k, v in answer.json.items() if k not in ECHOES})
        asked += 1
        if read := sorted(value for value in recorded - sent if value in text):
            betrayed.append((method, address, answer.status_code, read[:3]))
    assert betrayed == []
    assert asked > 200
    officer = actors.of(app)("BRA", "police_officer").get(f"/seizures/{ids['seizure_id']}").text
    assert any(value in officer for value in recorded), "what betrays a record is in its answer"

"""What watches the service asks, and what every answer carries."""

from datetime import timedelta

import psycopg2

from api.app import create_app
from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import actors, bodies


def test_the_process_says_that_it_answers(app):
    assert app.test_client().get("/healthz").json == {"status": "ok"}


def test_a_service_at_the_right_revision_is_ready(app, session):
    assert app.test_client().get("/readyz").json == {"status": "ready", "jobs": "on_time"}


def test_a_service_at_another_revision_is_not_ready(app, session, monkeypatch):
    monkeypatch.setattr(
        "salsa_ext.administration.migrations.required_revision", lambda: "0000_another"
    )
    response = app.test_client().get("/readyz")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")


def test_metrics_count_by_route_and_not_by_address(app, as_actor):
    as_actor("BRA", "police_officer").get("/seizures?number=S-77")
    metrics = app.test_client().get("/metrics").get_data(as_text=True)
    assert 'route="/api/v1/seizures"' in metrics
    assert "S-77" not in metrics


def test_every_answer_says_what_a_browser_may_do_with_it(app):
    headers = app.test_client().get("/healthz").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_answers_of_the_api_are_kept_by_no_shared_cache(as_actor):
    headers = as_actor("BRA", "auditor").get("/me").headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in headers["Vary"]


def test_no_answer_allows_another_origin(app):
    response = app.test_client().get("/healthz", headers={"Origin": "https://example.org"})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_session_that_ends_amid_its_answer_is_a_database_out_of_reach(
    fresh_database, monkeypatch
):
    def end(*_):
        raise psycopg2.DatabaseError("error with status PGRES_TUPLES_OK and no message")

    application = create_app(fresh_database, FixedClock(NOW))
    with application.app_context():
        token = actors.token("BRA", "police_officer", NOW, None, timedelta(days=1))
    client = application.test_client()
    client.background = False
    monkeypatch.setattr("salsa_ext.database.acting_state.execute", end)
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post("/api/v1/checks", json=bodies.check(), headers=headers)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")

"""What a board asks, and what answers ask of a leg, is answered by an index, under row-level security too."""

import secrets
from contextlib import contextmanager

import pytest
from sqlalchemy import event, make_url, text

from api.app import create_app
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db
from salsa_ext.tracing.traces.envelope_handlers import _TRACE_AND_LEG
from tests.conftest import NOW, grounds_over
from tests.http.test_query_plans import BITMAPS_ALONE, explained, plans
from tests.support import agencies, bodies, jobs
from tests.support.movements import act, tick

__all__ = ["explained", "plans"]
POST = "ciudad-del-este-foz-do-iguacu"
BOARD = f"/posts/{POST}/board"


@pytest.fixture(scope="module")
def worker_database(server, template):
    """A database of this file's own: what other tests left in the tables moves the plans."""
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name, template)
    agencies.register(server.url("owner", name))
    yield name
    server.drop(name)


@pytest.fixture(scope="module")
def app(server, worker_database, tmp_path_factory):
    """The application over it, with a clock that stands at NOW."""
    config = server.config(worker_database, tmp_path_factory.mktemp("plans"))
    application = create_app(config, FixedClock(NOW))
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def grounds(app, request):
    """The transaction of this file's tests, over its own database."""
    yield from grounds_over(app, request)


@pytest.mark.parametrize(
    "table,indexes",
    [
        ("checkpoint", ("ix_checkpoint_post_occurred_at",)),
        ("permit", ("ix_permit_expiring",)),
        ("hit", ("ix_hit_owner_state_created_at",)),
        ("trace_leg", ("ix_trace_leg_waiting",)),
        ("trace_request", ("ix_trace_request_owner_state_",)),
    ],
)
def test_what_a_board_asks_is_found_by_an_index(as_actor, plans, table, indexes):
    asked = plans(as_actor("BRA", "border_officer"), BOARD, table, BITMAPS_ALONE)
    assert asked and all("Seq Scan" not in plan for plan in asked)
    assert all(index in "\n".join(asked) for index in indexes)


def test_the_leg_that_an_answer_names_goes_by_its_own_id(session):
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    leg = _TRACE_AND_LEG.compile(db.engine)
    rows = db.session.connection().exec_driver_sql(
        f"EXPLAIN {leg}", leg.construct_params({"leg": new_id(), "own": "BRA", "state": "PRY"})
    )
    assert "ix_trace_leg_id" in "\n".join(row[0] for row in rows)


MANY = """
INSERT INTO seizure (id, version, owner_state, concerned, occurred_on, number, kind, agency, country,
                     latitude, longitude, legal_grounds, crime_context, details, recorded_at)
SELECT gen_random_uuid(), 1, 'BRA', ARRAY['BRA']::char(3)[], date '2016-01-01' + n % 3720, n::text,
       'seized', 'BRA-POLICE', 'BRA', -33.0 + n % 97 * 0.3, -70.0 + n % 89 * 0.3, '{}', '{}', '{}', now()
FROM generate_series(1, 30000) n;
ANALYZE seizure
"""


def test_seizures_of_late_are_found_without_those_of_other_places_and_times(
    as_actor, explained, fresh_database
):
    name = make_url(fresh_database.database_url).database
    explained("owner", name, MANY, "SELECT 1")
    with compiled() as result:
        as_actor("BRA", "border_officer").get(BOARD)
    asked = [each for each in result if "FROM seizure" in each]
    assert len(asked) == 2
    for each in asked:
        plan = explained("service", name, "SET salsa.state = 'BRA'", each)
        for whose in ("owner", "joint")[: 1 + ("cardinality" in each)]:
            assert f"ix_seizure_{whose}_square" in plan and f"ix_seizure_{whose}_post" in plan
        assert "ix_seizure_concerned" not in plan  # all that ever concerned the state


@contextmanager
def compiled():
    """Gather the statements that are sent, each with its values in it, as the driver writes them."""
    result = []

    @jobs.of_requests
    def note(connection, cursor, statement, parameters, *_):
        if isinstance(parameters, dict):
            result.append(cursor.mogrify(statement, parameters).decode())

    event.listen(db.engine, "before_cursor_execute", note)
    yield result
    event.remove(db.engine, "before_cursor_execute", note)


WAYS = {
    "salsa_shipments_at_post": (
        "ix_shipment_under_way",
        """
        SELECT id FROM shipment WHERE posts @> ARRAY['X']
        AND status IN ('planned', 'released', 'in_transit', 'arrived', 'held')""",
    ),
    "salsa_discrepancies_at_post": (
        "uq_discrepancy_subject_id_kind_key",
        """
        SELECT discrepancy.id FROM shipment JOIN discrepancy
        ON discrepancy.subject_id = shipment.id WHERE posts @> ARRAY['X']
        AND discrepancy.status IN ('open', 'explained', 'reopened')""",
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_what_passes_a_post_is_found_by_the_posts_of_shipments(explained, worker_database, name):
    index, body = WAYS[name]
    off = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
    plan = explained("owner", worker_database, off, body)
    assert index in plan and "ix_shipment_" in plan and "Seq Scan" not in plan


@pytest.mark.parametrize("name", WAYS)
def test_the_words_of_the_function_are_those_that_are_explained(session, name):
    index, body = WAYS[name]
    result = (
        db.session.connection()
        .exec_driver_sql("SELECT prosrc FROM pg_proc WHERE proname = %s", (name,))
        .scalar()
    )
    for part in ("posts @> ARRAY[", "status IN (", "concerned @> ARRAY[current_setting("):
        assert part in result
    assert index and body


def test_a_board_asks_as_often_of_many_rows_as_of_few(app, as_actor, bra, pry_border):
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = bra.post("/permits", bodies.permit()).json["id"]

    def fill(number):
        expected = [{"stage": "entry", "post": POST, "at": "2026-03-10T12:00:00Z"}]
        body = bodies.shipment((f"SER{number}01",), number=f"A-{number}", expected=expected)
        made = act(bra, bra.post(f"/permits/{permit}/shipments", body).json, "release")
        tick(as_actor("BRA", "border_officer"), made, "exit", at="2026-03-09T13:00:00Z", post=POST)
        place = {"country": "PRY", "latitude": -25.5 + number / 100, "longitude": -54.62}
        pry_border.post("/seizures", bodies.seizure(number=f"S-{number}", place=place))

    fill(1)
    pry_border.get(BOARD)  # what each process keeps is read once
    few = asked(app, lambda: pry_border.get(BOARD))
    for number in range(2, 7):
        fill(number)
    many = asked(app, lambda: pry_border.get(BOARD))
    board = pry_border.get(BOARD).json
    assert [len(board[name]) for name in ("due", "seizures", "passed_today")] == [6, 6, 6]
    assert many == few < 60


def asked(app, do):
    """Count the statements that something sends."""
    result = []

    @jobs.of_requests
    def note(connection, cursor, statement, *_):
        result.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    do()
    event.remove(engine, "before_cursor_execute", note)
    return len(result)

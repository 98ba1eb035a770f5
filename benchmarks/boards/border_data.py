"""Border data: posts with crossings, seizures and open shipments.

Written by SQL as the commands would leave it. Every year has equal numbers, so more records mean a
longer history; open shipments are constant.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine, text

from benchmarks.marks import vacuum
from salsa_ext.core.errors import Invalid

RECORDS_PER_YEAR: Final = 100_000
"""Records of a year: a quarter of them seized guns, the others guns of shipments, thirty each."""
STEP_ROWS: Final = 40_000
OPEN_SHIPMENTS: Final = 20
"""Shipments under way at each post, one in five of them late."""
ProgressBar = Callable[[int], None]


def fill_border(records: int, bar: ProgressBar, marker: Path, owner_url: str) -> None:
    """Fill the database up to `records`; the `marker` file counts them.

    Raises Invalid if there are more.
    """
    there = json.loads(marker.read_text())["records"] if marker.exists() else 0
    if there > records:
        raise Invalid(f"{marker.parent} holds {there} records; name another folder")
    engine = create_engine(owner_url)
    if not there:
        with engine.begin() as connection:
            connection.execute(text(OPEN_SQL), {"open": OPEN_SHIPMENTS})
    for begin in range(there, records, STEP_ROWS):
        count = min(STEP_ROWS, records - begin)
        with engine.begin() as connection:
            _write_step(connection, begin, count)
        bar(count)
    engine.dispose()
    vacuum(owner_url)
    marker.write_text(json.dumps({"records": records}))


def _write_step(connection: Connection, begin: int, count: int) -> None:
    parameters = {"begin": begin, "count": count, "a_year": RECORDS_PER_YEAR}
    for statement in (SEIZURES_SQL, SHIPMENTS_SQL, TRACES_SQL):
        connection.execute(text(statement), parameters)


PLACES: Final = """
    place AS (SELECT row_number() OVER (ORDER BY code) - 1 AS at, count(*) OVER () AS posts, post.* FROM post
              WHERE state_b IS NOT NULL)
"""
DAY: Final = "current_date - 1 - (n::bigint * 365 / :a_year)::integer"
SEIZURES_SQL: Final = f"""
WITH {PLACES}, made AS (
    SELECT gen_random_uuid() AS id, n, CASE WHEN n / 4 / posts % 2 = 0 THEN state_a ELSE state_b END AS owner,
           latitude + (n / 4 % 31 - 15) * 0.02 AS latitude, longitude + (n / 4 % 37 - 18) * 0.02 AS longitude,
           {DAY} AS day
    FROM generate_series(:begin, :begin + :count - 1, 4) n JOIN place ON place.at = n / 4 % posts
), seized AS (
    INSERT INTO seizure (id, version, owner_state, concerned, number, kind, agency, country, latitude,
                         longitude, legal_grounds, crime_context, details, occurred_on, recorded_at)
    SELECT id, 1, owner, ARRAY[owner], 'Z-' || n, 'seized', owner || '-POLICE', owner, latitude,
           longitude, '{{}}', '{{}}', '{{}}', day, day FROM made
)
INSERT INTO record (id, version, owner_state, concerned, event, document_kind, document_id, occurred_on,
                    line, category, type, origin_kind, marking, quantity, antique, recorded_at)
SELECT gen_random_uuid(), 1, owner, ARRAY[owner], 'seized', 'seizure', id, day, 1, 'firearm', 'pistol',
       'industrial', 'intact', 1, false, day FROM made
"""  # noqa: S608 - numbers are bound
SIDES: Final = """
    CASE WHEN n % 2 = 0 THEN state_a ELSE state_b END AS seller,
    CASE WHEN n % 2 = 0 THEN state_b ELSE state_a END AS buyer
"""
SHIPMENT: Final = """
    INSERT INTO shipment (id, owner_state, concerned, version, permit_id, permit_number, number, status,
                          exporting_state, importing_state, ships_on, mode, route, posts, expected, due_at,
                          overdue_at, seals, plates, item_count, bulk, recorded_at)
"""
PERMIT: Final = """
    INSERT INTO permit (id, owner_state, concerned, version, kind, number, document_kind, status, issued_on,
                        expires_on, agency, signatory_id, regime, exporting_state, importing_state,
                        transit_states, exporter_id, importer_id, final_consignee_id, transit_permits,
                        recorded_at, counterpart_status, findings)
"""
SHIPMENTS_SQL: Final = f"""
WITH {PLACES}, made AS (
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS permit, n, code, {SIDES}, {DAY} AS day
    FROM generate_series(:begin, :begin + :count - 1, 40) n JOIN place ON place.at = n / 40 % posts
), shipped AS (
    {SHIPMENT}
    SELECT id, seller, ARRAY[seller, buyer], 1, permit, 'E-' || n, 'A-' || n, 'received', seller, buyer,
           day, 'road', ARRAY[code], ARRAY[code], '[]', NULL, NULL, '{{}}', '{{}}', 30, '[]', day FROM made
), ticked AS (
    INSERT INTO checkpoint (id, owner_state, concerned, shipment_state, shipment_id, stage, post,
                            occurred_at, outcome, seals, recorded_at)
    SELECT gen_random_uuid(), side, ARRAY[seller, buyer], seller, id, stage, code, day, 'passed', '{{}}', day
    FROM made CROSS JOIN LATERAL (VALUES (seller, 'exit'), (buyer, 'entry')) crossing (side, stage)
), permitted AS (
    {PERMIT}
    SELECT permit, seller, ARRAY[seller, buyer], 1, 'export', 'E-' || n, 'certificate', 'exhausted', day - 60,
           day + 300, seller || '-LICENSING', id, 'permanent', seller, buyer, '{{}}', id, id, id, '[]', day,
           'complete', '[]' FROM made
)
INSERT INTO record (id, version, owner_state, concerned, event, document_kind, document_id, occurred_on,
                    line, category, type, origin_kind, marking, quantity, antique, recorded_at)
SELECT gen_random_uuid(), 1, seller, ARRAY[seller, buyer], 'export', 'shipment', id, day, line, 'firearm',
       'pistol', 'industrial', 'intact', 1, false, day FROM made CROSS JOIN generate_series(1, 30) line
"""  # noqa: S608 - numbers are bound
TRACE: Final = """
    INSERT INTO trace (id, owner_state, concerned, version, status, case_number, firearm, found_on, priority,
                       legal_basis, illicit_reason, circumstances, intended_use, confidentiality_requested,
                       created_at)
"""
LEG: Final = """
    INSERT INTO trace_leg (trace_id, id, owner_state, concerned, state, channel, status, reasons, events,
                           asked_at, is_automatic)
"""
HIT: Final = """
    INSERT INTO hit (id, owner_state, version, alert_id, alert_state, finding_state, action, priority,
                     cause_kind, cause_key, strength, score, status, found_at, created_at, due_at, changed_at)
"""
TRACES_SQL: Final = f"""
WITH {PLACES}, made AS (
    SELECT gen_random_uuid() AS id, n, {SIDES}, {DAY} AS day
    FROM generate_series(:begin, :begin + :count - 1, 100) n JOIN place ON place.at = n / 100 % posts
), traced AS (
    {TRACE} SELECT id, seller, ARRAY[seller], 1, 'completed', 'C-' || n, '{{}}', day, 'routine', 'Law',
            'used_in_crime', 'Found', 'intelligence', false, day FROM made
), asked AS (
    {LEG} SELECT id, gen_random_uuid(), seller, ARRAY[seller], buyer, 'service', 'answered', '[]', '[]', day,
          false FROM made
)
{HIT} SELECT id, seller, 1, id, seller, buyer, 'inform_only', 'routine', 'check', id, 'strong', 20,
      'confirmed', day, day, day + 1, day FROM made
"""  # noqa: S608 - numbers are bound
OPEN_SQL: Final = f"""
WITH {PLACES}, made AS (
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS permit, n, code, {SIDES},
           now() + (CASE WHEN n % 5 = 0 THEN -1 ELSE 8 END) * n * interval '1 hour' AS due
    FROM generate_series(1, :open) n CROSS JOIN place
), shipped AS (
    {SHIPMENT}
    SELECT id, seller, ARRAY[seller, buyer], 1, permit, 'O-' || code || n, 'O-' || code || '-' || n, 'released',
           seller, buyer, current_date - 2, 'road', ARRAY[code], ARRAY[code], '[]', due, due + interval '1 day',
           '{{}}', ARRAY['BRA2E19'], 30, '[]', now() FROM made
), ticked AS (
    INSERT INTO checkpoint (id, owner_state, concerned, shipment_state, shipment_id, stage, post,
                            occurred_at, outcome, seals, recorded_at)
    SELECT gen_random_uuid(), seller, ARRAY[seller, buyer], seller, id, 'exit', code, now() - interval '1 hour',
           'passed', '{{}}', now() FROM made WHERE n % 2 = 0
), let_go AS (
    INSERT INTO trade_event (id, owner_state, concerned, subject_kind, subject_state, subject_id, kind,
                       occurred_at, reason, data, recorded_at)
    SELECT gen_random_uuid(), seller, ARRAY[seller, buyer], 'shipment', seller, id, 'released',
           now() - interval '2 days', NULL, '{{}}', now() FROM made
), permitted AS (
    {PERMIT}
    SELECT permit, seller, ARRAY[seller, buyer], 1, 'export', 'O-' || code || n, 'certificate', 'issued',
           current_date - 60, current_date + 20 + 10 * n, seller || '-LICENSING', id, 'permanent', seller,
           buyer, '{{}}', id, id, id, '[]', now(), 'complete', '[]' FROM made
), traced AS (
    {TRACE} SELECT id, seller, ARRAY[seller], 1, 'sent', 'O-' || n, '{{}}', current_date, 'routine', 'Law',
            'used_in_crime', 'Found', 'intelligence', false, now() FROM made WHERE n <= 4
), asked AS (
    {LEG} SELECT id, gen_random_uuid(), seller, ARRAY[seller], buyer, 'service', 'sent', '[]', '[]',
          now() - n * interval '1 day', false FROM made WHERE n <= 4
)
{HIT} SELECT id, seller, 1, id, seller, buyer, 'inform_only', 'routine', 'check', id, 'strong', 20, 'open',
      now(), now(), now() + interval '1 day', now() FROM made WHERE n <= 4
"""  # noqa: S608 - numbers are bound

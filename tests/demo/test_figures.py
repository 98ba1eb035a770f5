"""Figures of the demo region equal a plain count of its rows, by pandas."""

import pandas
import pytest
from sqlalchemy import text

from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from salsa_ext.demo.investigation import TRACING_STATES
from salsa_ext.tracing.requests.values import WAITING_STATUSES

PARTNER = "CASE owner_state WHEN exporting_state THEN importing_state ELSE exporting_state END"
DISCREPANCIES = """
SELECT kind AS discrepancy, status, raised_at AS day, '' AS partner, 1 AS amount
FROM discrepancy WHERE owner_state = :state
"""
RECORDS = """
WITH record AS MATERIALIZED (
    SELECT record.* FROM record JOIN record_setting ON record_id = record.id
    WHERE record.owner_state = :state AND event <> 'alert' AND NOT record_setting.is_void)
"""  # first, by themselves: on a cluster they are on other nodes
FLOWS = f"""{RECORDS}
SELECT coalesce(country_of_manufacture, 'unknown') AS country_of_manufacture,
    coalesce(entry.details ->> 'state', 'none') AS diverted_in,
    coalesce(entry.details ->> 'established_by', 'none') AS established_by,
    record.occurred_on AS day, quantity AS amount, '' AS partner
FROM record JOIN seizure ON seizure.id = document_id
LEFT JOIN custody_entry AS entry
    ON entry.seizure_id = document_id AND entry.line = record.line AND entry.kind = 'origin'
WHERE category = 'firearm'
"""
SEIZURES = f"""{RECORDS}
SELECT coalesce(entry.details ->> 'established_by', 'none') AS established_by,
    CASE WHEN trace.outcome IN ('traced', 'partly') THEN coalesce(exported_by, 'none')
        ELSE 'unknown' END AS exported_by,
    seizure.kind AS kind, category, coalesce(record.marking, 'unknown') AS marking,
    record.occurred_on AS day, quantity AS amount, '' AS partner
FROM record JOIN seizure ON seizure.id = document_id
LEFT JOIN custody_entry AS entry
    ON entry.seizure_id = document_id AND entry.line = record.line AND entry.kind = 'origin'
LEFT JOIN trace ON trace.record_id = record.id AND trace.owner_state = record.owner_state
WHERE coalesce(unit, 'piece') = 'piece'
"""
TRACES = """
SELECT coalesce(sold_in, 'unknown') AS sold_in, outcome, priority, created_at AS day, '' AS partner, 1 AS amount
FROM trace WHERE owner_state = :state AND outcome <> ''
"""
REQUESTS = """
SELECT priority, status, asking_state AS asking, received_at AS day, answered_at, due_at,
    reminded_percent, '' AS partner, 1 AS amount
FROM trace_request WHERE owner_state = :state
"""
PERMITS = f"""
SELECT permit.kind AS permit, CASE status WHEN 'refused' THEN status ELSE 'issued' END AS decision,
    party.kind AS end_user, issued_on AS day, 1 AS amount,
    CASE permit.kind WHEN 'in_transit' THEN '' ELSE {PARTNER.replace("owner", "permit.owner")} END
    AS partner
FROM permit JOIN party ON party.id = final_consignee_id WHERE permit.owner_state = :state
"""
AUTHORISED = f"""
SELECT kind || '_authorised' AS measure, left(hs_code, 4) AS heading, type, issued_on AS day,
    quantity AS amount, {PARTNER.replace("owner", "permit.owner")} AS partner
FROM permit JOIN permit_line ON permit_id = permit.id
WHERE permit.owner_state = :state AND kind <> 'in_transit' AND status <> 'refused'
    AND replaces IS NULL
"""
SHIPPED = """
SELECT 'shipped' AS measure, left(hs_code, 4) AS heading, type, ships_on AS day,
    quantity AS amount, importing_state AS partner
FROM shipment JOIN record ON document_id = shipment.id
WHERE shipment.owner_state = :state AND status NOT IN ('cancelled', 'returned')
"""
RECEIVED = """
SELECT 'received' AS measure, left(hs_code, 4) AS heading, type, received_on AS day,
    quantity AS amount, counterpart_state AS partner
FROM receipt JOIN record ON document_id = receipt.id
WHERE receipt.owner_state = :state AND NOT is_return
"""


@pytest.fixture(params=TRACING_STATES)
def compare(small, request):
    """Return a function that compares figures of a state with its rows, by columns and year."""
    client = small.client(request.param, "licensing_officer")

    def read(*queries):
        with small.app.app_context(), transaction(operator(request.param)):
            rows = (
                row
                for query in queries
                for row in db.session.execute(text(query), {"state": request.param}).mappings()
            )
            return pandas.DataFrame([dict(row) for row in rows])

    def run(dataset, columns, *queries, add=lambda rows: rows):
        query = f"?state={request.param}&by={','.join(columns)}&grain=year"
        cells = client.get(f"/statistics/{dataset}{query}").json["cells"]
        found = sorted(
            (*each["values"].values(), each["period"], each["partner"] or "", each["amount"])
            for each in cells
        )
        rows = read(*queries)
        if rows.empty:
            assert found == []
            return
        rows = add(rows.assign(period=[str(day.year) for day in rows.day]))
        sums = rows.groupby([*columns, "period", "partner"]).amount.sum().reset_index()
        assert found == sorted(sums.itertuples(index=False, name=None))

    return run


def test_discrepancies(compare):
    compare("discrepancies", ["status", "discrepancy"], DISCREPANCIES)


def test_permits(compare):
    compare("permits", ["permit", "decision", "end_user"], PERMITS)


def test_licit_trade(compare):
    columns = ["measure", "heading", "type"]
    compare("licit_trade", columns, AUTHORISED, SHIPPED, RECEIVED)


def test_flows(compare):
    columns = ["country_of_manufacture", "diverted_in", "established_by"]
    compare("flows", columns, FLOWS)


@pytest.mark.parametrize("finer", ["established_by", "exported_by", "marking"])
def test_seizures(compare, finer):
    compare("seizures", ["kind", "category", finer], SEIZURES)


def test_traces(compare):
    compare("traces", ["sold_in", "outcome", "priority"], TRACES)


def with_answers(rows):
    ended = rows.status.isin(["refused", "withdrawn"])
    waits = rows.status.isin(WAITING_STATUSES) | rows.answered_at.isna()
    answer = pandas.Series("late", rows.index).mask(rows.answered_at <= rows.due_at, "in_time")
    answer = answer.mask(waits, "waiting").mask(waits & (rows.reminded_percent >= 100), "overdue")
    return rows.assign(answer=answer.mask(ended, rows.status))


def test_requests(compare):
    compare("requests", ["priority", "answer", "asking"], REQUESTS, add=with_answers)

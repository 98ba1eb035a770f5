"""Test home: what waits for each role, and what it may start."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import url_for

from api.http.auth import SESSION_COOKIE
from api.web.pages.account.home import STARTS, TASKS
from salsa_ext.access.rules import ROLE_PERMISSIONS
from salsa_ext.core.codes import TASK_KINDS
from salsa_ext.worklists.tasks import QUEUES, Task, TaskList, next_tasks
from tests.conftest import NOW
from tests.support import bodies

LIST_OF_KIND = {
    "request": "/requests?limit=200",
    "hit": "/hits?status=open",
    "receipt": "/shipments?awaiting_receipt=true&limit=200",
    "discrepancy": "/discrepancies?unexplained=true&limit=200",
    "match": "/matches?status=proposed&least_worth=crime&limit=200",
    "consent": "/consents?status=asked",
    "trace": "/traces?status=completed",
    "lookup": "/lookups?status=open",
}
COUNTED_ALIKE = ("receipt", "discrepancy", "match")


@pytest.mark.parametrize("role", sorted(ROLE_PERMISSIONS.keys() - {"display"}))
def test_home_offers_each_role_what_it_may_start_and_nothing_else(app, signed_in, role):
    home = signed_in(None if role == "secretariat" else "BRA", role).open("/")
    start = home.partition('class="side"')[2].partition("</aside>")[0]
    with app.test_request_context(base_url="http://localhost"):
        offered = {row[0] for row in STARTS if re.search(f'href="{url_for(row[1])}["?]', start)}
    assert offered == {row[0] for row in STARTS} & ROLE_PERMISSIONS[role]


def test_every_kind_of_task_has_a_list_and_is_found_in_its_order():
    assert (*QUEUES,) == (*TASKS,) == TASK_KINDS


def _get(region, who, path):
    client = region.app.test_client()
    return client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {region.key(who)}"}).json


@pytest.mark.parametrize("state", ["BRA", "PRY"])
@pytest.mark.parametrize("role", sorted(ROLE_PERMISSIONS.keys() - {"secretariat", "display"}))
def test_tasks_are_those_that_their_lists_hold(region, state, role):
    who = f"{state} {role}"
    lists = {row["kind"]: row for row in _get(region, who, "/tasks")["items"]}
    may = ROLE_PERMISSIONS[role]
    assert lists.keys() <= {kind for kind, queue in QUEUES.items() if queue.permission in may}
    for kind in lists.keys() & LIST_OF_KIND.keys():
        listed = {row["id"] for row in _get(region, who, f"{LIST_OF_KIND[kind]}")["items"]}
        assert {task["subject_id"] for task in lists[kind]["tasks"]} <= listed
        if kind in COUNTED_ALIKE:
            assert lists[kind]["count"] == len(listed)


def test_every_kind_of_task_waits_for_somebody_in_a_busy_region(region):
    kinds = {
        row["kind"]
        for state in ("BRA", "PRY")
        for role in ROLE_PERMISSIONS.keys() - {"secretariat", "display"}
        for row in _get(region, f"{state} {role}", "/tasks")["items"]
    }
    assert kinds >= {*TASK_KINDS} - {"trace", "account", "receipt"}


def test_every_task_has_a_deadline_or_says_since_when_it_waits(region):
    rows = [
        row
        for state in ("BRA", "PRY")
        for row in _get(region, f"{state} licensing_officer", "/tasks")["items"]
    ]
    tasks = [(row["kind"], task) for row in rows for task in row["tasks"]]
    assert "permit" in dict(tasks)
    assert [kind for kind, task in tasks if not (task["due_at"] or task["since"])] == []


def test_goods_that_arrived_long_ago_come_before_plans_that_lapsed():
    days = [NOW - timedelta(days=count) for count in (1, 400, 500)]
    here = Task("shipment", UUID(int=1), "A-1", "BRA", days[1], days[1])
    late, lapsed = here._replace(number="A-2", due_at=days[0]), here._replace(since=None)
    some = TaskList("receipt", 3, 3, [lapsed._replace(due_at=days[2]), here, late])
    assert [task.due_at for _, task in next_tasks([some], 3, NOW)] == [days[1], days[0], days[2]]


def test_home_counts_what_waits_and_shows_the_most_urgent(region):
    reader = region.app.test_client()
    reader.set_cookie(SESSION_COOKIE, region.key("PRY trace_analyst"))
    home = reader.get("/").get_data(as_text=True)
    lists = _get(region, "PRY trace_analyst", "/tasks")["items"]
    counts = re.findall(r'class="count">([0-9]+)', home)
    assert counts == [str(row["count"]) for row in lists]
    assert all(f"/{task['subject_id']}" in home for task in lists[0]["tasks"][:3])


def test_home_shows_the_last_acts_of_its_reader_alone(app, signed_in):
    officer, other = signed_in("BRA", "police_officer"), signed_in("BRA", "trace_analyst")
    token = officer.client.get_cookie(SESSION_COOKIE).value
    headers = {"Authorization": f"Bearer {token}"}
    body = bodies.seizure(number="S-LATELY")
    recorded = app.test_client().post("/api/v1/seizures", json=body, headers=headers)
    assert recorded.status_code == 201, recorded.json
    lately = officer.open("/")
    assert re.search(r'<a href="/seizures/[^"]+">Seizure S-LATELY</a>', lately)
    assert "Seizure · recording" in lately
    assert "Seizure · recording" not in other.open("/")


def test_a_state_opens_no_account_of_the_secretariat(signed_in):
    page = signed_in("BRA", "state_administrator").open("/accounts/new")
    assert 'value="auditor"' in page and 'value="secretariat"' not in page

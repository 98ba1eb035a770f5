"""Checks at the same moment use one budget, as if they came one after the other."""

import threading
from concurrent.futures import ThreadPoolExecutor

from salsa_ext.checks import checks
from salsa_ext.lookups import budgets
from salsa_ext.lookups.budgets import Budget

AT_ONCE = 4


def test_batches_at_once_do_not_overdraw_a_budget(real_client, real_app, monkeypatch):
    """Before: each of them overdrew it by its first hundred guns."""
    monkeypatch.setitem(budgets.BUDGETS, "unknown", Budget(10, 1))
    officer = real_client("BRA", "police_officer")
    guns = [{"serial": f"ABC1234{n:02}"} for n in range(10)]
    batch = {"purpose": "investigation", "case_number": "INVENTED", "checks": guns}
    all_have_read, store = threading.Barrier(AT_ONCE), checks._store_checks

    def wait(*content):
        all_have_read.wait(30)
        store(*content)

    monkeypatch.setattr(checks, "_store_checks", wait)

    def ask(_):
        sent = {"Authorization": f"Bearer {officer.token}"}
        answer = real_app.test_client().post("/api/v1/checks/batch", json=batch, headers=sent)
        return answer.status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sorted(pool.map(ask, range(AT_ONCE))) == [200, 429, 429, 429]
    made = real_client("BRA", "auditor").get("/audit?action=check:made&limit=50").json["items"]
    assert len(made) == 10

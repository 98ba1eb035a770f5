"""A register is not read out by many look-ups, and who tries is seen."""

from salsa_ext.lookups.budgets import BUDGETS
from tests.support import bodies


def test_many_checks_for_an_invented_case_are_slowed_and_seen(as_actor):
    """Before: 261 checks in 5 s. Now 100 at once, then one each 12 s: 261 take half an hour."""
    officer = as_actor("BRA", "police_officer", background=False)
    checks = [bodies.check(serial=f"ABC{n:06}", case_number="INVENTED") for n in range(130)]
    statuses = [
        officer.client.post(
            "/api/v1/checks", json=check, headers={"Authorization": f"Bearer {officer.token}"}
        ).status_code
        for check in checks
    ]
    burst = BUDGETS["unknown"].burst
    assert statuses[:burst] == [201] * burst
    assert statuses.count(429) > 20
    auditor = as_actor("BRA", "auditor")
    assert len(auditor.get("/audit?action=lookup:refused").json["items"]) == 1
    made = auditor.get("/audit?action=check:made").json["items"]
    assert all(entry["data"]["case_unknown"] for entry in made)

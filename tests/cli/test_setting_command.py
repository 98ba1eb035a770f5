"""Settings of a state from the command line."""

import pytest


def test_settings_are_changed_and_shown(salsa):
    assert "overdue_hours           24" in salsa("setting", "show", "--state", "PRY").stdout
    copies = ("--electronic-copies-with", "BRA", "--electronic-copies-with", "arg")
    changed = salsa("setting", "change", "--state", "PRY", "--overdue-hours", "12", *copies)
    assert changed.returncode == 0, changed.stderr
    shown = salsa("setting", "show", "--state", "PRY").stdout
    assert shown == changed.stdout
    for line in ("counterpart_days        30", "overdue_hours           12",
                 "electronic_copies_with  ARG, BRA", "agreed by both          -"):  # fmt: skip
        assert line in shown
    emptied = salsa("setting", "change", "--state", "PRY", "--no-electronic-copies")
    assert "electronic_copies_with  -" in emptied.stdout


def test_targets_and_days_are_changed_and_emptied(salsa):
    days = (
        "--closed-on",
        "2026-12-24",
        "--open-on",
        "2026-05-01",
        "--weekday",
        "1",
        "--weekday",
        "6",
    )
    changed = salsa("setting", "change", "--state", "PRY", "--urgent-hours", "4", *days).stdout
    for line in ("urgent_hours            4", "routine_days            7", "weekdays                1, 6",
                 "closed_on               2026-12-24", "open_on                 2026-05-01"):  # fmt: skip
        assert line in changed
    emptied = salsa("setting", "change", "--state", "PRY", "--no-added-days").stdout
    assert "closed_on               -" in emptied and "weekdays                1, 6" in emptied


@pytest.mark.parametrize("options,said,code", [
    (["--electronic-copies-with", "PRY"], "this is your own", 1),
    (["--electronic-copies-with", "FRA"], "FRA is not a participating state", 1),
    (["--overdue-hours", "-1"], "is not in the range", 2),
    (["--no-added-days", "--open-on", "2026-05-01"], "not both", 2),
    (["--no-electronic-copies", "--electronic-copies-with", "BRA"], "not both", 2),
])  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_in_a_sentence(salsa, options, said, code):
    refused = salsa("setting", "change", "--state", "PRY", *options)
    assert (refused.returncode, said in refused.stderr) == (code, True), refused.stderr

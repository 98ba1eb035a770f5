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


@pytest.mark.parametrize("options,said,code", [
    (["--electronic-copies-with", "PRY"], "this is your own", 1),
    (["--electronic-copies-with", "FRA"], "FRA is not a participating state", 1),
    (["--overdue-hours", "-1"], "is not in the range", 2),
    (["--no-electronic-copies", "--electronic-copies-with", "BRA"], "not both", 2),
])  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_in_a_sentence(salsa, options, said, code):
    refused = salsa("setting", "change", "--state", "PRY", *options)
    assert (refused.returncode, said in refused.stderr) == (code, True), refused.stderr

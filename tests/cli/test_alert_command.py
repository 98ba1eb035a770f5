"""Alerts and hits from the command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest

OWN, THERE = ("--state", "PRY"), ("--state", "BRA")
UNTIL = str((datetime.now(UTC) + timedelta(days=300)).date())
GUN = ("--make", "Taurus", "--calibre", "9x19")
SAID = ("--action", "hold_and_call", "--reason", "stolen", "--case", "C-17", "--until", UNTIL, *GUN)


@pytest.fixture
def alert(salsa):
    """Return the id of an alert of Paraguay."""
    return salsa("alert", "add", *OWN, *SAID, "ABC123456").stdout.split()[0]


@pytest.fixture
def hit(salsa, alert):
    """Return the id of a hit that Brazil made on it."""
    asked = salsa("check", *THERE, "--case", "C-1", *GUN, "--json", "ABC123456").stdout
    return json.loads(asked)["hits"][0]["id"]


def test_an_alert_is_entered_listed_and_cancelled(salsa, alert):
    listed = salsa("alert", "list", *OWN, "--status", "active").stdout
    assert listed.split()[:4] == [alert, "active", "hold_and_call", "stolen"]
    assert salsa("alert", "list", *THERE).stdout == ""
    ended = salsa("alert", "cancel", *OWN, "--reason", "Gun found", alert)
    assert ended.stdout == f"{alert} is cancelled.\n"
    again = salsa("alert", "cancel", *OWN, "--reason", "Gun found", alert)
    assert (again.returncode, "“cancel” is not possible: this alert is" in again.stderr) == (
        1,
        True,
    )


def test_a_check_tells_what_to_do_in_words(salsa, alert):
    asked = salsa("check", *THERE, "--case", "C-1", *GUN, "ABC123456").stdout
    assert "Hold the gun and call PRY" in asked


def test_a_hit_is_listed_extended_and_confirmed(salsa, hit):
    listed = salsa("hit", "list", *THERE, "--status", "open").stdout
    assert listed.split()[:4] == [hit, "open", "hold_and_call", "strong"]
    shown = salsa("hit", "show", *OWN, hit).stdout
    assert "status    open, version 1" in shown and "of PRY" in shown
    more = salsa("hit", "extend", *OWN, "--hours", "3", "--note", "File asked for", hit)
    assert more.stdout.startswith(f"{hit} is extended, due by ")
    assert salsa("hit", "confirm", *OWN, hit).stdout == f"{hit} is confirmed.\n"
    [shown] = json.loads(salsa("hit", "list", *THERE, "--json").stdout)
    assert (shown["status"], shown["version"]) == ("confirmed", 3)


def test_who_met_the_alert_cannot_deny_the_hit(salsa, hit):
    refused = salsa("hit", "deny", *THERE, "--note", "No", hit)
    assert (refused.returncode, "its authorities answer this hit" in refused.stderr) == (1, True)
    assert salsa("hit", "deny", *OWN, "--note", "No", hit).stdout == f"{hit} is denied.\n"


def test_an_alert_is_of_a_serial_or_of_a_record(salsa):
    refused = salsa("alert", "add", *OWN, *SAID)
    assert (refused.returncode, "Give a serial" in refused.stderr) == (2, True)


@pytest.fixture
def several(salsa):
    """Let Paraguay have so many accounts that a second person checks each alert."""
    police = ("--kind", "police", "--zone", "America/Asuncion", "PRY-POLICE", "Policía")
    salsa("agency", "add", *OWN, *police)
    for name in ("ana", "eva", "luz"):
        opened = ("--role", "police_officer", "--agency", "PRY-POLICE", f"pry.{name}")
        salsa("account", "open", *OWN, *opened)


def test_another_officer_than_who_entered_an_alert_checks_it(salsa, several):
    entered = salsa("alert", "add", *OWN, *SAID, "--officer", "41", "ABC123456").stdout
    alert = entered.split()[0]
    assert "A second person has to check it: salsa alert verify." in entered
    assert alert in salsa("alert", "list", *OWN, "--second-check", "waiting").stdout
    for same in ((), ("--officer", "41")):
        refused = salsa("alert", "verify", *OWN, *same, alert)
        assert (refused.returncode, "Another person than who entered" in refused.stderr) == (
            1,
            True,
        )
    checked = salsa("alert", "verify", *OWN, "--officer", "77", alert)
    assert checked.stdout.startswith(f"{alert} is verified; say so again by 20")
    told = json.loads(salsa("alert", "show", *OWN, "--json", alert).stdout)
    assert (told["second_check"], told["version"]) == ("done", 2)
    shown = salsa("alert", "show", *OWN, alert).stdout
    assert "second check  done" in shown and "serial        ABC123456" in shown
    assert salsa("alert", "verify", *OWN, "--officer", "41", alert).returncode == 0


def test_who_gave_no_number_is_not_told_from_who_checks(salsa, several, alert):
    refused = salsa("alert", "verify", *OWN, "--officer", "77", alert)
    assert (refused.returncode, "Another person than who entered" in refused.stderr) == (1, True)
    assert salsa("alert", "show", *THERE, alert).returncode == 1


def test_of_a_gun_that_is_let_pass_nobody_is_to_be_called(salsa):
    quiet = ("--action", "let_pass_and_inform", *SAID[2:])
    salsa("alert", "add", *OWN, *quiet, "ABC123456")
    police = ("--kind", "police", "--zone", "America/Sao_Paulo", "BRA-POLICE", "Polícia")
    salsa("agency", "add", *THERE, *police)
    office = ("--kind", "duty_24h", "--language", "pt", "--telephone", "+55 21 000000")
    assert salsa("contact", "add", *THERE, *office, "--agency", "BRA-POLICE").returncode == 0
    salsa("check", *THERE, "--case", "C-1", *GUN, "ABC123456")
    salsa("worker", "--once")
    hit, *_, due = salsa("hit", "list", *OWN).stdout.split()
    assert due == "-"
    shown = salsa("hit", "show", *OWN, hit).stdout
    assert "nobody: those who met it know nothing of it" in shown
    assert "+55 21 000000" not in shown and ["due", "-"] in map(str.split, shown.splitlines())


def test_an_alert_says_to_whom_it_shows_and_whether_it_was_compared(salsa, alert):
    shown = salsa("alert", "show", *OWN, alert).stdout
    assert "all states" in shown and "still being compared with the records" in shown
    salsa("worker", "--once")
    assert "still being compared" not in salsa("alert", "show", *OWN, alert).stdout
    quiet = ("--action", "let_pass_and_inform", *SAID[2:], "--confirm-second")
    other = salsa("alert", "add", *OWN, *quiet, "ABC123456").stdout.split()[0]
    assert "no state" in salsa("alert", "show", *OWN, other).stdout


def test_a_hit_whose_report_was_withdrawn_says_so(salsa, alert):
    found = ("--kind", "recovery", "--occurred-on", "2026-03-01", *GUN, "--serial", "ABC123456")
    salsa("report", "record", *THERE, *found, "R-9")
    hit = salsa("hit", "list", *OWN).stdout.split()[0]
    assert salsa("hit", "confirm", *OWN, hit).returncode == 0
    gone = salsa("report", "withdraw", *THERE, "--reason", "In error", "R-9")
    assert gone.returncode == 0, gone.stderr
    listed = salsa("hit", "list", *OWN).stdout.split()
    assert listed[:2] == [hit, "cause_withdrawn"]
    shown = salsa("hit", "show", *OWN, hit).stdout
    assert "cause_withdrawn, version 3" in shown and "the answer: confirmed" in shown

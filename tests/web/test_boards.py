"""Test boards."""

from datetime import timedelta

import pytest
from flask import g

from api.web.formatting import duration, join_names, opening_hours
from tests.support import bodies
from tests.web import scenes
from tests.web.pages import text

BOARD = f"/posts/{scenes.POST}/board"


def test_a_board_shows_what_is_late_due_expiring_and_seized(as_actor, signed_in):
    scenes.busy_post(as_actor)
    board = signed_in("PRY", "border_officer").open(BOARD)
    board = text(board)
    for shown in (
        "A-LATE",
        "3 days and 3 hours late",
        "A-DUE",
        "in 1 day and 21 hours",
        "I-1",
        "days left: 11",
        "S-2",
    ):
        assert shown in board
    assert "Presidente Franco" in board and "1 × Revolver" in board


def test_a_board_says_times_in_the_zone_of_the_readers_own_side(as_actor, signed_in):
    board = text(signed_in("PER", "border_officer").open("/posts/assis-brasil-inapari/board"))
    assert "times are those of Iñapari (UTC−05:00)" in board
    assert "Rio Branco" in board and "America/" not in board and "Your side" in board


def test_a_crossing_is_shown_by_word_and_sign_never_by_colour_alone(as_actor, signed_in):
    scenes.busy_post(as_actor)
    board = signed_in("BRA", "border_officer").open(BOARD)
    assert "✓ Passed" in text(board) and "○ Not yet" in text(board)


@pytest.mark.parametrize(
    "language,body",
    [
        ("en", "Joint seizures of other states in the last ninety days"),
        ("es", "Incautaciones conjuntas de otros Estados en los últimos noventa días"),
        ("fr", "Saisies conjointes d’autres États au cours des quatre-vingt-dix derniers jours"),
        ("pt", "Apreensões conjuntas de outros Estados nos últimos noventa dias"),
    ],
)
def test_a_board_gives_the_number_of_joint_seizures_of_others(as_actor, signed_in, language, body):
    joint = bodies.seizure(number="JOINT-7", joint_with={"state": "PRY", "number": "P-9"})
    as_actor("BRA", "police_officer").post("/seizures", joint)
    board = signed_in("PRY", "border_officer").open(BOARD, Accept_Language=language)
    assert f'<dt>{body}</dt><dd><data value="1"' in board
    assert "JOINT-7" not in board


def test_an_empty_board_says_so(signed_in):
    board = signed_in("BRA", "border_officer").open(BOARD)
    assert "Nothing is late." in board and "No permit expires within thirty days." in board


def test_spanish_joins_with_an_e_before_an_i(app):
    with app.test_request_context():
        g.language = "es"
        assert join_names("licensee_role", ["dealer", "importer"]) == "Comerciante e Importador"


@pytest.mark.parametrize(
    "time,expected",
    [
        ({"minutes": 89, "seconds": 59}, "1 hour and 29 minutes"),
        ({"hours": 1}, "1 hour"),
        ({"hours": 47, "minutes": 59}, "1 day and 23 hours"),
        ({"days": 3, "minutes": 40}, "3 days"),
        ({"seconds": 59}, "less than a minute"),
    ],
)
def test_a_length_of_time_is_never_rounded_up(app, time, expected):
    with app.test_request_context():
        g.language = "en"
        assert duration(timedelta(**time)) == expected


@pytest.mark.parametrize(
    "language,expected",
    [("en", "Mon-Fri 08:00-17:00"), ("es", "lun-vie 08:00-17:00"), ("pt", "seg.-sex. 08:00-17:00")],
)
def test_opening_hours_have_their_days_in_the_readers_language(app, language, expected):
    with app.test_request_context():
        g.language = language
        assert opening_hours("Mo-Fr 08:00-17:00") == expected
        assert opening_hours("24/7, Montag") == "24/7, Montag"


def test_a_board_is_in_the_readers_language(as_actor, signed_in):
    scenes.busy_post(as_actor)
    board = text(signed_in("PRY", "border_officer").open(BOARD, Accept_Language="es"))
    for shown in (
        "Con retraso",
        "3 días y 3 horas de retraso",
        "6 mar 2026, 09:00",
        "1 × Revólver",
    ):
        assert shown in board


@pytest.mark.parametrize(
    ("state", "role"), [("ARG", "border_officer"), ("BRA", "police_officer"), (None, "secretariat")]
)
def test_the_board_of_a_post_is_refused_to_others_with_a_page(signed_in, state, role):
    assert "<h1>You cannot do this</h1>" in signed_in(state, role).open(BOARD, 403)


def test_a_post_that_does_not_exist_is_not_found(signed_in):
    page = signed_in("BRA", "border_officer").open("/posts/nowhere/board", 404)
    assert "<h1>Not found</h1>" in page


def test_the_home_page_lists_the_posts_of_the_own_state_to_who_may_open_them(signed_in):
    assert BOARD in signed_in("BRA", "supervisor").open("/")
    assert "/board" not in signed_in("BRA", "police_officer").open("/")


def test_a_hit_of_an_alert_that_was_cancelled_asks_for_nothing_on_the_board(
    signed_in, police, pry_border
):
    made = police.post("/alerts", bodies.alert()).json
    pry_border.post("/checks", bodies.check())
    page = signed_in("PRY", "border_officer")
    assert "Hold and call" in text(page.open(BOARD))
    police.post(f"/alerts/{made['id']}/cancel", {"reason": "Found"}, 200, If_Match='"1"')
    shown = text(page.open(BOARD))
    assert "✕ The alert was cancelled by Brazil on" in shown and "Hold and call" not in shown
    [hit] = pry_border.get(BOARD).json["hits"]
    assert hit["alert_ended"]["status"] == "cancelled"


def test_a_hit_whose_record_was_withdrawn_asks_for_nothing_on_the_board(
    as_actor, signed_in, pry_police
):
    as_actor("BRA", "police_officer").post("/alerts", bodies.alert())
    found = bodies.report(kind="recovery", occurred_on="2026-03-01")
    del found["stolen_from"]
    made = pry_police.post("/reports", found).json
    page = signed_in("BRA", "supervisor")
    assert "Hold and call" in text(page.open(BOARD))
    pry_police.post(f"/reports/{made['id']}/withdraw", {"reason": "In error"}, 200, If_Match='"1"')
    shown = text(page.open(BOARD))
    assert "✕ The record of this hit was withdrawn by Paraguay on" in shown
    assert "Hold and call" not in shown
    [hit] = as_actor("BRA", "supervisor").get(BOARD).json["hits"]
    assert (hit["status"], hit["cause_changed"]["status"]) == ("ended", "withdrawn")

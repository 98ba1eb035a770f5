"""The page on scores says what the service answers today; `make docs` renews it."""

import re
from xml.etree import ElementTree

import pytest

from api.app import create_app
from api.scores import examples, page
from salsa_ext.db import db
from salsa_ext.matching.evidence import STRONG
from tests.source import ROOT

PICTURES = sorted((ROOT / "docs").glob("scores-*.svg"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def app(fresh_database):
    application = create_app(fresh_database)
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def answers(app):
    with examples.answered(app) as answered:
        yield answered


def test_the_page_and_its_pictures_are_those_of_the_service_as_it_is(app):
    made = page.pages(app)
    kept = {name: (ROOT / "docs" / name).read_text() for name in made}
    assert kept == dict(made), "run make docs"
    assert {picture.name for picture in PICTURES} == made.keys() - {"scores.md"}


def test_a_hit_that_the_make_speaks_against_is_moderate_whatever_its_sum(answers):
    [found] = answers["another-make"].candidates
    assert [reason.code for reason in found.evidence.reasons] == [
        "serial_same", "make_other", "calibre_same",
    ]  # fmt: skip
    assert (found.evidence.strength, found.evidence.bits > STRONG) == ("moderate", True)


def test_of_a_crowd_the_letter_that_looks_alike_comes_first_and_loses_least(answers):
    best, *others = answers["crowd"].candidates
    assert best.held.serial_norm == "TKU48123"
    assert {found.held.serial_norm for found in others} == set(examples.FAMILY) - {"TKU48123"}
    lost = [-found.evidence.reasons[-1].bits for found in (best, *others)]
    assert {found.evidence.reasons[-1].code for found in (best, *others)} == {"crowd"}
    assert lost[0] < min(lost[1:])


def test_of_half_a_serial_the_gun_of_another_make_is_not_shown(answers):
    [found] = answers["half"].candidates
    assert found.held.serial_norm == "RS778120"
    assert [reason.code for reason in found.evidence.reasons] == [
        "serial_unread", "serial_short", "make_same", "calibre_same",
    ]  # fmt: skip


def test_the_reasons_that_are_shown_add_up_to_the_score():
    text = (ROOT / "docs" / "scores.md").read_text()
    told = re.findall(r"^!\[.*: (.*), sum ([\d.]+)\]", text, re.M)
    assert len(told) == 3
    for reasons, total in told:
        bits = [float(one.rpartition(" ")[2]) for one in reasons.split(", ")]
        assert sum(bits) == pytest.approx(float(total))


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_read_on_a_phone_and_its_text_is_text(picture):
    root = ElementTree.fromstring(picture.read_text())
    assert int(root.attrib["width"]) <= 360
    texts = root.findall(f"{SVG}text")
    assert len(texts) > 5 and min(int(one.attrib["font-size"]) for one in texts) >= 13
    assert max(len(one.text) * int(one.attrib["font-size"]) for one in texts) <= 44 * 14
    assert {child.tag for child in root} == {
        f"{SVG}{tag}" for tag in ("title", "rect", "text", "line")
    }

"""The pages of leads: the list, and one with its small graph and the table of the same content."""

import re

import pytest

from tests.support.grounds import beginning
from tests.web import scenes
from tests.web.pages import text

FIRST, SECOND = scenes.OF_A_DEALER
FOR_A_CASE = {"purpose": "investigation", "case_number": "C-7"}


@pytest.fixture
def analyst(signed_in):
    return signed_in("BRA", "trace_analyst")


@beginning
def own(as_actor):
    scenes.sold_and_seized(as_actor, "BRA")


@beginning
def others(as_actor):
    scenes.sold_and_seized(as_actor, "PRY")


def opened(page, kind="Same dealer"):
    """Return the address of the lead of a kind that a list shows."""
    return re.search(rf'href="(/leads/[^"]+)">{kind}', page)[1]


def test_the_list_says_what_is_shared_and_is_filtered(analyst, own):
    shown = text(analyst.open("/leads"))
    assert "Same dealer" in shown and "Armas del Sur" in shown and "Brazil" in shown
    assert "Same dealer" in text(analyst.open("/leads?kind=shared_dealer&dealer=Armas"))
    assert "No patterns are found." in analyst.open("/leads?kind=shared_lot")
    assert 'id="kind-wrong"' in analyst.open("/leads?kind=gossip")


def test_a_lead_draws_each_gun_and_the_table_says_the_same(analyst, own):
    page = analyst.open(opened(analyst.open("/leads")))
    figure = page[page.index("<figure") :]
    drawn, table = figure.partition("</svg>")[0], figure[figure.index("<table") :]
    for serial in (FIRST, SECOND):
        assert serial in drawn and serial in table
    assert drawn.count("<circle") == 2 and 'class="unsure"' in drawn
    assert {*re.findall(r'href="(/guns/[^"]+)"', drawn)} <= {*re.findall(r'href="([^"]+)"', table)}
    assert "/guns/" in drawn
    assert "style=" not in page and "<script" not in page.partition("<main")[2]
    assert "/matches/" in table and "Domestic sale" in table and "Taurus" in table


def test_records_of_other_states_make_a_lead_for_a_purpose_and_a_case(analyst, others):
    assert 'href="/leads/' not in analyst.open("/leads")
    assert (
        'id="case_number-wrong"' in analyst.send("/leads", {"purpose": "investigation"}, 422).text
    )
    path = opened(analyst.send("/leads", FOR_A_CASE, 200).text)
    assert "records alone do not make it" in analyst.open(path)
    shown = text(analyst.send(path, FOR_A_CASE, 200).text)
    assert FIRST in shown and "Paraguay" in shown
    assert 'id="case_number-wrong"' in analyst.send(path, {"purpose": "investigation"}, 422).text

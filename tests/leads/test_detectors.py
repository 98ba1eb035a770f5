"""Leads: what seized guns share and what is odd about one, ranked by reasons that add up."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from salsa_ext.core.codes import LEAD_KINDS
from salsa_ext.guns.rules import Gun
from salsa_ext.leads.detectors import business_days, detect_leads
from salsa_ext.leads.leads import (
    ExportPaper,
    GunRecord,
    LeadParty,
    SeizedGun,
    seized_guns,
    time_points,
)

MONDAY = date(2024, 1, 1)
numbered = iter(range(1, 1_000_000))


def dealer(key="shop", name="Armas del Sur"):
    return LeadParty(key, "dealer", f"token-{key}", "PRY", name)


def buyer(key="ana", name=None):
    return LeadParty(key, "individual", f"token-{key}", "PRY", name)


def entry(event, day, state="PRY", case=None, **more):
    number = next(numbered)
    find = UUID(int=10_000_000 + (case or number))
    return GunRecord(UUID(int=number), state, event, MONDAY + timedelta(day), find, find, **more)


def gun(*records, **more):
    return SeizedGun(tuple(records), **more)


def sold_and_seized(day=0, after=100, state="PRY", case=None, giver=None, receiver=None, **more):
    sale = entry("domestic_sale", day, giver=giver or dealer(), receiver=receiver)
    return gun(sale, entry("seized", day + after, state, case, **more))


def of_kind(kind, guns):
    return [lead for lead in detect_leads(guns) if lead.kind == kind]


def points(lead):
    return {reason.code: reason.bits for reason in lead.reasons}


def others(count):
    """Guns of as many other dealers, seized long after."""
    return [sold_and_seized(giver=dealer(f"other {n}"), after=4_000) for n in range(count)]


def test_guns_of_two_cases_that_one_dealer_sold_are_a_lead():
    [lead] = of_kind("shared_dealer", [sold_and_seized(), sold_and_seized(), *others(6)])
    assert str(lead.summary) == "The guns were sold by one dealer: Armas del Sur."
    assert (len(lead.guns), lead.seizure_count) == (2, 2)
    assert points(lead)["rarity"] == 2.0  # two of eight


def test_guns_that_were_seized_together_are_none():
    assert of_kind("shared_dealer", [sold_and_seized(case=1), sold_and_seized(case=1)]) == []


def test_one_gun_that_was_seized_twice_shares_its_dealer_with_nobody():
    again = gun(entry("domestic_sale", 0, giver=dealer()), entry("seized", 9), entry("seized", 99))
    assert of_kind("shared_dealer", [again]) == []


def test_a_dealer_of_two_in_five_is_weaker_evidence_than_a_rare_one():
    many = [sold_and_seized(giver=dealer("chain"), after=4_000) for _ in range(8)]
    few = [sold_and_seized(giver=dealer("corner"), after=4_000) for _ in range(2)]
    by_name = {
        min(lead.dealers): lead
        for lead in of_kind("shared_dealer", [*many, *few, *others(10)])
        if len(lead.guns) > 1
    }
    assert by_name.keys() == {"Armas del Sur"} or len(by_name) == 2
    leads = {
        len(lead.guns): points(lead)
        for lead in of_kind("shared_dealer", [*many, *few, *others(10)])
    }
    assert leads[8]["rarity"] == 1.3 and leads[2]["rarity"] == 3.3


def test_a_dealer_of_all_guns_says_nothing_by_being_theirs():
    [lead] = of_kind("shared_dealer", [sold_and_seized(), sold_and_seized()])
    assert points(lead)["rarity"] == 0


def test_seizures_in_several_states_count_more():
    here = [sold_and_seized(), sold_and_seized()]
    abroad = [sold_and_seized(), sold_and_seized(state="BRA")]
    [near], [far] = of_kind("shared_dealer", here), of_kind("shared_dealer", abroad)
    assert far.score == near.score + 2 and far.states == ["BRA", "PRY"]


def test_of_a_serial_that_was_sold_twice_a_dealer_is_known_where_both_sales_are_his():
    def twice(other):
        return gun(
            entry("domestic_sale", 0, giver=dealer()),
            entry("domestic_sale", 3, giver=dealer(other)),
            entry("seized", 90),
            is_ambiguous=True,
        )

    assert of_kind("shared_dealer", [twice("other"), sold_and_seized()]) == []
    [lead] = of_kind("shared_dealer", [twice("shop"), sold_and_seized()])
    assert points(lead)["several_sales"] < 0


def paper(shipment=1, permit=1, number="A-1", consignee=None):
    return ExportPaper(
        UUID(int=shipment), UUID(int=permit), "BRA", number, number and f"E-{permit}", consignee
    )


def shipped(day=0, after=100, **more):
    return gun(entry("export", day, "BRA", paper=paper(**more)), entry("seized", day + after))


def test_guns_of_one_shipment_are_a_lead_and_its_permit_says_no_more():
    leads = detect_leads([shipped(), shipped()])
    assert [lead.kind for lead in leads] == ["shared_shipment"]
    assert str(leads[0].summary) == "The guns left BRA in one shipment: A-1."


def test_guns_of_two_shipments_of_one_permit_share_the_permit():
    leads = detect_leads([shipped(shipment=1), shipped(shipment=2)])
    assert [(lead.kind, str(lead.summary)) for lead in leads] == [
        ("shared_permit", "The guns left BRA under one permit: E-1.")
    ]


def test_guns_of_two_permits_share_the_consignee():
    to = dealer("importer", "Importadora Uno")
    guns = [shipped(shipment=n, permit=n, consignee=to) for n in (1, 2)]
    assert [(lead.kind, str(lead.summary)) for lead in detect_leads(guns)] == [
        ("shared_consignee", "The guns were consigned to one firm or body: Importadora Uno.")
    ]


def test_a_shipment_of_which_no_number_is_known_is_one_all_the_same():
    [lead] = detect_leads([shipped(number=None), shipped(number=None)])
    assert str(lead.summary) == "The guns left BRA in one shipment."


def test_days_are_counted_from_the_paper_of_each_gun():
    [lead] = of_kind("shared_permit", [shipped(0, 30, shipment=1), shipped(700, 30, shipment=2)])
    assert points(lead)["time"] == time_points(30)


def test_a_holder_that_may_not_be_named_is_the_same_one_all_the_same():
    guns = [
        gun(entry("registration", 0, receiver=buyer()), entry("seized", day)) for day in (50, 60)
    ]
    [lead] = detect_leads(guns)
    assert (lead.kind, str(lead.summary)) == (
        "shared_holder",
        "The firearms had one holder, known to PRY.",
    )


def test_a_lead_is_known_by_nothing_that_identifies_a_person():
    guns = [
        gun(entry("registration", 0, receiver=buyer("PRY-77")), entry("seized", day))
        for day in (5, 6)
    ]
    assert (
        detect_leads(guns)[0].key == "token-PRY-77"
    )  # the id of a party, no number that can be tried


def test_from_whom_guns_were_stolen_held_them():
    guns = [
        gun(entry("theft", 0, giver=buyer(name="Ana Ejemplo")), entry("seized", day))
        for day in (5, 6)
    ]
    assert [lead.kind for lead in detect_leads(guns)] == ["shared_holder"]


def test_cartridges_of_one_lot_are_a_lead():
    [lead] = detect_leads([gun(entry("seized", day, make="cbc", lot="L17")) for day in (5, 6)])
    assert (lead.kind, str(lead.summary)) == ("shared_lot", "The goods are of one lot: L17.")


def test_one_lot_number_of_two_makers_is_two_lots():
    assert (
        detect_leads([gun(entry("seized", 5, make=make, lot="L17")) for make in ("cbc", "fiocchi")])
        == []
    )


def numbered_gun(serial, make="taurus"):
    return gun(entry("seized", 5, make=make, serial=serial))


@pytest.mark.parametrize(
    "other,is_run",
    [
        ("TKA52382", True),
        ("TKA52384", True),
        ("TKA52385", False),
        ("TKB52382", False),
        ("TKA052382", False),
    ],
)
def test_serials_follow_each_other_within_three_of_one_pattern(other, is_run):
    leads = detect_leads([numbered_gun("TKA52381"), numbered_gun(other)])
    assert [lead.kind for lead in leads] == ["consecutive_serials"] * is_run


def test_serials_of_two_makers_do_not_follow_each_other():
    assert detect_leads([numbered_gun("TKA52381"), numbered_gun("TKA52382", "glock")]) == []


def test_a_mark_that_is_not_read_in_full_follows_none():
    assert detect_leads([numbered_gun("TKA5238?"), numbered_gun("TKA52382")]) == []


@pytest.mark.parametrize(
    ("digits", "how"), [((1, 2, 3, 4, 5), "follow"), ((1, 2, 5), "are close to")]
)
def test_a_run_of_serials_shows_first_last_and_gaps(digits, how):
    [lead] = detect_leads([numbered_gun(f"TKA5238{digit}") for digit in digits])
    assert str(lead.summary) == f"The serials {how} each other, from TKA52381 to TKA52385."


@pytest.mark.parametrize(
    "first,last,count", [(0, 0, 1), (0, 4, 5), (3, 8, 4), (4, 10, 5), (5, 6, 0)]
)
def test_business_days_are_those_from_monday_to_friday(first, last, count):
    assert business_days(MONDAY + timedelta(first), MONDAY + timedelta(last)) == count


@pytest.mark.parametrize("days,is_straw", [(0, True), (4, True), (6, True), (7, False)])
def test_two_guns_of_one_buyer_within_five_business_days_are_a_straw_purchase(days, is_straw):
    guns = [sold_and_seized(day, receiver=buyer(), case=7) for day in (0, days)]
    assert bool(of_kind("straw_purchase", guns)) == is_straw


def test_a_purchase_of_two_buyers_is_none():
    assert of_kind("straw_purchase", [sold_and_seized(receiver=buyer(n)) for n in ("a", "b")]) == []


def test_a_purchase_whose_guns_were_seized_years_later_is_none():
    guns = [sold_and_seized(receiver=buyer(), after=1_095) for _ in range(2)]
    assert of_kind("straw_purchase", guns) == []


def test_a_purchase_from_two_dealers_counts_more():
    single = [sold_and_seized(receiver=buyer()) for _ in range(2)]
    two = [sold_and_seized(receiver=buyer(), giver=dealer(key)) for key in ("a", "b")]
    [same], [apart] = of_kind("straw_purchase", single), of_kind("straw_purchase", two)
    assert apart.score == same.score + 1


def test_the_holder_of_a_straw_purchase_is_not_told_twice():
    assert of_kind("shared_holder", [sold_and_seized(receiver=buyer()) for _ in range(2)]) == []


def test_a_gun_that_was_seized_again_was_back_in_circulation():
    [lead] = detect_leads([gun(entry("seized", 0, "BRA"), entry("found", 90, "PRY"))])
    assert (lead.kind, str(lead.summary)) == (
        "recirculation",
        "BRA had it on 2024-01-01 (seized); PRY seized it 90 days later.",
    )


def test_two_states_that_record_one_seizure_did_not_let_it_go():
    assert detect_leads([gun(entry("seized", 0, "BRA"), entry("seized", 0, "PRY"))]) == []


def test_a_gun_that_was_certified_to_be_destroyed_counts_more():
    [lead] = detect_leads([gun(entry("destruction", 0), entry("seized", 90))])
    assert points(lead)["destroyed"] > 0


def test_a_gun_whose_serial_was_read_otherwise_may_be_its_neighbour():
    serials = [gun(entry("seized", 0, serial=row), entry("seized", 90, serial="B")) for row in "AB"]
    scores = [of_kind("recirculation", [row])[0].score for row in serials]
    assert scores[0] < scores[1]


@pytest.mark.parametrize("after,is_short", [(0, True), (364, True), (365, False)])
def test_a_time_to_crime_under_a_year_is_short(after, is_short):
    assert bool(of_kind("short_time_to_crime", [sold_and_seized(after=after)])) == is_short


def test_the_shorter_a_time_the_more_it_says():
    scores = [
        of_kind("short_time_to_crime", [sold_and_seized(after=days)])[0].score
        for days in (20, 100, 300)
    ]
    assert scores == sorted(scores, reverse=True) and scores[0] == 5.0


def test_a_gun_that_was_stolen_in_between_says_less_of_its_buyer():
    sale, theft = entry("domestic_sale", 0, giver=dealer()), entry("theft", 5)
    [lead] = of_kind("short_time_to_crime", [gun(sale, theft, entry("seized", 90))])
    assert points(lead)["missed"] < 0


def test_sales_on_two_days_leave_the_time_open():
    sales = [entry("domestic_sale", day, giver=dealer()) for day in (0, 3)]
    assert (
        of_kind("short_time_to_crime", [gun(*sales, entry("seized", 90), is_ambiguous=True)]) == []
    )


def test_leads_are_ranked_by_the_sum_of_their_points():
    leads = detect_leads([*[sold_and_seized(receiver=buyer()) for _ in range(3)], *others(5)])
    assert [lead.score for lead in leads] == sorted((lead.score for lead in leads), reverse=True)
    assert {lead.kind for lead in leads} <= set(LEAD_KINDS)


def test_a_lead_is_known_again_when_another_gun_joins_it():
    guns = [sold_and_seized() for _ in range(2)]
    [before], [after] = (
        of_kind("shared_dealer", guns),
        of_kind("shared_dealer", [*guns, sold_and_seized()]),
    )
    assert before.id == after.id


def test_a_service_gun_that_is_handed_in_each_time_is_no_lead_and_one_that_was_seized_is():
    handed_in = [entry("seized", day, handed_in=True) for day in (0, 200, 400)]
    assert (
        detect_leads(seized_guns([Gun(tuple(row.id for row in handed_in))], known(handed_in))) == []
    )
    again = [*handed_in, entry("seized", 500), entry("seized", 700)]
    [lead] = detect_leads(seized_guns([Gun(tuple(row.id for row in again))], known(again)))
    assert (lead.kind, points(lead)["seized_again"]) == ("recirculation", 6.0)


def known(records):
    return {record.id: record for record in records}

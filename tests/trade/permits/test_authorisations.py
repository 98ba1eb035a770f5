"""The register's entry of a person that a document names: by licence, else by name."""

from datetime import date

import pytest
from sqlalchemy import select

from salsa_ext.database.session import acting_as, db, transaction
from salsa_ext.firearms.records.parties import Party
from salsa_ext.trade.permits import licensees
from salsa_ext.trade.permits.licensing import check_licences
from salsa_ext.trade.permits.models import Licensee
from salsa_ext.trade.permits.values import (
    LicenceDecision,
    LicenceQuery,
    LicenceVerdict,
    LicenseeData,
)

ON = date(2026, 2, 1)
DEALER, SHIPPER = "Armas del Sur S.A.", "Transportes Peña"


@pytest.fixture
def register(run):
    """A dealer who imports until the end of 2026, and a carrier whose licence ended in 2025."""
    run(
        "PRY",
        licensees.record_many,
        batch=[
            data("L-1", ("dealer", "importer"), DEALER, date(2026, 12, 31)),
            data("L-2", ("carrier",), SHIPPER, date(2025, 12, 31)),
        ],
    )


@pytest.fixture
def ask(actor):
    """Ask the register of Paraguay as Brazil would: one question, one verdict."""

    def run(*questions):
        asking = actor("BRA")
        with transaction(asking), acting_as(asking, "PRY"):
            return check_licences("PRY", questions)

    return run


def data(number, roles, name, valid_to, valid_from=date(2025, 1, 1)):
    return LicenseeData(number, roles, Party(name, "dealer", "PRY"), valid_from, valid_to)


def about(role="importer", name=DEALER, licence=None, on=ON):
    return LicenceQuery(role, name, licence, on)


def decide(run, number, action, on, books_with=None):
    run(
        "PRY",
        lambda actor: licensees.decide(
            actor=actor,
            licensee_id=db.session.scalar(select(Licensee.id).filter_by(number=number)),
            expected_version=None,
            action=action,
            data=LicenceDecision("R", on, books_with),
        ),
    )


@pytest.mark.parametrize(
    "question,verdict",
    [
        (about(), LicenceVerdict.AUTHORISED),
        (about(licence="L-1", name="Someone else"), LicenceVerdict.AUTHORISED),
        (about(name="ARMAS DEL SUR SA"), LicenceVerdict.AUTHORISED),
        (about(name="Armas del Norte S.A."), LicenceVerdict.NOT_REGISTERED),
        (about(licence="L-9"), LicenceVerdict.NOT_REGISTERED),
        (about(role="carrier"), LicenceVerdict.WRONG_ROLE),
        (about(role="carrier", name="transportes  pena"), LicenceVerdict.EXPIRED),
        (about(role="carrier", name=SHIPPER, on=date(2025, 12, 31)), LicenceVerdict.AUTHORISED),
        (about(on=date(2024, 12, 31)), LicenceVerdict.EXPIRED),
        (about(on=date(2027, 1, 1)), LicenceVerdict.EXPIRED),
        (about(role="broker"), LicenceVerdict.NO_REGISTER),
        (about(role="broker", licence="L-1"), LicenceVerdict.NO_REGISTER),
    ],
)
def test_a_register_shows_its_records(register, ask, question, verdict):
    assert ask(question) == [verdict]


@pytest.mark.parametrize(
    "action,books_with", [("suspend", None), ("revoke", None), ("close", "PRY-LICENSING")]
)
def test_a_licence_gives_no_right_from_the_day_of_the_decision(
    register, run, ask, action, books_with
):
    decide(run, "L-1", action, ON, books_with)
    assert ask(about(on=ON)) == [LicenceVerdict.NOT_ACTIVE]
    assert ask(about(on=date(2026, 1, 31))) == [LicenceVerdict.AUTHORISED]


def test_a_revocation_takes_nothing_back_of_the_suspension_before_it(register, run, ask):
    decide(run, "L-1", "suspend", ON)
    decide(run, "L-1", "revoke", date(2026, 3, 1))
    assert ask(about(on=date(2026, 2, 15))) == [LicenceVerdict.NOT_ACTIVE]


def test_a_licence_that_is_reinstated_gives_its_right_again(register, run, ask):
    decide(run, "L-1", "suspend", ON)
    decide(run, "L-1", "reinstate", date(2026, 3, 1))
    assert ask(about(on=date(2026, 3, 2))) == [LicenceVerdict.AUTHORISED]


def test_of_two_licences_of_one_name_the_one_that_authorises_counts(register, run, ask):
    run("PRY", licensees.record_many, batch=[data("L-3", ("importer",), DEALER, date(2025, 6, 1))])
    decide(run, "L-3", "revoke", ON)
    assert ask(about()) == [LicenceVerdict.AUTHORISED]


def test_a_state_that_keeps_no_register_is_no_accuser(ask):
    assert ask(about(), about(licence="L-1")) == [LicenceVerdict.NO_REGISTER] * 2


def test_many_queries_take_two_statements_and_are_answered_in_order(register, ask, asked):
    questions = [about(), about(role="broker"), about(name="Nobody"), about(licence="L-1")] * 10
    asked.clear()
    verdicts = ask(*questions)
    assert (
        verdicts
        == [
            LicenceVerdict.AUTHORISED,
            LicenceVerdict.NO_REGISTER,
            LicenceVerdict.NOT_REGISTERED,
            LicenceVerdict.AUTHORISED,
        ]
        * 10
    )
    selects = [text for text in asked if text.startswith("SELECT") and "salsa.state" not in text]
    assert len(selects) == 2


def test_nothing_asked_is_nothing_answered(session, asked):
    asked.clear()
    assert check_licences("PRY", []) == []
    assert asked == []


def test_the_register_of_another_state_says_nothing_without_its_eyes(register, actor):
    asking = actor("BRA")
    with transaction(asking):
        assert check_licences("PRY", [about()]) == [LicenceVerdict.NO_REGISTER]

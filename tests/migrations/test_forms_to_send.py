"""Legs of before revision 0075 say whether their form went out, by what was said of it until then."""

import pytest
from alembic import command
from sqlalchemy import text

OLD, NEW = "0074_find_showings", "0075_keep_what_is_to_be_sent"
TRACE = "0199f2c0-0000-7000-8000-000000000000"
SALSA, UNSENT, SENT, CHANGED, NUMBERED, ANSWERED, ENDED = (
    f"0199f2c0-0000-7000-8000-00000000001{at}" for at in range(7)
)
LEGS = {
    SALSA: ("PRY", "salsa", "sent", None),
    UNSENT: ("AUT", "iarms", "sent", None),
    SENT: ("DEU", "mla", "sent", None),
    CHANGED: ("ITA", "post", "sent", None),
    NUMBERED: ("ESP", "etrace", "sent", "T-7"),
    ANSWERED: ("FRA", "iarms", "acknowledged", None),
    ENDED: ("BEL", "iarms", "withdrawn", None),
}
ASKED, WENT = "2026-03-01 12:00:00+00", "2026-03-02 12:00:00+00"


@pytest.fixture
def moved(at):
    with at(OLD) as made:
        yield made


def leg(number, state, channel, status, reference):
    named = f"'{reference}'" if reference else "NULL"
    return f"""INSERT INTO trace_leg (trace_id, id, owner_state, concerned, state, channel, status, why,
        events, asked_at, is_automatic, reference) VALUES ('{TRACE}', '{number}', 'BRA', '{{BRA}}',
        '{state}', '{channel}', '{status}', '[]', '[]', '{ASKED}', true, {named})"""


def form_sent(number, channel):
    return f"""INSERT INTO trace_message (id, owner_state, subject_kind, subject_id, kind, sender, at, data)
        VALUES (gen_random_uuid(), 'BRA', 'leg', '{number}', 'form_sent', 'BRA', '{WENT}',
                '{{"channel": "{channel}"}}')"""


def test_what_nobody_said_to_be_sent_is_to_be_sent_and_the_rest_was_asked_when_it_went_out(moved):
    config, engine = moved
    with engine.begin() as connection:
        connection.execute(
            text(f"""INSERT INTO trace (id, owner_state, concerned, version, status,
            case_number, firearm, found_on, priority, legal_basis, illicit_reason, circumstances,
            intended_use, confidentiality_requested, created_at) VALUES ('{TRACE}', 'BRA', '{{BRA}}', 1,
            'sent', 'C-1', '{{}}', '2026-02-01', 'routine', 'Law', 'x', 'x', 'x', false, now())""")
        )
        for number, said in LEGS.items():
            connection.execute(text(leg(number, *said)))
        connection.exec_driver_sql(form_sent(SENT, "mla"))
        connection.exec_driver_sql(form_sent(CHANGED, "iarms"))
    command.upgrade(config, NEW)
    with engine.begin() as connection:
        unsent = connection.execute(text("SELECT id::text FROM trace_leg WHERE is_to_send"))
        assert {number for (number,) in unsent} == {UNSENT, CHANGED, ENDED}
        went = connection.execute(text(f"SELECT id::text FROM trace_leg WHERE asked_at = '{WENT}'"))
        assert {number for (number,) in went} == {SENT}
    command.downgrade(config, OLD)

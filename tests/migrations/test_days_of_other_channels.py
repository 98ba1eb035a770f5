"""Legs of before revision 0082 say on which day their form went out where somebody said that it did."""

from alembic import command
from sqlalchemy import text

from tests.migrations.test_forms_to_send import TRACE, form_sent, leg, moved

__all__ = ["moved"]
OLD, NEW = "0078_keep_who_hid_it", "0082_keep_days_of_other_channels"
SENT, NUMBERED, CAME, UNSENT = (f"0199f2c0-0000-7000-8000-00000000001{at}" for at in range(4))
LEGS = (
    (SENT, "AUT", "mla", "sent", None),
    (NUMBERED, "ESP", "etrace", "sent", "T-7"),
    (CAME, "FRA", "iarms", "answered", "I-7"),
    (UNSENT, "ITA", "post", "sent", None),
)


def by_hand(number):
    return f"""INSERT INTO trace_message (id, owner_state, subject_kind, subject_id, kind, sender, at, data)
        VALUES (gen_random_uuid(), 'BRA', 'leg', '{number}', 'by_hand', 'BRA', now(), '{{}}')"""


def test_where_a_form_was_said_to_be_sent_its_day_is_kept_and_else_it_is_known_of_none(moved):
    config, engine = moved
    command.upgrade(config, OLD)
    with engine.begin() as connection:
        connection.execute(
            text(f"""INSERT INTO trace (id, owner_state, concerned, version, status,
            case_number, firearm, found_on, priority, legal_basis, illicit_reason, circumstances,
            intended_use, confidentiality_requested, created_at) VALUES ('{TRACE}', 'BRA', '{{BRA}}', 1,
            'sent', 'C-1', '{{}}', '2026-02-01', 'routine', 'Law', 'x', 'x', 'x', false, now())""")
        )
        for said in LEGS:
            connection.execute(text(leg(*said)))
        connection.exec_driver_sql(f"UPDATE trace_leg SET is_to_send = true WHERE id = '{UNSENT}'")
        connection.exec_driver_sql(form_sent(SENT, "mla"))
        connection.exec_driver_sql(by_hand(CAME))
    command.upgrade(config, NEW)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT id::text, asked_on::text FROM trace_leg"))
        assert {number: on for number, on in rows if on} == {
            SENT: "2026-03-01",
            NUMBERED: "2026-03-01",
        }
    command.downgrade(config, OLD)

"""A notification says for which traces it is, and is kept from whom one of them is kept, as the audit is."""

from alembic import op

revision = "0083_hide_news_of_corrections"
down_revision = "0082_keep_days_of_other_channels"

STATE = "current_setting('salsa.state', true)::char(3)"
UNSEEN = "current_setting('salsa.unseen', true)"
SEES_ALL = f"coalesce({UNSEEN}, '') = ''"
CONCERNED = f"concerned @> ARRAY[{STATE}]"


def shown(subject: str) -> str:
    """Return the condition that no such subject is kept from the reader's agency, counted as in 0069."""
    return (
        f"(SELECT count(*) FROM hiding WHERE hiding.owner_state = {STATE}"  # noqa: S608 - our own words
        f" AND hiding.agency = {UNSEEN} AND hiding.{subject}) = 0"
    )


# As 0069 has it, and what it is about in the words of the audit: a list of ids.
FORMER = f"""{CONCERNED} AND ({SEES_ALL} OR {shown("subject_id = notification.subject_id")})
    AND ({SEES_ALL} OR subject_kind <> 'consent'
         OR (SELECT true FROM consent WHERE consent.owner_state = {STATE}
             AND consent.id = notification.subject_id LIMIT 1))"""  # noqa: S608 - our own words
LISTED = "string_to_array(translate(data ->> 'about', '[]\" ', ''), ',')::uuid[]"
SEEN = f"""{FORMER} AND ({SEES_ALL} OR NOT data ? 'about' OR {shown(f"subject_id = ANY ({LISTED})")})"""


def upgrade() -> None:
    op.execute(f"ALTER POLICY seen ON notification USING ({SEEN})")


def downgrade() -> None:
    op.execute(f"ALTER POLICY seen ON notification USING ({FORMER})")

"""Targets by priority, and the working days of each state."""

from alembic import op

revision = "0042_set_targets"
down_revision = "0041_name_judges"

CREATE = """
ALTER TABLE state_setting
    ADD COLUMN flash_minutes INTEGER NOT NULL DEFAULT 10,
    ADD COLUMN urgent_hours INTEGER NOT NULL DEFAULT 8,
    ADD COLUMN priority_days INTEGER NOT NULL DEFAULT 3,
    ADD COLUMN routine_days INTEGER NOT NULL DEFAULT 7,
    ADD COLUMN weekdays SMALLINT[] NOT NULL DEFAULT '{1,2,3,4,5}',
    ADD COLUMN closed_on DATE[] NOT NULL DEFAULT '{}',
    ADD COLUMN open_on DATE[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT ck_state_setting_flash_minutes CHECK (flash_minutes BETWEEN 1 AND 60),
    ADD CONSTRAINT ck_state_setting_urgent_hours CHECK (urgent_hours BETWEEN 1 AND 24),
    ADD CONSTRAINT ck_state_setting_priority_days CHECK (priority_days BETWEEN 1 AND 14),
    ADD CONSTRAINT ck_state_setting_routine_days CHECK (routine_days BETWEEN 1 AND 30),
    ADD CONSTRAINT ck_state_setting_weekdays CHECK (
        cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1,2,3,4,5,6,7]::SMALLINT[]
    );
ALTER TABLE state_setting
    ALTER COLUMN flash_minutes DROP DEFAULT,
    ALTER COLUMN urgent_hours DROP DEFAULT,
    ALTER COLUMN priority_days DROP DEFAULT,
    ALTER COLUMN routine_days DROP DEFAULT,
    ALTER COLUMN weekdays DROP DEFAULT,
    ALTER COLUMN closed_on DROP DEFAULT,
    ALTER COLUMN open_on DROP DEFAULT;
"""

DROP = """
ALTER TABLE state_setting
    DROP COLUMN flash_minutes, DROP COLUMN urgent_hours, DROP COLUMN priority_days,
    DROP COLUMN routine_days, DROP COLUMN weekdays, DROP COLUMN closed_on, DROP COLUMN open_on;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)

"""What is under way through a post, and what does not add up there, without all that ever passed it."""

from alembic import op

revision = "0055_find_at_posts"
down_revision = "0054_place_seizures"

# Row-level security lets only leakproof operators near an index, and those of arrays are not: these
# functions see the rows that the policy `seen` lets through, and no others.
CREATE = """
CREATE INDEX ix_shipment_under_way ON shipment USING gin (posts)
    WHERE status IN ('planned', 'released', 'in_transit', 'arrived', 'held');
CREATE INDEX ix_checkpoint_post_occurred_at ON checkpoint (post, occurred_at);

CREATE FUNCTION salsa_under_way_at(asked text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM shipment WHERE posts @> ARRAY[asked]
    AND status IN ('planned', 'released', 'in_transit', 'arrived', 'held')
    AND concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
$$;

CREATE FUNCTION salsa_discrepant_at(asked text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT discrepancy.id FROM shipment JOIN discrepancy ON discrepancy.subject_id = shipment.id
    WHERE posts @> ARRAY[asked] AND discrepancy.status IN ('open', 'explained', 'reopened')
    AND shipment.concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
    AND discrepancy.concerned @> ARRAY[current_setting('salsa.state', true)::char(3)]
$$;
REVOKE ALL ON FUNCTION salsa_under_way_at(text), salsa_discrepant_at(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION salsa_under_way_at(text), salsa_discrepant_at(text) TO salsa_service;
"""

DROP = """
DROP FUNCTION salsa_discrepant_at(text);
DROP FUNCTION salsa_under_way_at(text);
DROP INDEX ix_checkpoint_post_occurred_at;
DROP INDEX ix_shipment_under_way;
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute(DROP)

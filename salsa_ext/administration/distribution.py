"""Distribution of the tables over the nodes of a Citus cluster: where each belongs, checks, the move."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from salsa_ext.core.errors import Conflict, message

DISTRIBUTED: Final = "distributed"
REFERENCE: Final = "reference"
LOCAL: Final = "local"


class Placement(NamedTuple):
    """Where rows of a table are: at the coordinator, on every node, or on workers by a column.

    Rows of tables of one `group` with equal values of their columns are on one node.
    """

    kind: str
    column: str | None = None
    group: str | None = None


PLACEMENTS: Final[dict[str, Placement]] = {
    "record": Placement(DISTRIBUTED, "id", "record"),
    "record_setting": Placement(DISTRIBUTED, "record_id", "record"),
    "mark": Placement(DISTRIBUTED, "record_id", "record"),
    "mark_key": Placement(DISTRIBUTED, "key", "mark_key"),
    "mark_variant": Placement(DISTRIBUTED, "key", "mark_key"),
    **dict.fromkeys(
        "alias calibre firearm_type label make offence post state".split(), Placement(REFERENCE)
    ),
    **dict.fromkeys(
        (
            "account agency alert annual_report annual_report_text api_key attachment attachment_part"
            " audit_entry board_change call_answer call_request canary change change_counter"
            " change_head change_new checkpoint consent contact conversation_message counted_object"
            " custody_entry discrepancy discrepancy_assignment discrepancy_statement document_number"
            " hit idempotency_key import_profile import_reject import_run imported_document inbox"
            " inbox_pair inbox_progress installation job_cursor job_failure job_try lead legal_hold"
            " licensee log_checkpoint log_leaf log_new log_subtree lookup_count lookup_review match"
            " notification notification_read officer outbox outbox_pair outbox_progress participation"
            " party passkey permit permit_line permit_reference receipt release release_table report"
            " reshipment rollup second_factor seizure serial_check shipment sign_in_attempt"
            " signing_key signing_secret state_setting subject_request trace trace_leg trace_message"
            " trace_request trace_restriction trade_event transfer used_challenge webhook"
            " webhook_delivery yearly_rollup"
        ).split(),
        Placement(LOCAL),
    ),
}
"""Every table; what is local is a queue, the log, small, or looked at together with those."""


class TablePlan(NamedTuple):
    """A table that belongs to the workers, whether it is there, and its rows and bytes."""

    name: str
    placement: Placement
    is_placed: bool
    rows: int
    bytes: int


_SERVER: Final = {
    "SELECT count(*) FROM pg_extension WHERE extname = 'citus'"
    " AND split_part(extversion, '.', 1)::int >= 14": "This database has no Citus of version 14 or"
    " newer. As superuser, in this database of each node: CREATE EXTENSION citus.",
    "SELECT count(*) FROM pg_dist_node WHERE isactive AND shouldhaveshards AND groupid > 0": "The"
    " cluster has no worker. As superuser: SELECT citus_add_node('host', 5432).",
    "SELECT count(*) FROM pg_dist_node WHERE groupid = 0": "The coordinator is no node of its"
    " cluster. As superuser: SELECT citus_set_coordinator_host('host', 5432).",
    "SELECT count(*) FROM pg_settings WHERE name = 'citus.propagate_set_commands'"
    " AND setting = 'local'": "Workers would not know the acting state, and show no rows. Set"
    " citus.propagate_set_commands = 'local' in postgresql.conf of the coordinator.",
}
"""Queries that count at least one, and what is wrong otherwise; each needs those before it."""

OPEN_FUNCTIONS: Final = r"""SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(run_command_on_|master_run_on_'
'|citus_run_local_|(create|broadcast)_intermediate_result$|worker_(apply|create_or|drop|partition|save)_)'
AND has_function_privilege('salsa_service', oid, 'EXECUTE') ORDER BY 1"""
"""Functions of Citus that run a text: inside a query they would change its state."""
CLOSE_FUNCTION: Final = (
    "REVOKE EXECUTE ON ROUTINE {0} FROM PUBLIC; GRANT EXECUTE ON ROUTINE {0} TO salsa_owner"
)
_COLUMNS: Final = """SELECT format_type(a.atttypid, a.atttypmod), coalesce(c.collisdeterministic, true)
FROM pg_attribute AS a LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
WHERE a.attrelid = to_regclass(:table) AND a.attname = :column"""
_UNIQUE: Final = """SELECT i.indexrelid::regclass::text FROM pg_index AS i
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = :column
WHERE i.indrelid = to_regclass(:table) AND i.indisunique
AND a.attnum <> ALL (i.indkey::int2[])"""
_FOREIGN: Final = """SELECT conname, confrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND conrelid = to_regclass(:table)"""
_TRIGGERS: Final = """SELECT tgname FROM pg_trigger
WHERE tgrelid = to_regclass(:table) AND NOT tgisinternal"""
_POLICIES: Final = """SELECT polname FROM pg_policy WHERE polrelid = to_regclass(:table)
AND concat(polqual::text, polwithcheck::text) LIKE '%{SUBLINK%'"""
_PLACED: Final = "SELECT table_name::text, citus_table_type, distribution_column FROM citus_tables"
_SIZE: Final = """SELECT count(*), CASE WHEN :placed THEN citus_total_relation_size('{table}')
ELSE pg_total_relation_size('{table}') END FROM {table}"""
_MOVE: Final = {
    REFERENCE: "SELECT create_reference_table(:table)",
    DISTRIBUTED: "SELECT create_distributed_table(:table, :column, colocate_with => :first)",
}
_TABLES: Final = """SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
AND relname <> 'alembic_version'
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"""


def find_problems(connection: Connection) -> list[str]:
    """Return what prevents distribution, of the server first."""
    for query, problem in _SERVER.items():
        if not connection.scalar(text(query)):
            return [problem]
    return [*_schema_problems(connection)]


def find_misplaced(plans: Iterable[TablePlan]) -> list[str]:
    """Return what to do about tables that are elsewhere than they belong."""
    names = [each.name for each in plans if not each.is_placed]
    return [f"{name} is not where it belongs. Run salsa db distribute --run." for name in names]


def _schema_problems(connection: Connection) -> Iterator[str]:
    for function in connection.scalars(text(OPEN_FUNCTIONS)):
        yield (
            f"Inside a query {function} would change its state. As superuser, in this database of"
            f" each node: {CLOSE_FUNCTION.format(function)}."
        )
    tables = set(connection.scalars(text(_TABLES)))
    for table in sorted(PLACEMENTS.keys() - tables):
        yield f"{table} is missing. Run salsa db upgrade first."
    for table in sorted(tables - PLACEMENTS.keys()):
        yield (
            f"{table} has no place. Name it in PLACEMENTS of"
            " salsa_ext/administration/distribution.py."
        )
    types = dict[str | None, tuple[str, str]]()
    for table in sorted(tables & PLACEMENTS.keys()):
        if PLACEMENTS[table].kind == DISTRIBUTED:
            yield from _distributed_problems(connection, table, types)
        yield from _foreign_problems(connection, table)


def _distributed_problems(
    connection: Connection, table: str, types: dict[str | None, tuple[str, str]]
) -> Iterator[str]:
    _, column, group = PLACEMENTS[table]
    names = {"table": table, "column": column}
    column_type = connection.execute(text(_COLUMNS), names).one_or_none()
    if column_type is None:
        yield f"{table} has no column {column}, by which it is distributed. Correct PLACEMENTS."
        return
    first, kind = types.setdefault(group, (table, column_type[0]))
    if column_type != (kind, True):
        yield f"{table}.{column} has another type or collation than {first}. Give both the same."
    for index in connection.scalars(text(_UNIQUE), names):
        yield f"The unique index {index} lacks {column}. Add that column to it."
    for trigger in connection.scalars(text(_TRIGGERS), names):
        yield (
            f"{table} has the trigger {trigger}, which workers do not run. Remove the right to"
            " change rows instead."
        )
    for policy in connection.scalars(text(_POLICIES), names):
        yield (
            f"The policy {policy} of {table} holds a subquery, which workers cannot answer. Put what"
            " it looks up into the row."
        )


def _foreign_problems(connection: Connection, table: str) -> Iterator[str]:
    for name, target in connection.execute(text(_FOREIGN), {"table": table}):
        to, here = PLACEMENTS.get(target), PLACEMENTS[table]
        is_near = to is not None and (to.kind, to.group) == (here.kind, here.group)
        if not is_near and (to is None or to.kind != REFERENCE or here.kind == LOCAL):
            yield (
                f"The foreign key {name} leads from {table} to {target}, which are apart. Remove it."
            )


def plan_tables(connection: Connection) -> list[TablePlan]:
    """Return the tables that belong elsewhere than to the coordinator alone."""
    placed = {name: Placement(*others) for name, *others in connection.execute(text(_PLACED))}
    plans = []
    for table, (kind, column, _) in PLACEMENTS.items():
        if kind != LOCAL:
            now = placed.get(table)
            is_placed = now is not None and now == (kind, column or "<none>", None)
            query = text(_SIZE.format(table=table)).bindparams(placed=now is not None)
            plans.append(
                TablePlan(table, PLACEMENTS[table], is_placed, *connection.execute(query).one())
            )
    return plans


def distribute(connection: Connection, plans: Iterable[TablePlan]) -> list[str]:
    """Move what is not where it belongs, in the caller's transaction; return the tables moved.

    Raises Conflict while a write is under way.
    """
    moved = list[str]()
    connection.execute(text("SET LOCAL lock_timeout = '4s'"))
    connection.execute(text("SET LOCAL citus.multi_shard_modify_mode = 'sequential'"))
    firsts = dict[str | None, str]()
    for table, placement in PLACEMENTS.items():
        firsts.setdefault(placement.group, table)
    try:
        for table, (kind, column, group), is_placed, *_ in plans:
            if is_placed:
                continue
            moved.append(table)
            connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
            first = "none" if firsts[group] == table else firsts[group]
            values = {"table": table, "column": column, "first": first}
            connection.execute(text(_MOVE[kind]), values)
            empty = "SELECT truncate_local_data_after_distributing_table(:table)"
            connection.execute(text(empty), values)
    except OperationalError as error:
        raise Conflict(
            message("The service runs. Stop salsa serve and salsa worker first.")
        ) from error
    return moved

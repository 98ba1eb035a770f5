"""The migrations make what the models declare, keep what is stored, and follow their rules."""

import ast
import re
import secrets

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, pool, text

import salsa_ext.tables  # noqa: F401 - declares all models
from salsa_ext.administration import migrations
from salsa_ext.database.session import Base
from tests.support import agencies
from tests.support.source import ROOT

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))
PROJECT = {"salsa_ext", "api", "importers"}


def test_the_migrations_make_what_the_models_declare(owner):
    with owner.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_ours}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_column_is_nullable_where_its_model_says_so(owner):
    query = text(
        "SELECT table_name || '.' || column_name FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_nullable = 'YES'"
    )
    with owner.connect() as connection:
        nullable = set(connection.scalars(query))
    assert nullable == {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.nullable
    }


def test_an_upgrade_makes_all_tables_and_a_second_one_changes_nothing(empty):
    loaded = migrations.upgrade_schema(empty)
    before = catalogue(empty)
    assert before[0] == {"alembic_version", *Base.metadata.tables}
    assert migrations.upgrade_schema(empty) == loaded
    assert catalogue(empty) == before


def test_an_upgrade_keeps_what_is_stored(empty):
    migrations.upgrade_schema(empty)
    agencies.register(empty)
    stored = names(empty, "SELECT agency::text FROM agency")
    migrations.upgrade_schema(empty)
    assert names(empty, "SELECT agency::text FROM agency") == stored != set()


def test_a_cleared_schema_is_empty_and_can_be_made_again(empty):
    migrations.upgrade_schema(empty)
    before = catalogue(empty)
    migrations.clear_schema(empty)
    assert catalogue(empty) == (set(), set(), set())
    migrations.upgrade_schema(empty)
    assert catalogue(empty) == before


def test_the_head_file_names_the_newest_revision():
    assert (ROOT / "migrations" / ".current-head").read_text().strip() == VERSIONS[-1].stem


def test_revisions_are_numbered_without_a_gap_and_follow_each_other():
    assert [path.stem[:4] for path in VERSIONS] == [f"{n:04}" for n in range(1, len(VERSIONS) + 1)]
    revisions = [assigned(path) for path in VERSIONS]
    assert [each["revision"] for each in revisions] == [path.stem for path in VERSIONS]
    assert [each["down_revision"] for each in revisions] == [
        None,
        *(path.stem for path in VERSIONS[:-1]),
    ]


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_of_the_project(path):
    assert re.fullmatch(r"\d{4}_[a-z_]+", path.stem)
    assert imported(path) & PROJECT == set()


def assigned(path):
    return {
        node.targets[0].id: node.value.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


def imported(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | named}


def is_ours(thing, name, kind, reflected, compared):
    return name != "alembic_version"


def names(url, query):
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        return set(connection.scalars(text(query)))


def catalogue(url):
    """Return the tables, the functions with their definitions, and the policies of a database."""
    return (
        names(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"),
        names(url, "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'salsa%'"),
        names(url, "SELECT pg_policies::text FROM pg_policies"),
    )


@pytest.fixture
def owner(server, worker_database):
    engine = create_engine(server.url("owner", worker_database), poolclass=pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def empty(server):
    name = f"salsa_{secrets.token_hex(6)}"
    server.make(name)
    yield server.url("owner", name)
    server.drop(name)

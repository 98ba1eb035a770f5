"""The migrations make what the models say, can be taken back, and keep their house rules."""

import ast
import re
import secrets

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, pool, text

from salsa_ext.administration import migrations
from salsa_ext.database.session import Base
from tests.support.source import ROOT

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))
PROJECT = {"salsa_ext", "api", "importers"}


def test_the_models_are_what_the_migrations_make(owner):
    with owner.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_ours}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_column_is_nullable_where_its_model_says_so(owner):
    query = text(
        "SELECT table_name || '.' || column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND is_nullable = 'YES'"
    )
    with owner.connect() as connection:
        nullable = set(connection.scalars(query))
    assert nullable == {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.nullable
    }


def test_migrations_go_up_and_down_and_up_again(empty):
    migrations.upgrade_schema(empty)
    migrations.downgrade_schema(empty, "base")
    assert tables(empty) == {"alembic_version"}
    migrations.upgrade_schema(empty)
    assert tables(empty) == {"alembic_version", *Base.metadata.tables}


def test_going_down_leaves_no_function_and_no_procedure(empty):
    migrations.upgrade_schema(empty)
    migrations.downgrade_schema(empty, "base")
    assert names(empty, "SELECT proname FROM pg_proc WHERE proname LIKE 'salsa%'") == set()


def test_a_second_upgrade_changes_nothing(empty):
    first = migrations.upgrade_schema(empty)
    assert migrations.upgrade_schema(empty) == first


def test_the_head_file_names_the_newest_revision():
    head = (ROOT / "migrations" / ".current-head").read_text().strip()
    assert head == VERSIONS[-1].stem


def test_revisions_are_numbered_without_a_gap():
    assert [path.stem[:4] for path in VERSIONS] == [f"{n:04}" for n in range(1, len(VERSIONS) + 1)]


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_revision_is_called_as_its_file_is(path):
    assert re.fullmatch(r"\d{4}_[a-z_]+", path.stem)
    assert assigned(path)["revision"] == path.stem


@pytest.mark.parametrize("path", VERSIONS[1:], ids=lambda path: path.stem)
def test_a_revision_follows_the_one_before_it(path):
    assert assigned(path)["down_revision"] == VERSIONS[VERSIONS.index(path) - 1].stem


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_of_the_project(path):
    assert imported(path) & PROJECT == set()


def assigned(path):
    return {
        node.targets[0].id: node.value.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


def imported(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
    return found


def is_ours(thing, name, kind, reflected, compared):
    return name != "alembic_version"


def names(url, query):
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        return set(connection.scalars(text(query)))


def tables(url):
    return names(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


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

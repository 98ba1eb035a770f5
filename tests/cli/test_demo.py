"""`salsa demo` where a region exists, was interrupted, or where real records may be."""

import json
import socket
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, pool, text

from api.cli import main
from api.http.context import core_app
from api.server import serve
from salsa_ext.access import authentication
from salsa_ext.access.rules import operator
from salsa_ext.administration import agencies, keys, migrations
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core import errors
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured
from salsa_ext.database.session import db, transaction
from salsa_ext.demo import accounts as demo_accounts
from salsa_ext.demo import creation
from tests.conftest import NOW, cheap_passwords
from tests.support import actors

WHOLE = creation.create_region


def test_accounts_of_an_undeclared_installation_keep_the_demo_region_away(fresh_database, first):
    with core_app(fresh_database).app_context():
        actors.token("PRY", "auditor", NOW, None, timedelta(days=1))
        db.engine.dispose()
    assert_refused(first())


def test_records_of_an_undeclared_installation_keep_the_demo_region_away(fresh_database, first):
    actor = operator("PRY")
    with core_app(fresh_database).app_context():
        with transaction(actor):
            data = AgencyData("PRY-POLICE", "police", "Policía Ejemplo", "America/Asuncion")
            agencies.register_agency(actor=actor, data=data)
        db.engine.dispose()
    assert_refused(first())


def test_a_refused_demo_region_changes_no_schema(fresh_database, first):
    with core_app(fresh_database).app_context():
        with transaction(operator("PRY")):
            migrations.declare_real(actor=operator("PRY"))
        db.engine.dispose()
    with create_engine(fresh_database.migration_url, poolclass=pool.NullPool).begin() as owner:
        owner.execute(text("UPDATE alembic_version SET version_num = '0001_rules'"))
    assert_refused(first())
    assert migrations.schema_revisions(fresh_database.migration_url)[0] == "0001_rules"


def test_the_file_of_the_accounts_is_written_before_the_region_is_complete(created_demo, copied):
    assert created_demo.complete_when_written == [False]
    assert read_value(copied, "SELECT is_complete FROM installation") is True


def test_another_port_is_reported_in_the_file_of_the_accounts(demo, path):
    before = json.loads(path.read_text())
    assert before["base_url"] == "http://127.0.0.1:8000"
    assert demo("--port", "8123").exit_code == 0
    assert json.loads(path.read_text()) == before | {"base_url": "http://127.0.0.1:8123"}


def test_a_lost_file_of_the_accounts_is_made_anew_with_other_passwords(demo, path, copied):
    before = demo_accounts.read_credentials(path)
    path.unlink()
    assert "all accounts get new passwords and tokens" in demo().output
    after = demo_accounts.read_credentials(path)
    assert [each.username for each in after] == [each.username for each in before]
    with core_app(copied).app_context(), transaction(operator(None)):
        assert authentication.authenticate_key(after[0].token).role == after[0].role
        with pytest.raises(errors.Unauthenticated):
            authentication.authenticate_key(before[0].token)
        db.session.remove()
        db.engine.dispose()


def test_the_file_of_another_region_is_no_file_of_this_one(demo, path):
    written = json.loads(path.read_text())
    for account in written["accounts"]:
        account["token"] = "salsa_of_another_region"
    path.write_text(json.dumps(written))
    assert "belongs to another region" in demo().output


def test_one_revoked_key_leaves_the_other_accounts_alone(demo, path, copied):
    before = path.read_text()
    with core_app(copied).app_context():
        first = demo_accounts.read_credentials(path)[0]
        with transaction(operator(None)):
            actor = authentication.authenticate_key(first.token)
        with transaction(operator(first.state)):
            keys.revoke_key(actor=operator(first.state), key_id=actor.key_id)
        db.engine.dispose()
    demo()
    assert path.read_text() == before


def test_a_second_start_leaves_the_region_and_its_accounts(demo, path, copied):
    count = "SELECT count(*) FROM audit_entry"
    before, acts = path.read_text(), read_value(copied, count)
    assert demo().exit_code == 0
    assert (path.read_text(), read_value(copied, count)) == (before, acts)


def test_a_port_in_use_is_reported_before_any_work():
    with socket.create_server(("127.0.0.1", 0)) as accepted:
        port = str(accepted.getsockname()[1])
        gone = {"SALSA_DATABASE_URL": "postgresql://salsa_owner@127.0.0.1:9/none"}
        refused = CliRunner().invoke(main, ("demo", "--port", port), env=gone)
    assert (refused.exit_code, f"Nobody can listen on port {port}" in refused.output) == (1, True)


def test_no_second_demo_starts_while_the_region_is_made(fresh_database, monkeypatch):
    """Neither a second demo on that port, nor one on that database, starts."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hit = []

    def met_while_made(vault, **_):
        with pytest.raises(HTTPError) as early:
            urlopen(f"http://127.0.0.1:{port}/")
        with pytest.raises(NotConfigured):
            serve.require_free_port("127.0.0.1", port)
        early.value.close()
        hit.extend([early.value.code, started(fresh_database).output])

    monkeypatch.setattr(serve, "serve", lambda config, host, port, grace_seconds: hit.append(port))
    answer = started(fresh_database, "--port", str(port), make=met_while_made, serves=True)
    assert (answer.exit_code, hit[0], hit[2]) == (0, 503, port)
    assert "Another command is making the demo region in this database" in hit[1]
    serve.require_free_port("127.0.0.1", port)


def assert_refused(result):
    assert result.exit_code == 1
    assert "This database is for real records" in result.output


def read_value(config, query):
    """Return one value, as the owner sees it."""
    engine = create_engine(config.migration_url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        return connection.scalar(text(query))


@pytest.fixture(autouse=True)
def cheap():
    """Let the passwords of a hundred accounts take no time."""
    with cheap_passwords():
        yield


@dataclass(frozen=True)
class Made:
    """A region that was made once, and its folder, to be copied: nobody touches either."""

    config: Config
    complete_when_written: list[bool]


@pytest.fixture(scope="module")
def created_demo(server, template, tmp_path_factory):
    complete, write = [], demo_accounts.write_credentials

    def noted(*arguments):
        complete.append(read_value(config, "SELECT is_complete FROM installation"))
        write(*arguments)

    with server.copied(template, tmp_path_factory.mktemp("made")) as config:
        with pytest.MonkeyPatch.context() as patch, cheap_passwords():
            patch.setattr(demo_accounts, "write_credentials", noted)
            assert started(config).exit_code == 0
        yield Made(config, complete)


@pytest.fixture
def copied(server, created_demo, tmp_path):
    """A copy of that region, of the test's own."""
    with server.copied(created_demo.config, tmp_path / "home") as config:
        yield config


@pytest.fixture
def path(copied):
    return copied.home / "demo" / "credentials.json"


@pytest.fixture
def demo(copied):
    """Run `salsa demo` where a region exists."""
    return lambda *options: started(copied, *options)


@pytest.fixture
def first(fresh_database):
    """Run `salsa demo` on a database of the test's own."""
    return lambda: started(fresh_database)


def small(config, **options):
    return WHOLE(config, **options | {"scale": 0.02, "anchor": date(2026, 3, 9)})


def started(config, *options, make=small, serves=False):
    """Run `salsa demo` in this process; a region that it makes is a small one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(creation, "create_region", make)
        patch.setenv("SALSA_HOME", str(config.home))
        patch.setenv("SALSA_DATABASE_URL", config.database_url)
        patch.setenv("SALSA_WORKER_URL", config.worker_url)
        patch.setenv("SALSA_MIGRATION_URL", config.migration_url)
        return CliRunner().invoke(main, ("demo", *([] if serves else ["--no-serve"]), *options))

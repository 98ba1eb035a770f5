"""Who edits a row in the files of the stopped database is found by the comparison with the log."""

import re

from salsa_ext.database.postgres import folders, programs
from salsa_ext.database.postgres.server import EmbeddedServer
from tests.conftest import FAST
from tests.faults.conftest import Installed, copied, key_of, make_app
from tests.support import bodies


def edit_file(installation, table, old, new):
    """Replace bytes in the file of a table, whose checksums would else tell."""
    [(path,)] = installation.ask(f"SELECT pg_relation_filepath('{table}')")
    data = folders.recorded_folder(installation.home / "postgres") / "data"
    account = programs.choose_os_user(data)
    binaries = programs.runnable_programs(programs.find_programs(), account, data.parent)
    done = account.run(binaries / "pg_checksums", "--disable", "-D", data)
    assert done.returncode == 0, done.stdout
    content = (data / path).read_bytes()
    assert content.count(old) == 1
    (data / path).write_bytes(content.replace(old, new))


def test_a_row_edited_in_the_files_of_the_database_is_found(installed):
    with copied(installed) as home:
        installation = Installed(home)
        with EmbeddedServer(home, settings=FAST) as server, make_app(home, server) as app:
            sale = bodies.transfer(number="HEX-4711")
            sent = app.test_client().post("/api/v1/transfers", json=sale, headers=key_of(app))
            assert sent.status_code == 201
        assert "are as they were written" in installation.run("audit", "compare").output
        edit_file(installation, "transfer", b"HEX-4711", b"HEX-4712")
        compared = installation.run("audit", "compare")
        assert compared.exit_code == 1
        assert re.search(r"transfer/\S+ is not as it was written", compared.output)

"""An application behind a port of its own, for what speaks HTTP."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from tests.support import actors, jobs


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application while the block runs, all jobs done before each request; gives its address."""

    def respond(environ: Any, start: Any) -> Any:
        jobs.finish_waiting(app)
        return app(environ, start)

    server = make_server("127.0.0.1", 0, respond, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def open_accounts(app: Flask, home: Path, url: str, users: Iterable[str]) -> None:
    """Open accounts such as bra.police_officer, and write their keys where `salsa --as` reads them."""
    now, day = app.config["CLOCK"].now(), timedelta(days=1)
    with app.app_context():
        accounts = [
            {"username": user, "token": actors.token(user[:3].upper(), user[4:], now, None, day)}
            for user in users
        ]
    path = home / "demo" / "credentials.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"base_url": url.removesuffix("/api/v1"), "accounts": accounts}))

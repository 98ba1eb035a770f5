"""The WSGI application, for any server: it finds its database, or starts the service's own."""

import atexit
import os
from contextlib import ExitStack

from api import logs, running
from api.app import create_app
from salsa_ext.config import Config

if "SALSA_WORKER" in os.environ:
    # A terminal's Ctrl-C reaches a whole group: the serving process alone takes it and ends its workers.
    os.setpgid(0, 0)
logs.begin()
_running = ExitStack()
atexit.register(_running.close)
app = create_app(running.start(Config.from_env(), _running))

"""The WSGI application, for any server: it finds its database, or starts the service's own."""

import atexit
from contextlib import ExitStack

from api import logs, running
from api.app import create_app
from salsa_ext.config import Config

running.belong()
logs.begin()
_running = ExitStack()
atexit.register(_running.close)
app = create_app(running.start(Config.from_env(), _running))

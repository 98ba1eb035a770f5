"""The WSGI application, for any server: it finds its database, or starts the service's own."""

import atexit
from contextlib import ExitStack

from api.app import create_app
from api.http import monitoring
from api.server import embedded_database, worker_process
from salsa_ext.core.config import Config
from salsa_ext.jobs import wake

worker_process.end_with_parent()
monitoring.start_logging()
_running = ExitStack()
atexit.register(_running.close)
_config = embedded_database.start_database(Config.from_env(), _running)
app = create_app(_config)
wake.notify_after_commits(_config.database_url or "")

"""The WSGI application, for any server: it finds its database, or starts the service's own."""

import atexit
import ctypes
import os
import signal
import sys
from contextlib import ExitStack

from api import logs, running
from api.app import create_app
from salsa_ext.config import Config

if "SALSA_WORKER" in os.environ:
    # A terminal's Ctrl-C reaches a whole group: the serving process alone takes it and ends its
    # workers. Where that process is killed, Linux ends the workers (PR_SET_PDEATHSIG is 1).
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
logs.begin()
_running = ExitStack()
atexit.register(_running.close)
app = create_app(running.start(Config.from_env(), _running))

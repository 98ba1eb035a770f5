"""Workers that end are started again, however often, until the server is stopped."""

from granian.constants import Interfaces

from api.server import serve


class Endless(serve._GranianServer):
    """A server whose workers end as soon as they start; after the fifth it gets a signal."""

    starts = 0

    def _spawn_worker(self, idx, **_):
        return EndingWorker(self, idx)


class EndingWorker:
    def __init__(self, server, idx):
        self.server, self.idx = server, idx

    def start(self):
        self.server.starts += 1
        if self.server.starts < 5:
            self.server.interrupt_children.append(self.idx)
        else:
            self.server.interrupt_signal = True
        self.server.main_loop_interrupt.set()

    def terminate(self):
        pass

    def join(self, *_):
        pass

    def is_alive(self):
        return False


def test_a_worker_that_ends_at_once_is_started_again_and_again(monkeypatch):
    monkeypatch.setattr(serve, "PAUSE_SECONDS", 0.001)
    server = Endless("wsgi:app", interface=Interfaces.WSGI, respawn_failed_workers=True)
    server._spawn_workers(None, None)
    server._serve_loop(None, None)
    assert server.starts == 5
    assert server.interrupt_children == []

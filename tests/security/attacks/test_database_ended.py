"""A database server that ends again and again, under the thread that starts it again."""

from api.server import embedded_database


class Failing:
    """A server that does not run; its starts fail in turn, then it runs."""

    def __init__(self, *failures):
        self.failures = [*failures]
        self.runs = False

    def is_running(self):
        return self.runs

    def start(self):
        if self.failures:
            raise self.failures.pop(0)
        self.runs = True


class Looks:
    """A stop that comes after some looks, and how long each was waited for."""

    def __init__(self, count):
        self.count, self.waits = count, []

    def wait(self, seconds):
        self.waits.append(seconds)
        return len(self.waits) > self.count


def test_the_watcher_survives_any_failure_and_looks_less_often_after_each(caplog):
    server, looks = Failing(OSError("a"), ValueError("b"), RuntimeError("c")), Looks(5)
    embedded_database._watch(server, looks)
    assert server.runs
    assert looks.waits == [1, 2, 4, 8, 1, 1]
    assert [record.message for record in caplog.records if record.exc_info] == ["a", "b", "c"]


def test_the_watcher_never_waits_longer_than_a_minute():
    looks = Looks(9)
    embedded_database._watch(Failing(*[OSError()] * 9), looks)
    assert max(looks.waits) == embedded_database.MAX_WATCH_SECONDS

"""A mirror of each state, which has nothing but the change feed, equals the database in the end.

States write at once. The processes that number changes and do what follows are killed and started
again, and so are the readers, who begin where they last saved.
"""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import current_app

from api.jobs import JOBS, worker_app
from salsa_ext.core.clock import FixedClock
from salsa_ext.jobs.runner import DueJob, Runner, StoredTries
from salsa_ext.jobs.wake import SideConnection
from tests.conftest import NOW
from tests.support import bodies
from tests.support.crew import Crew
from tests.support.sizes import sized

WRITES = sized(60, 10_002)
SEEDS, PAUSE = sized(1, 3), 0.2
STATES = ("ARG", "BRA", "PRY")
PATHS = {
    "seizure": "seizures",
    "report": "reports",
    "transfer": "transfers",
    "permit": "permits",
    "licensee": "licensees",
    "match": "matches",
}
ROLES = {
    "police_officer": ("seizure", "report"),
    "licensing_officer": ("transfer", "permit", "licensee"),
}


def work(config):
    """Number changes and do what follows, until killed."""
    with worker_app(config).app_context():
        worker = runner(config)
        while True:
            worker.run_to_idle()
            time.sleep(0.01)


def runner(config):
    app = current_app.config
    jobs = [job for job in JOBS if not isinstance(job, DueJob)]
    tries = StoredTries(SideConnection(config.worker_url))
    return Runner(jobs, FixedClock(NOW), app["VAULT"], tries=tries)


class Mirror:
    """Copies of all that a reader sees, by path, and the place in the feed; all saved in a file."""

    def __init__(self, client, path):
        self.client, self.path = client, path
        stored = path.read_text("utf-8") if path.exists() else '{"copies": {}, "after": null}'
        self.copies, self.after = json.loads(stored).values()

    def follow(self, rng):
        """Read the feed to its end; return whether it is there, and not stopped amid a page."""
        while True:
            limit = rng.choice((1, 10, 200))
            after = f"&after={self.after}" if self.after else ""
            page = self.client.get(f"/changes?limit={limit}{after}").json
            stops_at = rng.randrange(1 + 20 * limit)
            for place, change in enumerate(page["items"]):
                if place == stops_at:
                    return False
                if change["kind"] in PATHS:
                    path = f"/{PATHS[change['kind']]}/{change['id']}"
                    self.copies[path] = bare(self.client.get(path).json)
            self.after = page["next"]
            if not page["more"]:
                self.path.write_text(json.dumps({"copies": self.copies, "after": self.after}))
                return True


def bare(copy):
    """Return an object without what its answer holds of others, whose changes are their own."""
    own = {name: value for name, value in copy.items() if name not in ("matches", "complete")}
    if findings := own.get("findings"):  # a party that no register authorises is a discrepancy
        own["findings"] = [each for each in findings if each["code"] != "party_not_authorised"]
    return own


class Writer:
    """A state whose officers record, correct and end documents as they are drawn."""

    def __init__(self, rng, state, officers):
        self.rng, self.state, self.officers, self.count = rng, state, officers, 0
        self.paths = {kind: [] for kinds in ROLES.values() for kind in kinds}

    def write_many(self, count):
        for _ in range(count):
            self.write()
        return self.count

    def write(self):
        self.count += 1
        role = self.rng.choice([*ROLES])
        kind = self.rng.choice(ROLES[role])
        officer, paths = self.officers[role], self.paths[kind]
        if self.rng.random() < 0.6 or not paths:
            created = officer.post(f"/{PATHS[kind]}", self.body(kind))
            paths.append(f"/{PATHS[kind]}/{created.json['id']}")
            return
        path = self.rng.choice(paths)
        current = officer.get(path)
        for action, body in self.acts(kind, current.json):
            officer.post(f"{path}/{action}", body, 200, If_Match=current.headers["ETag"])

    def body(self, kind, **changes):
        number = f"{self.state}-{self.count}"
        # every third gun has the serial of another state's, so that records match
        serial = f"MIR{self.count:05}X" if self.count % 3 else f"SHR{self.count:05}X"
        gun = bodies.firearm(serial=serial)
        place = {"country": self.state, "name": "Puerto"}
        of = {
            "seizure": {"items": [gun], "place": place, "agency": f"{self.state}-POLICE"},
            "report": {"firearm": gun},
            "transfer": {"firearm": gun},
            "permit": {
                "exporting_state": self.state,
                "authority": bodies.authority(self.state),
                "importing_state": "PRY" if self.state != "PRY" else "BRA",
                "import_permit": None,
            },
            "licensee": {"party": bodies.party(f"Armas {number}", self.state)},
        }
        made = getattr(bodies, kind)(number=number, **of[kind]) | changes
        return {name: value for name, value in made.items() if value is not None}

    def acts(self, kind, current):
        """Yield an act that the object as it stands allows, and its body."""
        reason = {"reason": f"Drawn {self.count}"}
        if current.get("status") in ("withdrawn", "cancelled", "revoked", "closed"):
            return
        if kind in ("permit", "licensee"):
            on = {"on": "2026-03-01"} if kind == "licensee" else {}
            yield ("reinstate" if current["status"] == "suspended" else "suspend"), reason | on
        elif self.rng.random() < 0.25 and kind != "transfer":
            yield "withdraw", reason
        else:
            yield "correct", self.body(kind, number=current["number"], **reason)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_mirror_of_the_feed_alone_equals_the_database(real_database, real_client, tmp_path, seed):
    rng = random.Random(seed)

    def officer(state, role):
        return replace(real_client(state, role), background=False)

    readers = {(state, role): officer(state, role) for state in STATES for role in ROLES}
    mirrors = {name: Mirror(reader, tmp_path / "-".join(name)) for name, reader in readers.items()}
    writers = [
        Writer(random.Random(rng.random()), state, {role: officer(state, role) for role in ROLES})
        for state in STATES
    ]
    crew = Crew([(work, real_database)])
    with ThreadPoolExecutor(len(writers)) as pool:
        writing = [pool.submit(each.write_many, WRITES // len(STATES)) for each in writers]
        while not all(each.done() for each in writing):
            name = rng.choice([*mirrors])
            if not mirrors[name].follow(rng):
                mirrors[name] = Mirror(readers[name], mirrors[name].path)
            if rng.random() < 0.2:
                crew.start(0)
            crew.restart_dead()
            time.sleep(PAUSE)
    crew.kill()
    assert sum(each.result() for each in writing) == WRITES
    with worker_app(real_database).app_context():
        runner(real_database).run_to_idle()
    for name, reader in readers.items():
        while not mirrors[name].follow(rng):
            pass
        paths = {*paths_of(reader), *mirrors[name].copies}  # lists leave out what ended
        stored = {path: bare(reader.get(path).json) for path in paths}
        assert mirrors[name].copies == stored, name


def paths_of(reader):
    """Yield the path of each object that a reader finds in the lists of its state."""
    for noun in PATHS.values():
        address = f"/api/v1/{noun}?limit=200"
        while address:
            key = {"Authorization": f"Bearer {reader.token}"}
            answer = reader.client.get(address, headers=key)
            if answer.status_code == 403:
                break
            yield from (f"/{noun}/{each['id']}" for each in answer.json["items"])
            address = answer.json["next"]

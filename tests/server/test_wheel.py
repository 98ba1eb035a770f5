"""The wheel holds the whole service, and runs it outside a checkout."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.support.sizes import IS_LONG
from tests.support.source import ROOT

PACKAGES = ("api", "benchmarks", "importers", "migrations", "salsa_ext")


def tracked(*folders):
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder, source = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("source")
    for name in tracked():  # a build leaves files beside its source
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", folder, source]
    subprocess.run(command, check=True)
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_packages(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert set(tracked(*PACKAGES)) - set(archive.namelist()) == set()


@pytest.mark.skipif(not IS_LONG, reason="installs into an empty environment: make long")
def test_an_empty_environment_serves_the_demo_with_pages_and_papers(demo):
    assert b"salsa" in demo.get("/").lower()
    assert demo.get("/docs") and demo.get("/api/v1/openapi.json")
    assert demo.get("/forms/import.pdf").startswith(b"%PDF")
    shipped = ["shipment", "get-paper", "--as", "bra.licensing_officer", "BRA-S-0001"]
    assert demo.run("salsa", *shipped).startswith(b"%PDF")
    [package] = demo.run("python", "-c", "import api; print(api.__path__[0])").splitlines()
    assert Path(package.decode()).is_relative_to(demo.folder)


@dataclass
class Demo:
    """The program of the wheel in an environment of its own, and the address that it serves."""

    folder: Path
    url: str = field(default_factory=lambda: f"http://127.0.0.1:{_free_port()}")

    @property
    def place(self) -> dict[str, Any]:
        """Return where its programs run: nothing of the checkout is in sight."""
        return {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "HOME": str(self.folder)}}

    def command(self, name: str, *words: str) -> list[str]:
        return [str(self.folder / "env" / "bin" / name), *words]

    def run(self, name: str, *words: str) -> bytes:
        command = self.command(name, *words)
        return subprocess.run(command, **self.place, check=True, stdout=subprocess.PIPE).stdout

    def get(self, path: str) -> bytes:
        with urlopen(self.url + path) as answer:
            return answer.read()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def demo(wheel, tmp_path) -> Iterator[Demo]:
    venv.create(tmp_path / "env", with_pip=True)
    demo = Demo(tmp_path)
    demo.run("pip", "install", "--quiet", str(wheel))
    command = demo.command("salsa", "demo", "--port", demo.url.rpartition(":")[2])
    with subprocess.Popen(command, **demo.place) as service:
        while service.poll() is None:
            try:
                demo.get("/readyz")
                break
            except OSError:
                time.sleep(1)
        yield demo
        service.send_signal(signal.SIGINT)

"""The wheel holds the whole service, and runs it outside a checkout."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

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
def test_an_empty_environment_runs_the_demo_with_pages_and_papers(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env" / "bin"
    subprocess.run([programs / "pip", "install", "--quiet", wheel], check=True)
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SALSA_HOME": str(tmp_path / "var")}
    made = subprocess.run(
        [programs / "salsa", "demo", "--no-serve"], cwd=tmp_path, env=clean, capture_output=True
    )
    assert made.returncode == 0, made.stderr
    fetch = (
        "from pathlib import Path\n"
        "from api.app import create_app\n"
        "from api.papers import rendering\n"
        "import api; print(Path(api.__file__).parent)\n"
    )
    shown = subprocess.run(
        [programs / "python", "-c", fetch], cwd=tmp_path, env=clean, capture_output=True, text=True
    )
    assert Path(shown.stdout.strip()).is_relative_to(tmp_path)

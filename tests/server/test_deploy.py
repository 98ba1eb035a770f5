"""What `deploy/` holds is read by the programs that it is for, as far as they are here."""

import json
import os
import re
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import main
from tests.support.sizes import long_only
from tests.support.source import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


@pytest.fixture
def unit(tmp_path):
    """Install a unit with its hardening, and a program that is there; return its path."""

    def install(path):
        text = path.read_text().replace("/opt/salsa/bin/salsa", shutil.which("true"))
        (tmp_path / path.name).write_text(text.replace("salsa-serve.service", ""))
        (tmp_path / f"{path.name}.d").mkdir(exist_ok=True)
        shutil.copy(DEPLOY / "hardening.conf", tmp_path / f"{path.name}.d")
        return tmp_path / path.name

    return install


def analyze(*words):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_reads_each_unit_and_knows_all_its_settings(unit, path):
    verified = analyze("verify", "--man=no", "--recursive-errors=no", str(unit(path)))
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_each_unit_is_hardened(unit, path):
    report = analyze("security", "--offline=yes", "--threshold=20", "--json=short", str(unit(path)))
    assert report.returncode == 0, report.stdout
    assert json.loads(report.stdout)


def test_a_timer_reads_as_a_time():
    timer = RawConfigParser()
    timer.read(DEPLOY / "salsa-backup.timer")
    read = analyze("calendar", timer["Timer"]["OnCalendar"])
    assert "Normalized form: *-*-* 02:30:00" in read.stdout


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_each_command_of_a_unit_is_there(path):
    unit = RawConfigParser()
    unit.read(path)
    command = unit["Service"]["ExecStart"].split()[1:]
    assert CliRunner().invoke(main, [*command, "--help"]).exit_code == 0


def instructions():
    """Return the instructions of the container file with what follows each."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.M)
    return [line.split(" ", 1) for line in text.splitlines() if line]


def test_the_container_runs_as_nobody_in_particular_and_answers_for_its_health():
    by_name = dict(instructions())
    assert by_name["USER"] == "10001"
    assert by_name["VOLUME"] == "/var/lib/salsa"
    assert "/readyz" in by_name["HEALTHCHECK"]
    compile(json.loads(by_name["HEALTHCHECK"].partition("CMD ")[2])[2], "healthcheck", "exec")
    assert json.loads(by_name["CMD"])[:2] == ["salsa", "serve"]
    names = [name for name, _ in instructions()]
    assert names[0] == "FROM"
    assert names.index("USER") > max(at for at, name in enumerate(names) if name == "RUN")


def test_the_container_holds_no_more_than_the_program():
    copied = [words.split()[0] for name, words in instructions() if name == "COPY"]
    assert all((ROOT / each).exists() for each in copied)
    assert {".git", ".venv", "var"} <= set((ROOT / ".containerignore").read_text().split())


@pytest.mark.skipif(NGINX is None, reason="there is no nginx")
def test_nginx_reads_its_settings(tmp_path):
    name = ["-subj", "/CN=salsa.example.org", "-days", "1", "-newkey", "rsa:2048", "-nodes"]
    files = ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", *name, *files], check=True, capture_output=True)
    text = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/salsa", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off;"
        f" {' '.join(f'{kind}_temp_path {tmp_path};' for kind in TEMPORARY)} {text} }}"
    )
    read = subprocess.run(
        [NGINX, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"], capture_output=True, text=True
    )
    assert read.returncode == 0, read.stderr
    assert "warn" not in read.stderr


@long_only
@pytest.mark.skipif(shutil.which("debootstrap") is None, reason="there is no debootstrap")
def test_the_steps_of_the_container_make_a_service_that_is_healthy(tmp_path):
    """Run them in a chroot of Debian, and the service with everything but its home read-only."""
    root = tmp_path / "root"
    subprocess.run(["debootstrap", "--variant=minbase", "trixie", root], check=True)
    settings = {}
    for name, words in instructions():
        if name == "RUN":
            for path in (Path("/etc/resolv.conf"), Path("/etc/ssl/certs/ca-certificates.crt")):
                if path.exists():  # it reaches and trusts what this machine does
                    (root / path.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, root / path.relative_to("/"))
            subprocess.run(["chroot", root, "sh", "-ec", words], check=True)
        elif name == "COPY":
            source, target = words.split()
            copy_tracked(source, root / target.lstrip("/"))
        elif name == "ENV":
            settings = dict(word.split("=", 1) for word in words.split())
    done = serve_read_only(root, settings)
    assert done.returncode == 0, done.stdout + done.stderr


def serve_read_only(root, settings):
    """Begin and serve an installation in a chroot that is read-only, until it is healthy."""
    by_name = dict(instructions())
    health = json.loads(by_name["HEALTHCHECK"].partition("CMD ")[2])
    program = shlex.join(json.loads(by_name["CMD"]))
    own = shlex.join(f"{name}={value}" for name, value in settings.items())
    script = f"""
        ip link set lo up
        mount --bind {root} {root} && mount -t proc proc {root}/proc && mount --bind /dev {root}/dev
        mount -t tmpfs -o uid=10001 salsa {root}/var/lib/salsa && mount -t tmpfs tmp {root}/tmp
        mount -o remount,bind,ro {root}
        run() {{ chroot --userspec={by_name["USER"]} {root} env -i {own} "$@"; }}
        run touch /opt/salsa/written && exit 2
        run salsa init --state PRY && {{ run {program} & }}
        for attempt in $(seq 60); do run {shlex.join(health)} && exit 0 || sleep 1; done; exit 1
    """
    command = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c", script]
    return subprocess.run(command, capture_output=True, text=True)


def copy_tracked(source, target):
    """Copy what git tracks of the project, as a build's context without what is ignored."""
    if source != ".":
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, target)
        return
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if not name.startswith("tests/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)

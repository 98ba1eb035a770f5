"""Monitoring: Prometheus metrics and JSON log lines, without personal data."""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily

from api.http import monitoring
from salsa_ext.access.rules import service
from salsa_ext.administration import migrations
from salsa_ext.background import JOBS
from salsa_ext.core.clock import SYSTEM_CLOCK
from salsa_ext.core.errors import SalsaError, Unavailable, message
from salsa_ext.database.postgres.backup import BackupFolder
from salsa_ext.database.session import transaction
from salsa_ext.jobs.status import JobStatus, read_status

REQUESTS = Counter("salsa_requests", "Requests answered", ("method", "route", "status"))
SECONDS = Histogram("salsa_request_seconds", "Time to answer", ("method", "route"))


def register_metrics(app: Flask) -> None:
    """Count every request; serve the metrics at /metrics."""
    app.after_request(_count_request)
    app.add_url_rule("/metrics", "metrics", _metrics_response)


def _count_request(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    REQUESTS.labels(request.method, route, response.status_code).inc()
    SECONDS.labels(request.method, route).observe(time.perf_counter() - g.started)
    return response


def _metrics_response() -> Response:
    """Return the metrics of all processes, and what waits for jobs, on this machine alone.

    What a proxy passed on comes from this machine too, but names whom it came from.
    """
    is_passed_on = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))
    if is_passed_on or not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104
        abort(404)
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text = b"".join(generate_latest(each) for each in (registry, _JobMetrics(), _BackupMetrics()))
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _job_statuses() -> list[JobStatus]:
    with transaction(service(None)):
        return read_status(JOBS)


def has_late_jobs() -> bool:
    """Return whether something waits for a job longer than it should."""
    now = SYSTEM_CLOCK.now()
    return any(job.is_late(now) for job in _job_statuses())


class _JobMetrics:
    """Depth, age and failures of jobs, read when they are asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield nothing while the database cannot be reached."""
        depth = GaugeMetricFamily("salsa_job_depth", "Changes that wait", labels=["job"])
        age = GaugeMetricFamily("salsa_job_age_seconds", "Age of the oldest", labels=["job"])
        aside = GaugeMetricFamily("salsa_job_set_aside", "Changes set aside", labels=["job"])
        try:
            statuses = _job_statuses()
        except SalsaError:
            return
        now = SYSTEM_CLOCK.now()
        for job in statuses:
            depth.add_metric([job.code], job.depth)
            age.add_metric([job.code], job.age(now))
            aside.add_metric([job.code], job.set_aside)
        yield from (depth, age, aside)


class _BackupMetrics:
    """Age of what would come back if the database were lost now."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the ages of what there is, read from the folder of the backups."""
        folder: BackupFolder = current_app.config["BACKUPS"]
        age = GaugeMetricFamily("salsa_backup_age_seconds", "Age of the newest", labels=["of"])
        for name, at in (("base", folder.last_verified()), ("write", folder.last_write())):
            if at is not None:
                age.add_metric([name], (SYSTEM_CLOCK.now() - at).total_seconds())
        yield age


STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formatter that writes a log record as one JSON line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in STANDARD_FIELDS}
        if record.exc_info and record.exc_info[0]:
            line["where"] = _traceback_lines(record)
        return json.dumps(line, default=str)


def _traceback_lines(record: logging.LogRecord) -> list[str]:
    """Return files and lines of a traceback, without its text. The text may hold personal values."""
    where, frame = [], record.exc_info[2] if record.exc_info else None
    while frame is not None:
        where.append(f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}")
        frame = frame.tb_next
    return where


def start_logging(level: str = "INFO") -> None:
    """Send the service's log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("salsa")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(level)


blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Return ok while the process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Return ready if the database has this version, else 503; and whether jobs are late."""
    if not migrations.is_schema_current():
        raise Unavailable(message("The database is at another version: run salsa db upgrade."))
    return {"status": "ready", "jobs": "late" if monitoring.has_late_jobs() else "on_time"}

"""Counts and durations for Prometheus, by route and status; no state, no person."""

from __future__ import annotations

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

REQUESTS = Counter("salsa_requests", "Requests answered", ("method", "route", "status"))
SECONDS = Histogram("salsa_request_seconds", "Time to answer", ("method", "route"))


def register(app: Flask) -> None:
    """Count every request, and show the counts at /metrics."""
    app.after_request(_count)
    app.add_url_rule("/metrics", "metrics", _show)


def _count(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    REQUESTS.labels(request.method, route, response.status_code).inc()
    SECONDS.labels(request.method, route).observe(time.perf_counter() - g.started)
    return response


def _show() -> Response:
    """Show the counts of all workers."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

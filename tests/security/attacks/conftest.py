"""Attacks on a service that runs as `salsa serve` starts it."""

from tests.faults.conftest import installed

__all__ = ["installed"]

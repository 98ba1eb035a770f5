"""The vault of the application that is running."""

from __future__ import annotations

from flask import current_app

from salsa_ext.services.sealing import Vault


def vault() -> Vault:
    """Return the vault by which this installation seals."""
    found = current_app.config["VAULT"]
    assert isinstance(found, Vault)
    return found

"""Encryption of secrets at rest with the installation's master key.

A copy of the database contains no private key, and the key file alone decrypts nothing.
AES-256-GCM; a secret encrypted under one name cannot be decrypted under another.
"""

from __future__ import annotations

import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.database.private_files import write_private

NONCE_LENGTH = 12
KEY_LENGTH = 32


@dataclass(frozen=True)
class Vault:
    """Encrypts with the key file `path`; created on first use if `is_own`."""

    path: Path
    is_own: bool = True

    @classmethod
    def from_config(cls, config: Config) -> Vault:
        """Return the installation's vault: the configured file, or `home/master.key`."""
        named = config.master_key_file
        return cls(named or config.home / "master.key", named is None)

    def seal(self, secret: bytes, name: str) -> bytes:
        """Encrypt a secret for storage under `name`; raises NotConfigured."""
        nonce = secrets.token_bytes(NONCE_LENGTH)
        return nonce + AESGCM(self._key()).encrypt(nonce, secret, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt a secret of `name`; raises NotConfigured for another master key."""
        try:
            return AESGCM(self._key()).decrypt(
                sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], name.encode()
            )
        except InvalidTag:
            raise NotConfigured(
                message(
                    "{name} was sealed with another master key than that in {path}: put the"
                    " old file back, or make a new key by salsa signing-key rotate.",
                    name=name,
                    path=str(self.path),
                )
            ) from None

    def derive(self, name: str) -> bytes:
        """Derive a 32-byte key of this installation for `name`; raises NotConfigured."""
        derivation = HKDF(hashes.SHA256(), KEY_LENGTH, salt=None, info=name.encode())
        return derivation.derive(self._key())

    def _key(self) -> bytes:
        try:
            text = self._text()
        except OSError as error:
            raise NotConfigured(
                message(
                    "The master key in {path} cannot be read: {cause}.",
                    path=str(self.path),
                    cause=error.strerror or "",
                )
            ) from None
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != KEY_LENGTH:
            raise NotConfigured(
                message(
                    "{path} is no master key: 64 hexadecimal digits are one, such as"
                    " openssl rand -hex 32 gives.",
                    path=str(self.path),
                )
            )
        return key

    def _text(self) -> str:
        if self.is_own and not self.path.exists():
            self._make()
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            raise NotConfigured(
                message(
                    "{path} can be read by others than its owner: run chmod 600 {path}.",
                    path=str(self.path),
                )
            )
        return self.path.read_text().strip()

    def _make(self) -> None:
        """Create the key file; concurrent processes agree on one.

        A hard link claims the name only if free, and its content is already complete.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        write_private(fresh, secrets.token_hex(KEY_LENGTH))
        try:
            self.path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()

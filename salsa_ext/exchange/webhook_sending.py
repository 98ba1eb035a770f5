"""Send messages to webhooks: signed (Standard Webhooks), to checked addresses alone, no redirects."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from salsa_ext.core.errors import Invalid, message

SECONDS: Final = 10.0
"""Time for a whole delivery."""
PREFIX: Final = "whsec_"
Address = IPv4Address | IPv6Address
ALLOWED: list[IPv4Network | IPv6Network] = []
"""Networks that are not public, and to which the operator lets this process send all the same."""


class NotSent(Exception):
    """A message that did not arrive; its text is a code for the list of deliveries."""


@dataclass(frozen=True)
class WebhookMessage:
    """A message with the secrets that sign it; sent again it has the same `id`."""

    id: str
    url: str
    body: bytes
    secrets: Sequence[bytes]


def allow_networks(networks: Iterable[str]) -> None:
    """Let this process send to these networks besides the public ones."""
    ALLOWED[:] = [ip_network(each) for each in networks]


def new_secret() -> bytes:
    """Return a new secret."""
    return secrets.token_bytes(32)


def secret_text(secret: bytes) -> str:
    """Return a secret as receivers write it."""
    return PREFIX + base64.b64encode(secret).decode()


def message_body(kind: str, at: str, object_id: str, version: int) -> bytes:
    """Return the body of a message: that something changed, and nothing of what is in it."""
    data: dict[str, Any] = {"id": object_id, "version": version}
    return json.dumps({"type": kind, "timestamp": at, "data": data}).encode()


def signatures(sent: WebhookMessage, timestamp: int) -> str:
    """Return the header of the signatures, one by each secret."""
    text = f"{sent.id}.{timestamp}.".encode() + sent.body
    digests = (hmac.digest(secret, text, hashlib.sha256) for secret in sent.secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def check_url(url: str) -> None:
    """Raise Invalid for an address that is never sent to; names are resolved when it is used."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or "@" in parts.netloc or parts.fragment or not url.isascii():
        raise Invalid({"url": [message("Give a whole address, such as https://host/path.")]})
    if parts.scheme != "https" and not _is_loopback(parts):
        raise Invalid({"url": [message("A webhook needs https.")]})


def _is_loopback(parts: SplitResult) -> bool:
    """Return whether an address of http is one of this machine, and the operator allows these."""
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return False
    return parts.scheme == "http" and address.is_loopback and is_allowed(address)


def is_allowed(address: Address) -> bool:
    """Return whether an address is public, or in a network that the operator allows."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_allowed(address.ipv4_mapped)
        is_tunnel = address.sixtofour or address.teredo or address in _TRANSLATED
        if is_tunnel:  # leads to an address of another kind
            return False
    if any(address in network for network in ALLOWED):
        return True
    return address.is_global and not address.is_multicast


_TRANSLATED: Final = ip_network("64:ff9b::/96")


def send(sent: WebhookMessage) -> int:
    """Send a message and return the status; raises NotSent."""
    parts = urlsplit(sent.url)
    try:
        check_url(sent.url)
        address = _resolve(parts)
        return _post(parts, address, sent)
    except Invalid:
        raise NotSent("refused_address") from None
    except ssl.SSLError:
        raise NotSent("certificate") from None
    except TimeoutError:
        raise NotSent("timeout") from None
    except (OSError, http.client.HTTPException, UnicodeError):
        raise NotSent("unreachable") from None


def _resolve(parts: SplitResult) -> str:
    """Return an address of the host; raises NotSent if one of its addresses is not allowed."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    entries = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in entries]
    if not addresses or not all(
        is_allowed(ip_address(each.partition("%")[0])) for each in addresses
    ):
        raise NotSent("refused_address")
    return addresses[0]


def _post(parts: SplitResult, address: str, sent: WebhookMessage) -> int:
    """POST the message to an address of the host; the rest of the answer is not read."""
    host, now = str(parts.hostname), int(time.time())
    is_secure = parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    connected = socket.create_connection((address, port), timeout=SECONDS)
    ends = threading.Timer(SECONDS, _shut, (connected,))  # however slowly the answer comes
    ends.daemon = True
    ends.start()
    connection = http.client.HTTPConnection(host, port)
    try:
        connection.sock = (
            ssl.create_default_context().wrap_socket(connected, server_hostname=host)
            if is_secure
            else connected
        )
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "salsa-ext",
            "webhook-id": sent.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signatures(sent, now),
            "Connection": "close",
        }
        connection.request("POST", target, sent.body, headers)
        return connection.getresponse().status
    finally:
        ends.cancel()
        connection.close()
        connected.close()


def _shut(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is over
        return

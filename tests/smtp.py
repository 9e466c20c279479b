"""A real mail server on loopback, with a certificate of its own, that can be told to misbehave."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.server import free_port

USER, PASSWORD = "films@example.org", "a/b@c:d"  # what an address must have escaped
ADDRESS = "127.0.0.2"
"""Loopback, and yet not one of the names by which we know that nobody is in between."""


@dataclass(slots=True)
class Box:
    """What arrived, and what the server says to whom."""

    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    """What it says at a step instead: MAIL, RCPT, DATA."""

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's names
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """From whom."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """To whom."""
        if "RCPT" in self.replies:
            return self.replies["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """What."""
        if "DATA" in self.replies:
            return self.replies["DATA"]
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return "250 OK"


@dataclass(frozen=True, slots=True)
class MailServer:
    """A running server: the settings that name it, and its box."""

    url: str
    box: Box


@contextmanager
def running(
    folder: Path,
    *,
    tls: str = "smtps",
    host: str = ADDRESS,
    auth: bool = False,
    utf8: bool = False,
    port: int = 0,
) -> Iterator[MailServer]:
    """A server for the length of a block; its certificate is `folder`/mail.pem.

    Args:
        tls: `smtps`, `starttls`, or `none`.
        auth: whether it wants USER and PASSWORD.
        utf8: whether it takes addresses beyond ASCII.
        port: where; a free one without.
    """
    box, port = Box(), port or free_port()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate(folder))

    def may_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, told: Any) -> AuthResult:
        is_right = (told.login.decode(), told.password.decode()) == (USER, PASSWORD)
        return AuthResult(success=is_right, handled=False)

    options: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if tls == "smtps":
        options["ssl_context"] = context
    if tls == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if auth:
        options |= {"authenticator": may_in, "auth_required": True, "auth_require_tls": tls == "starttls"}
    controller = Controller(box, hostname=host, port=port, **options)
    controller.start()
    try:
        yield MailServer(f"{'smtps' if tls == 'smtps' else 'smtp'}://{host}:{port}", box)
    finally:
        controller.stop()


def certificate(folder: Path, *names: str) -> Path:
    """A certificate that signs itself, for loopback or for these names; made once."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    path = folder / f"{'-'.join(names) or 'mail'}.pem"
    if path.exists():
        return path
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A mail server of the tests")])
    whom: list[x509.GeneralName] = [x509.DNSName(each) for each in names]
    whom = whom or [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(ADDRESS))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(whom), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def failing(lines: list[bytes], *, trickle_s: float | None = None, host: str = "127.0.0.1") -> Iterator[str]:
    """A server that says these lines, one for each it hears, and then nothing more, or hangs up after the last.

    Args:
        lines: what it says; an empty one hangs up.
        trickle_s: say a byte each so many seconds instead, for ever.
    """
    over = threading.Event()
    listening = socket.create_server((host, 0))

    def serve() -> None:
        while not over.is_set():
            with suppress(OSError):
                connected, _ = listening.accept()
                with connected:
                    talk(connected)

    def talk(connected: socket.socket) -> None:
        while trickle_s is not None and not over.wait(trickle_s):
            connected.sendall(b"2")
        for line in lines:
            if not line:
                return
            connected.sendall(line + b"\r\n")
            if not connected.recv(65536):
                return
        over.wait()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"smtp://{host}:{listening.getsockname()[1]}"
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()

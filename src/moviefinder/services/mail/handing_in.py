"""Hand a mail in at the operator's mail server: over TLS that is verified, within a bounded time."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import Final

from moviefinder.config import LOOPBACK
from moviefinder.errors import MailRefused, MailUnavailable
from moviefinder.services.mail.server import MailServer

STEP_S: Final = 10.0
"""Seconds of silence after which a server is given up."""
WHOLE_S: Final = 30.0
"""Seconds for all of it, also where the server says a byte now and then; half of what the job may take."""

_WHO_WE_ARE: Final = frozenset({530, 534, 535, 538})
"""The server does not take our name and password; that mends itself when the operator sets them right."""


def hand_in(to: MailServer, message: EmailMessage, *, whole_s: float = WHOLE_S) -> None:
    """Give a mail to the server, which has it once this returns.

    Raises:
        MailUnavailable: it does not answer, its certificate is not its own, it wants another password, or it takes
            nothing just now; worth another try.
        MailRefused: it will never take this mail.
    """
    client = _Client(timeout=min(STEP_S, whole_s), local_hostname=_own_name(message))
    try:
        with client.within(whole_s):
            client.hand_in(to, message)
    except smtplib.SMTPRecipientsRefused as error:  # there is one recipient
        (code, _said), *_ = error.recipients.values()
        raise _told(to, code, is_final=True) from error
    except smtplib.SMTPResponseException as error:
        raise _told(to, error.smtp_code, is_final=isinstance(error, smtplib.SMTPDataError)) from error
    except ssl.SSLCertVerificationError as error:
        raise MailUnavailable(
            f"The certificate of the mail server {to.host} is not to be trusted: {error.verify_message}."
        ) from error
    except (OSError, smtplib.SMTPException, EOFError) as error:
        raise MailUnavailable(f"The mail server {to.host}:{to.port} does not answer as it should.") from error


def _told(to: MailServer, code: int, *, is_final: bool) -> MailUnavailable | MailRefused:
    """What a reply means. Its words are not repeated, for they tend to name the address.

    Args:
        is_final: whether a refusal was of the recipient or the mail; else it is of us, and the operator can mend it.
    """
    if code in _WHO_WE_ARE:
        return MailUnavailable(
            f"The mail server {to.host} does not take the name and password of the setting 'mail_server' ({code})."
        )
    if is_final and 500 <= code <= 599:
        return MailRefused(f"The mail server {to.host} refuses this mail ({code}).")
    return MailUnavailable(f"The mail server {to.host} does not take mails from here just now ({code}).")


def _own_name(message: EmailMessage) -> str:
    """How we greet: by the sender's host, not by what this machine is called."""
    return str(message["From"].addresses[0].domain)


class _Client(smtplib.SMTP):
    """A conversation that can be ended at any moment, also while TLS is made."""

    _same: socket.socket | None = (
        None  # the connection once more: wrapping it in TLS takes the first one away
    )
    _wanted: MailServer

    def hand_in(self, to: MailServer, message: EmailMessage) -> None:
        self._wanted = to
        self._host = to.host  # the name that STARTTLS checks the certificate against
        code, _said = self.connect(to.host, to.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, b"")
        if not to.is_tls and to.host not in LOOPBACK:
            self.ehlo_or_helo_if_needed()
            if not self.has_extn("starttls"):
                raise MailUnavailable(
                    f"The mail server {to.host} offers no TLS, and nothing is sent in the open. Try smtps://."
                )
            self.starttls(context=ssl.create_default_context())
        try:
            if to.user:
                self.login(to.user, to.password)
        except smtplib.SMTPNotSupportedError as error:
            raise MailUnavailable(f"The mail server {to.host} takes no name and password.") from error
        except UnicodeError:  # which holds the password
            raise MailUnavailable(
                "Name and password of the setting 'mail_server' must be ASCII; smtplib knows no others."
            ) from None
        try:
            sender, recipient = (message[name].addresses[0].addr_spec for name in ("From", "To"))
            self.send_message(message, sender, [recipient])
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(f"The mail server {to.host} knows ASCII addresses alone.") from error
        with suppress(OSError, smtplib.SMTPException):  # it has the mail; how it says goodbye does not matter
            self.quit()

    @contextmanager
    def within(self, whole_s: float) -> Iterator[None]:
        """End the conversation after so many seconds, whatever it is at; each step has its own time-out beside."""
        watch = threading.Timer(whole_s, self._end)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
            self.close()
            if self._same is not None:
                self._same.close()

    def _end(self) -> None:
        with suppress(OSError):
            if self._same is not None:
                self._same.shutdown(socket.SHUT_RDWR)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Overrides what smtplib connects by, so that the watch has the socket before TLS is made over it."""
        connected = socket.create_connection((host, port), timeout)
        self._same = connected.dup()
        if not self._wanted.is_tls:
            return connected
        return ssl.create_default_context().wrap_socket(connected, server_hostname=host)

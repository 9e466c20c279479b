"""Addresses at which it does not answer as it should: nobody listens, nobody accepts, nobody can be trusted."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from tests.stand_in.server import Server


def other_addresses(
    server: Server, folder: Path
) -> tuple[dict[str, str], dict[str, str], list[socket.socket]]:
    """Their addresses by name, files with their certificates, and what must stay open for them."""
    refused, silent = socket.socket(), socket.socket()
    refused.bind(("127.0.0.1", 0))  # bound, so that nobody else gets the port, and not listening
    silent.bind(("127.0.0.1", 0))
    silent.listen(0)
    kept = [refused, silent]
    for _ in range(4):  # fill the queue of connections: the system drops all further ones
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(silent.getsockname())
        kept.append(waiting)
    addresses = {"refused": _http(refused), "silent": _http(silent)}
    certificates = {}
    if shutil.which("openssl"):
        for name, host in (("tls", "localhost"), ("tls_elsewhere", "elsewhere.example")):
            certificate = _certificate(folder / name, host)
            certificates[name] = f"{certificate}.crt"
            addresses[name] = f"https://localhost:{_serve_tls(server, certificate)}"
    return addresses, certificates, kept


def _http(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _certificate(path: Path, host: str) -> Path:
    """A key and a certificate that signs itself for one host, and for hosts that tests pretend to be."""
    names = f"subjectAltName=DNS:{host},DNS:{'one.example,DNS:two.example' if host == 'localhost' else host}"
    command = "openssl req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1".split()
    subprocess.run(
        [*command, "-keyout", f"{path}.key", "-out", f"{path}.crt", "-subj", f"/CN={host}", "-addext", names],
        check=True,
        capture_output=True,
    )
    return path


def _serve_tls(server: Server, certificate: Path) -> int:
    """Answer over TLS as the server does; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificate}.crt", f"{certificate}.key")
    beside = Server(("127.0.0.1", 0), server.answers, beside=server)
    beside.socket = context.wrap_socket(beside.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=beside.serve_forever, daemon=True).start()
    return int(beside.server_port)

# SPDX-License-Identifier: Apache-2.0
"""Somebody in the middle: the protocol's frames inside TLS 1.3, towards CAS and towards an enclave, and a listener at LAS."""
import os
import socket
import ssl
import struct
import subprocess
import threading
from pathlib import Path
from typing import List, Optional, Tuple

HELLO, CHALLENGE, EVIDENCE, GRANT, DENY = 1, 2, 3, 4, 5
P256_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200" "04")


def text(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def hello(config_id: str) -> bytes:
    return struct.pack("<BH", HELLO, 1) + text(config_id.encode()) + os.urandom(32) + struct.pack("<I", 1) + text(
        P256_PREFIX + os.urandom(64))


def evidence(quote: bytes) -> bytes:
    return bytes([EVIDENCE]) + text(quote)


def address(at: str):
    host, port = at.rsplit(":", 1)
    return host, int(port)


class Frames:
    """Messages over a connection. None: the other end has closed it."""

    def __init__(self, connection):
        self.connection = connection

    def send(self, message: bytes) -> None:
        self.connection.sendall(struct.pack("<I", len(message)) + message)

    def receive(self) -> Optional[bytes]:
        head = self.exactly(4)
        return None if head is None else self.exactly(struct.unpack("<I", head)[0])

    def exactly(self, size: int) -> Optional[bytes]:
        data = b""
        while len(data) < size:
            try:
                part = self.connection.recv(size - len(data))
            except (ssl.SSLError, ConnectionError):
                return None
            if not part:
                return None
            data += part
        return data

    def close(self) -> None:
        self.connection.close()


def connect(at: str, protocol: str = "cloister-cas/1", client: Optional[Tuple[Path, Path]] = None) -> Frames:
    """To CAS, whoever that is. `client`: a certificate and its key, if CAS asks for one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if client:
        context.load_cert_chain(*client)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if protocol:
        context.set_alpn_protocols([protocol])
    return Frames(context.wrap_socket(socket.create_connection(address(at), 20)))


class Middle:
    """Listens where one side takes it for the other, and serves one connection after the other."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                self.serve(connection)
            except (OSError, ssl.SSLError):
                connection.close()

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.listener.close()


class Relay(Middle):
    """Ends an enclave's TLS with a key of its own, and passes what it says on to the real CAS over another connection."""

    def __init__(self, cas: str, folder: Path):
        self.cas, self.recorded = cas, []  # type: str, List[bytes]
        certificate, key = folder / "attacker.pem", folder / "attacker.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                        "/CN=cas", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self.tls.num_tickets = 0
        self.tls.set_alpn_protocols(["cloister-cas/1"])
        self.tls.load_cert_chain(certificate, key)
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        enclave = Frames(self.tls.wrap_socket(connection, server_side=True))
        first = enclave.receive()
        if first is None:  # who only asks for the key
            return
        real = connect(self.cas)
        message = first
        for source, target in ((real, enclave), (enclave, real), (real, enclave), (None, None)):
            self.recorded.append(message)
            (real if message[0] in (HELLO, EVIDENCE) else enclave).send(message)
            if source is None:
                break
            message = source.receive()
            if message is None:
                break
        real.close()
        enclave.close()


class Listener(Middle):
    """Between enclaves and LAS, where quotes pass in clear: `quotes` has them all."""

    def __init__(self, las: str):
        self.las, self.quotes = las, []  # type: str, List[bytes]
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        with connection, socket.create_connection(address(self.las)) as real:
            asker, service = Frames(connection), Frames(real)
            while (request := asker.receive()) is not None:
                service.send(request)
                answer = service.receive()
                if answer is None:
                    break
                if answer[1] == 0x82:
                    self.quotes.append(answer[6:6 + struct.unpack("<I", answer[2:6])[0]])
                asker.send(answer)

# SPDX-License-Identifier: Apache-2.0
"""CAS's API without the command: for many requests at once, and for requests that the command would not send."""
import http.client
import ssl
from pathlib import Path
from typing import Optional, Tuple


class ApiClient:
    """One connection, made anew when it broke. `identity` is the folder with owner.key and owner.crt."""

    def __init__(self, address: str, identity: Optional[Path] = None, timeout: float = 30):
        self.address, self.timeout = address, timeout
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE
        if identity is not None:
            self.tls.load_cert_chain(identity / "owner.crt", identity / "owner.key")
        self.connection: Optional[http.client.HTTPSConnection] = None
        self.head: Tuple[int, str] = (0, "")  # of the audit log, in the last answer
        self.session_hash = ""                # of the session that was read last

    def ask(self, method: str, path: str, body: bytes = b"", headers: Optional[dict] = None) -> Tuple[int, str]:
        """Status and text; OSError or http.client.HTTPException without an answer."""
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.address, timeout=self.timeout, context=self.tls)
        try:
            self.connection.request(method, path, body or None, {"Content-Type": "application/yaml", **(headers or {})})
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        said = answer.getheader("Cloister-Audit-Head", "").split()
        if len(said) == 3:
            self.head = (int(said[0]), said[1])
        self.session_hash = answer.getheader("Cloister-Session-Hash", "")
        if answer.will_close:
            self.close()
        return answer.status, text

    def write_session(self, name: str, text: str) -> Tuple[int, str]:
        """Makes the session, or replaces the version that is there now."""
        status, said = self.ask("GET", f"/v1/sessions/{name}")
        if status not in (200, 404):
            return status, said
        if status == 404:
            return self.ask("POST", "/v1/sessions", text.encode())
        return self.ask("PUT", f"/v1/sessions/{name}", f"{text}predecessor: {self.session_hash}\n".encode())

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

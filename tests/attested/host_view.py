# SPDX-License-Identifier: Apache-2.0
"""Everything that root on the host sees of some processes, and a search for secrets in it.

A View records while it is open: packets of the loopback interface, and every system call of the processes that were started
under its strace, with whole strings. collect() adds what is there now: /proc, changed files, cores. find() says where a secret
occurs in any of it, in any of the forms that a secret takes: raw, hexadecimal, base64, URL, UTF-16, reversed, and every 16
bytes of a key.
"""
import base64
import os
import re
import socket
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Dict, Iterable, List, Tuple

WINDOW = 16
CHANGED_FILE_LIMIT = 64 << 20


def forms(secret: bytes) -> Iterable[Tuple[str, bytes]]:
    """(name, bytes) of what to look for; letters of hexadecimal digits are compared without case by the caller."""
    yield "raw", secret
    yield "reversed", secret[::-1]
    yield "hexadecimal", secret.hex().encode()
    yield "UTF-16", secret.decode("latin-1").encode("utf-16-le")
    quoted = urllib.parse.quote_from_bytes(secret, safe="").encode()
    if quoted != secret:
        yield "URL", quoted
    for shift in range(3):  # base64 of something that has the secret in it, at each of the three phases
        text = base64.b64encode(bytes(shift) + secret)
        inner = text[(0, 2, 3)[shift]:len(text) - 4]
        if len(inner) >= 12:
            yield "base64", inner
            yield "base64url", inner.translate(bytes.maketrans(b"+/", b"-_"))


def windows(key: bytes) -> Iterable[bytes]:
    for at in range(0, len(key) - WINDOW + 1):
        yield key[at:at + WINDOW]


class Search:
    """Looks for some secrets in many haystacks: {name: bytes}, and {name: bytes} of keys, whose every window counts."""

    def __init__(self, secrets: Dict[str, bytes], keys: Dict[str, bytes]):
        self.patterns: List[Tuple[str, bytes]] = []
        for name, secret in secrets.items():
            self.patterns += [(f"{name} ({form})", text) for form, text in forms(secret)]
        for name, key in keys.items():
            self.patterns += [(f"{name} (16 bytes)", window) for window in windows(key)]
            self.patterns += [(f"{name} (16 bytes, reversed)", window[::-1]) for window in windows(key)]
            self.patterns += [(f"{name} (hexadecimal)", key.hex().encode()[at:at + 32]) for at in range(0, 2 * len(key) - 31, 2)]
        self.expression = re.compile(b"|".join(sorted({re.escape(text) for _, text in self.patterns}, key=len, reverse=True)))
        self.names = {text: name for name, text in self.patterns}

    def find(self, data: bytes) -> List[str]:
        lowered = data.lower()
        found = {self.names.get(match, match.hex()) for match in self.expression.findall(data)}
        found |= {self.names.get(match, match.hex()) for match in self.expression.findall(lowered)}
        return sorted(found)


class View:
    def __init__(self, folder: Path):
        self.folder = folder
        self.began = time.time() - 1
        self.packets = bytearray()
        self.stopped = threading.Event()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.2)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self.thread = threading.Thread(target=self._record, daemon=True)
        self.thread.start()

    def _record(self) -> None:
        while not self.stopped.is_set():
            try:
                packet = self.socket.recv(1 << 17)
            except socket.timeout:
                continue
            self.packets += packet + b"\n"

    def traced(self, name: str, argv: List[str]) -> List[str]:
        """The command under strace, which writes all strings in full, in hexadecimal."""
        return ["strace", "-f", "-q", "-xx", "-s", "1000000", "-o", str(self.folder / f"{name}.strace"), *argv]

    def close(self) -> None:
        if self.stopped.is_set():
            return
        self.stopped.set()
        self.thread.join()
        self.socket.close()

    def collect(self, pids: List[int], folders: List[Path], cores: bool) -> Dict[str, bytes]:
        """{where: bytes} of all that the host has now."""
        seen: Dict[str, bytes] = {"packets": bytes(self.packets)}
        for pid in pids:
            for name in ("cmdline", "environ", "comm", "maps", "status", "mountinfo"):
                seen[f"/proc/{pid}/{name}"] = read(Path(f"/proc/{pid}/{name}"))
            seen[f"ps {pid}"] = subprocess.run(["ps", "-ww", "-o", "args", "e", "-p", str(pid)], capture_output=True).stdout
            if cores:
                seen[f"core of {pid}"] = self.core(pid)
        for trace in self.folder.glob("*.strace"):
            text = read(trace)
            seen[trace.name] = text + b"\n" + strings_of(text)
        for top in folders:
            for folder, _, names in os.walk(top):  # what goes meanwhile is passed over
                for file in (Path(folder, name) for name in names):
                    if self.is_changed(file):
                        seen[str(file)] = read(file)
        return seen

    def is_changed(self, file: Path) -> bool:
        try:
            status = file.lstat()
        except OSError:
            return False
        return file.is_file() and not file.is_symlink() and status.st_size <= CHANGED_FILE_LIMIT and \
            max(status.st_mtime, status.st_ctime) >= self.began and not file.is_relative_to(self.folder)

    def core(self, pid: int) -> bytes:
        path = self.folder / "core"
        subprocess.run(["bash", "-c", f"ulimit -f 2097152; exec timeout 120 gcore -o {path} {pid}"], capture_output=True)
        made = Path(f"{path}.{pid}")
        data = read(made)
        made.unlink(missing_ok=True)
        return data


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def strings_of(trace: bytes) -> bytes:
    """The strings of an strace -xx as the bytes that they stand for."""
    return b"\n".join(bytes.fromhex(text.replace(b"\\x", b"").decode()) for text in re.findall(rb'"((?:\\x[0-9a-f]{2})+)"', trace))

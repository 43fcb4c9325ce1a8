# SPDX-License-Identifier: Apache-2.0
"""What another process of root's can read of a process: by /proc/PID/mem, process_vm_readv, gdb's gcore.

Each method returns (bytes read, occurrences of the marker). The marker must never have crossed the boundary: a value
that a client sent lies in socket and bounce buffers, which are untrusted by design. So let the program compute it.
"""
import ctypes
import os
import re
import subprocess
import tempfile
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_CHUNK = 1 << 20


class _Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def tree(pid: int):
    """The process and all its descendants."""
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            children = Path(f"/proc/{pid}/task/{task}/children").read_text().split()
        except OSError:
            continue
        for child in children:
            found += tree(int(child))
    return found


def mappings(pid: int):
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, rights, *_ = line.split()
        start, end = (int(x, 16) for x in span.split("-"))
        if start < 1 << 63 and (rights[0] == "r" or rights[1] == "w"):
            yield start, end


def _search(read, pid: int, marker: bytes):
    total = hits = 0
    for start, end in mappings(pid):
        position, carry = start, b""
        while position < end:
            data = read(position, min(_CHUNK, end - position))
            if not data:
                carry = b""  # one page that cannot be read; the next may. Sparse giants are stepped through faster.
                position += _CHUNK if end - start > 1 << 30 else 4096
                continue
            total += len(data)
            text = carry + data
            hits += text.count(marker)
            carry = text[-(len(marker) - 1):]
            position += len(data)
    return total, hits


def by_proc_mem(pid: int, marker: bytes):
    fd = os.open(f"/proc/{pid}/mem", os.O_RDONLY)

    def read(address, size):
        try:
            return os.pread(fd, size, address)
        except (OSError, OverflowError):
            return b""
    try:
        return _search(read, pid, marker)
    finally:
        os.close(fd)


def by_process_vm_readv(pid: int, marker: bytes):
    buffer = ctypes.create_string_buffer(_CHUNK)

    def read(address, size):
        local, remote = _Vector(ctypes.addressof(buffer), size), _Vector(address, size)
        got = _libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
        return buffer.raw[:got] if got > 0 else b""
    return _search(read, pid, marker)


def in_file(path, marker: bytes):
    total = hits = 0
    carry = b""
    with open(path, "rb") as f:
        while data := f.read(16 * _CHUNK):
            total += len(data)
            text = carry + data
            hits += text.count(marker)
            carry = text[-(len(marker) - 1):]
    return total, hits


def by_gcore(pid: int, marker: bytes, seconds: float = 120):
    """gdb's core dump of the live process."""
    with tempfile.TemporaryDirectory(prefix="cloister-core-") as folder:
        done = subprocess.run(["gcore", "-o", folder + "/core", str(pid)], capture_output=True, text=True,
                              timeout=seconds, stdin=subprocess.DEVNULL)
        cores = list(Path(folder).glob("core.*"))
        if not cores:
            raise RuntimeError("gcore wrote nothing: " + (done.stderr or done.stdout).strip()[-200:])
        return in_file(cores[0], marker)


def by_gdb_find(pid: int, marker: bytes, seconds: float = 120):
    """gdb's own search over every mapping that it can read."""
    commands = ["-ex", "set pagination off", "-ex", "set height 0"]
    for start, end in mappings(pid):
        if end - start <= 1 << 30:
            pattern = ", ".join(str(byte) for byte in marker)
            commands += ["-ex", f"find /b {start:#x}, {end - 1:#x}, {pattern}"]
    done = subprocess.run(["gdb", "-q", "-batch", "-nx", "-p", str(pid), *commands], capture_output=True, text=True,
                          timeout=seconds, stdin=subprocess.DEVNULL)
    return len(done.stdout), sum(int(n) for n in re.findall(r"(\d+) patterns? found", done.stdout))


METHODS = {"/proc/PID/mem": by_proc_mem, "process_vm_readv": by_process_vm_readv, "gdb gcore": by_gcore,
           "gdb find": by_gdb_find}

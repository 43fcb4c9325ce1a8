# SPDX-License-Identifier: Apache-2.0
"""Small SGXS streams (SDM vol. 3D, 38.6 as a file: ECREATE, EADD and EEXTEND records of 64 bytes, 256 bytes after each EEXTEND)."""
import struct

PAGE, CHUNK = 4096, 256
READ_EXECUTE, READ_WRITE, TCS = 0x205, 0x203, 0x100


def ecreate(pages):
    return struct.pack("<8sIQ44x", b"ECREATE", 1, pages * PAGE)


def eadd(offset, flags):
    return struct.pack("<8sQQ40x", b"EADD", offset, flags)


def eextend(offset, byte):
    return struct.pack("<8sQ48x", b"EEXTEND", offset) + bytes([byte]) * CHUNK


def page(offset, flags, byte, chunks=range(PAGE // CHUNK)):
    return eadd(offset, flags) + b"".join(eextend(offset + chunk * CHUNK, byte) for chunk in chunks)


def make():
    """Yields (name, bytes)."""
    yield "empty", ecreate(2)
    yield "one-page", ecreate(2) + page(0, READ_EXECUTE, 0x90)
    yield "tcs", ecreate(4) + page(0, READ_EXECUTE, 0x90) + page(PAGE, TCS, 0)
    yield "unmeasured", ecreate(4) + page(0, READ_EXECUTE, 0x90) + eadd(2 * PAGE, READ_WRITE)
    yield "parts-in-another-order", ecreate(4) + page(0, READ_EXECUTE, 0x90, (3, 1, 2))

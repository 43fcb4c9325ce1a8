# SPDX-License-Identifier: Apache-2.0
"""Runs inside: fills a memory file system and all memory, frees it again, and checks what it had kept. For ever."""
import errno
import os

KEPT = bytes(range(256)) * 4096
number = 0
while True:
    number += 1
    path = "/dev/shm/fill"
    with open(path, "wb", buffering=0) as file:
        written = 0
        try:
            while True:
                written += file.write(KEPT)
        except OSError as error:
            assert error.errno in (errno.ENOSPC, errno.ENOMEM), error
    with open(path, "rb") as file:
        while part := file.read(len(KEPT)):
            assert part == KEPT[:len(part)]
    os.unlink(path)
    blocks = []
    try:
        while True:
            blocks.append(bytearray(KEPT * 4))
    except MemoryError:
        pass
    assert len(blocks) > 4 and all(block[:256] == KEPT[:256] for block in blocks)
    blocks.clear()
    print("round", number, written >> 20, flush=True)

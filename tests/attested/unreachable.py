# SPDX-License-Identifier: Apache-2.0
"""Services that are not there: starts try again, less and less often, and end when they were told to."""
import re
import threading
import time
from typing import List

from reader import Reader
from suite import Context, Test, expect, free_port


def gives_up(reader: Reader, what: str, limit: int, word: str, options=(), **environment: str) -> List[str]:
    began = time.monotonic()
    status, lines = reader.run(options=(f"--start-time-limit={limit}", *options), **environment)
    took = time.monotonic() - began
    expect(status == 126 and word in lines[-1] and f"given up after {limit} s" in lines[-1], f"{what}: {status} {lines[-3:]}")
    again = sum("trying again" in line for line in lines)
    expect(2 <= again <= 5, f"{what}: {again} further attempts in {limit} s: {lines}")
    expect(limit / 2 < took < limit + 8, f"{what}: {took:.1f} s with a limit of {limit} s")
    return lines


def unreachable(context: Context) -> None:
    reader = Reader(context)
    services = reader.services
    key = ("--cas-key", services.cas_key_hash())
    nobody = f"127.0.0.1:{free_port()}"
    gives_up(reader, "no CAS", 4, nobody, key, CLOISTER_CAS_ADDR=nobody)
    gives_up(reader, "no quoting service", 4, "quoting service", key, CLOISTER_LAS_ADDR=nobody)
    began = time.monotonic()
    status, lines = reader.run(options=("--start-time-limit=2",), CLOISTER_CAS_ADDR=nobody)
    expect(status != 0 and time.monotonic() - began < 12 and nobody in lines[-1], f"no CAS to ask for its key: {status} {lines}")
    # Both come back while an enclave waits for them.
    for name, stop, start in (("CAS", services.cas_process, services.start_cas), ("LAS", services.las_process, services.start_las)):
        services.stop(stop)
        timer = threading.Timer(1.5, start)
        timer.start()
        lines = reader.works(options=("--start-time-limit=30", *key))
        timer.join()
        expect(any(re.search("trying again", line) for line in lines), f"{name} was not missed: {lines}")


def no_collateral(context: Context) -> None:
    """CAS cannot say anything about a platform without collateral: later, not never."""
    reader = Reader(context)
    services = reader.services
    services.stop(services.cas_process)
    collateral, services.collateral = services.collateral, f"127.0.0.1:{free_port()}"
    services.start_cas()
    before = len(services.audit())
    lines = gives_up(reader, "no collateral", 4, "cannot answer now")
    row = reader.check_row("no collateral", before, lines[-1], "no collateral")
    expect(f"https://{services.collateral} was asked" in row["text"], f"the owner reads {row['text']!r}")
    services.collateral = collateral
    for url, why in (("localhost:1", "https://"), ("https://nobody.invalid", "nobody.invalid"), ("https://localhost:0", "port")):
        said = services.owner("cas", "serve", "--dir", "cas", "--owner", services.owner_key_hash(), "--las-collateral", url, status=2)
        expect(why in said, f"--las-collateral {url}: {said!r}")


TESTS = [Test("unreachable", unreachable, 180, slow=True), Test("no_collateral", no_collateral, 120)]

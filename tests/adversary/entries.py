#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host part that enters when it must not: concurrently, out of order, nested, with garbage in its registers.

Each run begins with another seed and gets signals at random moments, each of which interrupts the enclave. It must end with
the program's right result, or with a stop: exit status 120 and `cloister: host lied in ...`. Anything else fails: a wrong
result, a crash, no end. The last lines give what was tried; --seed N repeats a sequence of choices (threads share it, so that
its timing is another).
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import suite  # noqa: E402

HERE = Path(__file__).resolve().parent
# In the order of entering_host.cc.
EVENTS = ("resume of what was not interrupted", "busy TCS", "no TCS", "exception entry without exception", "third frame",
          "unstarted thread", "early return", "#GP", "refused", "accepted")
# Signals that every run gets from outside; the program sees none of them.
SIGNALS = (signal.SIGUSR2, signal.SIGWINCH, signal.SIGIO)
TIME_LIMIT = 60


def compile_program(build: Path) -> Path:
    folder = build / "tests" / "adversary"
    folder.mkdir(parents=True, exist_ok=True)
    program, source = folder / "entered_program", HERE / "entered_program.c"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-pthread", str(source), "-o", str(program)], check=True)
    return program


def one_run(host: Path, program: Path, seed: int, scratch: Path):
    """(word, counts): how it ended; a word with a space in it is unexplained."""
    log = scratch / f"{seed}.log"
    environment = {"PATH": suite.BASE_ENVIRONMENT["PATH"], "HOME": os.environ.get("HOME", "/root"),
                   "CLOISTER_ENTRY_SEED": str(seed), "CLOISTER_ENTRY_LOG": str(log)}
    # Unbuffered: what a buffer has read beyond the first line, communicate() does not see.
    process = subprocess.Popen([str(host), "run", "--memory", "plain", "--", str(program)], cwd=scratch, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    chooser = random.Random(seed)
    first = process.stdout.readline()
    end = time.monotonic() + TIME_LIMIT
    while process.poll() is None and time.monotonic() < end:
        process.send_signal(chooser.choice(SIGNALS))
        time.sleep(chooser.random() * 0.004)
    hangs = process.poll() is None
    if hangs:
        process.kill()
    out, err = process.communicate()
    data = log.read_bytes() if log.exists() else b""
    log.unlink(missing_ok=True)
    counts = struct.unpack(f"<{len(EVENTS)}Q", data) if len(data) == 8 * len(EVENTS) else (0,) * len(EVENTS)
    detail = f"status {process.returncode}, {suite.tail(first + out, 1)!r}, {suite.tail(err, 1)!r}"
    if hangs:
        return f"no end: {detail}", counts
    if process.returncode == 0 and first + out == b"begun\nright 1\n":
        return "right", counts
    if process.returncode == 120 and re.search(rb"^cloister: host lied in \w+: .+$", err, re.M) and b"CORRUPT" not in out:
        return "stop", counts
    return f"something else: {detail}", counts


def run(options, seconds: float, seed: int):
    """(passed, problems): as many runs as fit the time."""
    host = options.build / "libexec" / "cloister-entering"
    program = compile_program(options.build)
    words, sums, problems = collections.Counter(), [0] * len(EVENTS), []
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="cloister-entries-") as scratch, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        def repeat(first: int):
            number = first
            while True:
                word, counts = one_run(host, program, number, Path(scratch))
                words[word if " " not in word else "UNEXPLAINED"] += 1
                for i, count in enumerate(counts):
                    sums[i] += count
                if " " in word:
                    problems.append(f"seed {number}: {word}")
                    print(f"FAIL entries, {problems[-1]}", flush=True)
                number += options.jobs
                if time.monotonic() > end:
                    return
        list(pool.map(repeat, range(seed, seed + options.jobs)))
    print(f"# entries, seed {seed}: {sum(words.values())} runs: " + ", ".join(f"{n} {w}" for w, n in sorted(words.items())))
    print("# entries: " + ", ".join(f"{count} {name}" for name, count in zip(EVENTS, sums)), flush=True)
    if not any(sums[:6]):
        problems.append("no entry was tried")
    return words["right"] + words["stop"], problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="new runs begin for so long (60)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first run (the time)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (2)")
    parser.add_argument("--preset", default="release", help="build preset whose host part is used (release)")
    options = parser.parse_args()
    options.build = suite.ROOT / "build" / options.preset
    passed, problems = run(options, options.seconds, options.seed)
    print(f"{passed} passed, {len(problems)} failed, 0 skipped")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

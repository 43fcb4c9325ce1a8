# SPDX-License-Identifier: Apache-2.0
"""Start-up time, resident memory, and first touch of memory in both memory modes."""
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from bench_micro import build, pairs
from bench_redis import free_port, wait_ready
from measure import Table

MODES = {"secret": ["--memory", "secret"], "plain": ["--memory", "plain"]}


def timed(setup, side, argv, run_options=(), env=None):
    command = setup.command(side, argv, run_options)
    began = time.perf_counter()
    done = subprocess.run(command, env=setup.environment(env), cwd=setup.scratch, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    elapsed = (time.perf_counter() - began) * 1000
    if done.returncode:
        raise RuntimeError(f"{side}: {argv}: exit status {done.returncode}: {done.stderr.decode()[-300:]}")
    return elapsed


def start(setup):
    table = Table("start of `true`, wall clock", "ms", False)
    table.goals = {"64 MiB heap, warm": ("over", 20), "64 MiB heap, cold": ("at most", 400), "1 GiB heap, warm": ("over", 20)}
    true = ["/bin/true"]
    heaps = {"64 MiB heap, warm": ["--heap", "64M"], "1 GiB heap, warm": ["--heap", "1G"]}
    cold = setup.scratch / "cold"
    for number in range(setup.rounds * 3):
        for row, heap in heaps.items():
            for side in setup.order(number):
                elapsed = timed(setup, side, true, [*setup.options.run_option, *heap] if not setup.options.run else [])
                if number:  # the first one fills the caches
                    table.add(row, side, elapsed)
        if number < setup.rounds:
            for side in setup.order(number):
                shutil.rmtree(cold, ignore_errors=True)
                cold.mkdir()
                env = {"XDG_CACHE_HOME": str(cold), "CLOISTER_CACHE_DIR": str(cold)}
                table.add("64 MiB heap, cold", side, timed(setup, side, true, [*setup.options.run_option, "--heap", "64M"]
                                                           if not setup.options.run else [], env))
    return table


def resident(pid):
    """MiB resident: what the process has mapped, secret memory included."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def memory(setup):
    table = Table("resident memory", "MiB", False, {"sleep": ("over", 14), "redis-server": ("over", 32)})
    for number in range(min(setup.rounds, 5)):
        for side in setup.order(number):
            process = setup.start(side, ["/bin/sleep", "30"], setup.options.run_option)
            time.sleep(0.5)
            table.add("sleep", side, resident(process.pid))
            setup.stop(process)
            port = free_port()
            process = setup.start(side, ["/usr/bin/redis-server", "--port", str(port), "--save", ""], setup.options.run_option)
            wait_ready(process, port)
            time.sleep(0.2)
            table.add("redis-server", side, resident(process.pid))
            setup.stop(process)
    return table


def touch(setup):
    program = build(setup)
    tables = []
    for mode, options in MODES.items():
        table = Table(f"first touch of 256 MiB, --memory {mode}", "ns/page", False)
        for number in range(min(setup.rounds, 5)):
            for side in setup.order(number):
                run_options = [] if setup.options.run else [*setup.options.run_option, "--heap", "1G", *options]
                try:
                    for name, value in pairs(setup.run(side, [program, "touch", "256"], run_options)):
                        table.add("first touch" if name == "touch" else "touched again", side, value)
                except RuntimeError as error:
                    table.notes[side] = f"{side}: {error}"
        tables.append(table)
    return tables


def run_start(setup):
    return [start(setup)]


def run_memory(setup):
    if os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") < 2 << 30:
        print("# less than 2 GiB of memory: first touch is left out")
        return [memory(setup)]
    return [memory(setup), *touch(setup)]

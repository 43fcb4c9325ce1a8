# SPDX-License-Identifier: Apache-2.0
"""Single operations (micro.c) and Python kernels (kernels.py), natively and inside in turn."""
import subprocess
from pathlib import Path

from measure import ROOT, Table

# Forwarded transfers may cost this much more than natively, in nanoseconds.
FORWARDED = ("over", 200)
GOALS = {"getpid": ("ratio", 1), "futex_wake": ("ratio", 1), "sigprocmask": ("ratio", 1), "eventfd_w+r": ("ratio", 1),
         "pipe_w+r_64": ("ratio", 1), "clock_gettime": ("ratio", 1 / 1.5), "pread_file_64": FORWARDED, "recv_empty": FORWARDED,
         "pwrite_file_64": FORWARDED, "thread_create_join": ("ratio", 0.5), "trap_path": ("at most", 3000)}


def build(setup, name="micro"):
    program = ROOT / "build" / setup.options.preset / "bench" / name
    source = ROOT / "bench" / f"{name}.c"
    program.parent.mkdir(parents=True, exist_ok=True)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O2", "-pthread", str(source), "-o", str(program)], check=True, timeout=300)
    return str(program)


def pairs(text):
    return [(line.split()[0], float(line.split()[1])) for line in text.splitlines() if len(line.split()) == 2]


def run(setup):
    program = build(setup)
    table = Table("microbenchmarks", "ns", False, GOALS)
    seconds = "0.02" if setup.options.quick else "0.06"
    for number in range(setup.rounds):
        for side in setup.order(number):
            options = [*setup.options.run_option, *([] if setup.options.run else ["--allow", "insecure_dynamic_code"])]
            for name, value in pairs(setup.run(side, [program, seconds, *(setup.options.only or [])], options)):
                table.add(name, side, value)
        print(f"# micro round {number + 1}/{setup.rounds}", flush=True)
    return [table]


def run_python(setup):
    """Each kernel runs twice in one process. The second run computes with memory that the process has: that is the figure to
    compare. The first one also touches new memory, which in secret memory costs 15 to 30 us a page whoever asks for it."""
    steady = Table("python, CPU-bound: second run of each kernel in a process", "ms", False)
    steady.goals = {"all together": ("ratio", 0.99)}
    modes = {"default memory": [], "--memory plain": ["--memory", "plain"]}
    firsts = {mode: Table(f"python, first run of each kernel, touching new memory ({mode})", "ms", False) for mode in modes}
    script = str(Path(__file__).resolve().parent / "kernels.py")
    environment = {"PYTHONHASHSEED": "0"}
    for number in range(setup.rounds):
        for mode, options in modes.items():
            for side in setup.order(number):
                totals = {"first": 0.0, "steady": 0.0}
                run_options = [] if setup.options.run else [*setup.options.run_option, *options]
                output = setup.run(side, ["/usr/bin/python3", script, *(setup.options.only or [])], run_options, environment)
                tables = {"first": firsts[mode], "steady": steady if not options else None}
                for name, value in pairs(output):
                    kernel, _, which = name.rpartition("_")
                    totals[which] += value * 1000
                    if tables[which]:
                        tables[which].add(kernel, side, value * 1000)
                for which, table in tables.items():
                    if table:
                        table.add("all together", side, totals[which])
        print(f"# python round {number + 1}/{setup.rounds}", flush=True)
    return [steady, *firsts.values()]

# SPDX-License-Identifier: Apache-2.0
"""How everything here is measured: paired samples beside each other, medians of ratios, a native/native control.

Sides: `native`, `control` (native again: its ratio shows the noise) and `inside`. All processes of a measurement are
pinned to one CPU. A ratio is always speed relative to native: 1 is as fast, less is slower.
"""
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPU = "0"
SLICES = 4  # in which a server's load is cut, in turn with native's: a virtual machine changes its speed within a second


class Setup:
    def __init__(self, options):
        self.options = options
        self.rounds = options.rounds
        self.scratch = Path(tempfile.mkdtemp(prefix="cloister-bench-"))
        self.processes = []
        if options.run:
            self.prefix = shlex.split(options.run)
        else:
            binary = ROOT / "build" / options.preset / "bin" / "cloister"
            self.prefix = [str(binary), "run"] if os.access(binary, os.X_OK) else []
        self.sides = ["native", "control"] + (["inside"] if self.prefix else [])
        if not self.prefix:
            print(f"# {binary} is missing: native only")

    def command(self, side, argv, run_options=(), env=None):
        """What to execute for this side, pinned, and raised in priority where we may."""
        out = ["nice", "-n", "-15"] if os.geteuid() == 0 else []
        out += ["taskset", "-c", CPU]
        if side == "inside":
            out += self.prefix + list(run_options)
            if not self.options.run:
                for name, value in (env or {}).items():
                    out += ["--env", f"{name}={value}"]
                out += ["--"]
        return out + list(argv)

    def environment(self, env=None):
        return {**os.environ, **(env or {})}

    def run(self, side, argv, run_options=(), env=None, timeout=300):
        done = subprocess.run(self.command(side, argv, run_options, env), env=self.environment(env), cwd=self.scratch,
                              capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{side}: {' '.join(argv)}: exit status {done.returncode}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def start(self, side, argv, run_options=(), env=None):
        log = open(self.scratch / "stderr", "ab")
        process = subprocess.Popen(self.command(side, argv, run_options, env), env=self.environment(env), cwd=self.scratch,
                                   stdout=subprocess.DEVNULL, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        self.processes.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(20)
        if process in self.processes:
            self.processes.remove(process)

    def order(self, number):
        """A different order in every round, so that drift hits all sides alike."""
        k = number % len(self.sides)
        sides = self.sides[k:] + self.sides[:k]
        return sides if number // len(self.sides) % 2 == 0 else sides[::-1]

    def close(self):
        for process in list(self.processes):
            self.stop(process)
        shutil.rmtree(self.scratch, ignore_errors=True)


def cpu_time(pid):
    """Nanoseconds of CPU time that all threads of the process have used."""
    base = f"/proc/{pid}/task/"
    return sum(int(Path(base, task, "schedstat").read_text().split()[0]) for task in os.listdir(base))


def quartiles(values):
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3


class Table:
    """Collects rows {name: {side: [values]}} and prints the comparison. What nothing native does has the side `inside` alone."""

    def __init__(self, title, unit, bigger_is_better, goals=None):
        self.title, self.unit, self.bigger, self.goals = title, unit, bigger_is_better, goals or {}
        self.rows, self.notes, self.met, self.missed = {}, {}, 0, []

    def add(self, row, side, value):
        self.rows.setdefault(row, {}).setdefault(side, []).append(value)

    def ratios(self, row, side):
        native, other = self.rows[row].get("native", []), self.rows[row].get(side, [])
        return [(o / n if self.bigger else n / o) for n, o in zip(native, other) if n and o]

    def show(self):
        print(f"\n{self.title}  (unit {self.unit}; ratio: speed relative to native, median [q1..q3])")
        print(f"  {'':24} {'native':>11} {'iqr':>6} {'inside':>11} {'difference':>11} {'ratio':>7} {'[q1..q3]':>15} "
              f"{'control':>8} {'quiet':>6}  goal")
        for row, sides in self.rows.items():
            control = self.ratios(row, "control")
            print(f"  {row:24} {self.native_columns(sides)} {self.inside_columns(row, sides)} "
                  + (f"{statistics.median(control):8.3f}" if control else f"{'-':>8}")
                  + (f" {self.quiet_ratio(sides):6.3f}" if control and sides.get("inside") else f" {'-':>6}")
                  + self.judge(row, sides), flush=True)
        for note in self.notes.values():
            print("  " + note)

    @staticmethod
    def native_columns(sides):
        if not sides.get("native"):
            return f"{'-':>11} {'-':>6}"
        q1, native, q3 = quartiles(sides["native"])
        return f"{native:11.1f} {100 * (q3 - q1) / native if native else 0:5.1f}%"

    def inside_columns(self, row, sides):
        if not sides.get("inside"):
            return f"{'-':>11} {'-':>11} {'-':>7} {'-':>15}"
        inside = statistics.median(sides["inside"])
        if not sides.get("native"):
            low, _, high = quartiles(sides["inside"])
            return f"{inside:11.1f} {'-':>11} {'-':>7} {f'[{low:.1f}..{high:.1f}]':>15}"
        low, middle, high = quartiles(self.ratios(row, "inside") or [0])
        return f"{inside:11.1f} {inside - statistics.median(sides['native']):+11.1f} {middle:7.3f} {f'[{low:.3f}..{high:.3f}]':>15}"

    def quiet_ratio(self, sides):
        """The ratio of the best quarters of each side: other work on the machine only ever adds time."""
        best = [quartiles(sides[side])[2 if self.bigger else 0] for side in ("native", "inside")]
        return (best[1] / best[0] if self.bigger else best[0] / best[1]) if all(best) else 0

    def judge(self, row, sides):
        goal = self.goals.get(row)
        if not goal or not sides.get("inside"):
            return ""
        kind, limit = goal
        inside = statistics.median(sides["inside"])
        if kind in ("at most", "at least"):  # there need not be a native side
            good = inside <= limit if kind == "at most" else inside >= limit
        elif kind == "over":
            good = inside - statistics.median(sides["native"]) <= limit
        else:
            good = statistics.median(self.ratios(row, "inside") or [0]) >= limit
        if good:
            self.met += 1
        else:
            self.missed.append(f"{self.title}: {row}")
        text = {"ratio": f">= {limit}", "over": f"+{limit} {self.unit}", "at most": f"<= {limit} {self.unit}",
                "at least": f">= {limit} {self.unit}"}[kind]
        return f"  {text} {'ok' if good else 'MISSED'}"

    def as_json(self):
        return {"title": self.title, "unit": self.unit, "rows": self.rows,
                "ratios": {row: {s: statistics.median(self.ratios(row, s)) for s in sides if s != "native" and self.ratios(row, s)}
                           for row, sides in self.rows.items()}}

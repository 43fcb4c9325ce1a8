# SPDX-License-Identifier: Apache-2.0
"""What every test suite here shares: running a program natively or inside, time-outs, clean-up and the report.

A suite is a list of Test. Its function gets a Context, and says how it ended: it returns (ok), raises Fail, or raises
Skip with the reason. Native Linux is the oracle: most tests run one command both ways and compare.

Report: one line a test, `ok|FAIL|skip NAME (SECONDS) [reason]`, and a last line `N passed, N failed, N skipped`.
"""
import argparse
import concurrent.futures
import difflib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

ROOT = Path(__file__).resolve().parent.parent
# What a program gets in both worlds; the runtime gives only what --env names.
BASE_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


class Fail(Exception):
    """The program did not do what it should have."""


class Skip(Exception):
    """This cannot be tried here; the text says why."""


@dataclass
class Completed:
    status: int  # exit status, or minus the number of the signal that ended it
    stdout: bytes
    stderr: bytes

    def describe_status(self) -> str:
        if self.status < 0:
            try:
                return "ended by " + signal.Signals(-self.status).name
            except ValueError:
                return f"ended by signal {-self.status}"
        return f"exit status {self.status}"


@dataclass
class Test:
    name: str
    run: Callable[["Context"], None]
    timeout: float = 60
    inside: bool = True  # False: says something about the host side or about native only
    long: bool = False  # only with --long
    slow: bool = False  # not with --quick
    alone: bool = False  # never beside another test: it measures, or it loads the machine


@dataclass
class Context:
    test: Test
    options: argparse.Namespace
    scratch: Path
    processes: List[subprocess.Popen] = field(default_factory=list)

    # -- commands -------------------------------------------------------------------------------------------------
    @property
    def cloister(self) -> str:
        return self.options.cloister

    def command(self, argv: Sequence[str], inside: bool, env: Optional[Dict[str, str]] = None,
                run_options: Sequence[str] = ()) -> List[str]:
        if not inside:
            return list(argv)
        out = [self.cloister, "run", *self.options.run_option, *run_options]
        for name, value in (env or {}).items():
            out += ["--env", f"{name}={value}"]
        return out + ["--", *argv]

    def start(self, argv: Sequence[str], inside: bool = False, env: Optional[Dict[str, str]] = None,
              run_options: Sequence[str] = (), cwd: Optional[Path] = None, **popen) -> subprocess.Popen:
        """Starts a process that clean-up will end, by its own id, if the test has not."""
        environment = dict(BASE_ENVIRONMENT)
        if inside:
            environment["HOME"] = os.environ.get("HOME", "/root")
            for name, value in os.environ.items():
                if name.startswith("CLOISTER_"):
                    environment[name] = value
        else:
            environment.update(env or {})
        popen.setdefault("stdin", subprocess.DEVNULL)
        popen.setdefault("stdout", subprocess.PIPE)
        popen.setdefault("stderr", subprocess.PIPE)
        popen.setdefault("start_new_session", True)
        process = subprocess.Popen(self.command(argv, inside, env, run_options), env=environment,
                                   cwd=str(cwd or self.scratch), **popen)
        self.processes.append(process)
        return process

    def run(self, argv: Sequence[str], inside: bool = False, stdin: bytes = b"", timeout: Optional[float] = None,
            **start) -> Completed:
        process = self.start(argv, inside, stdin=subprocess.PIPE, **start)
        limit = timeout or self.test.timeout
        try:
            stdout, stderr = process.communicate(stdin, timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            where = "inside" if inside else "native"
            raise Fail(f"{where}: no end after {limit:.0f} s; last lines: {tail(stdout)} {tail(stderr)}") from None
        return Completed(process.returncode, stdout, stderr)

    def fresh_directory(self, name: str) -> Path:
        path = self.scratch / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def both(self, argv: Sequence[str], normalise: Callable[[bytes], bytes] = lambda text: text,
             native_status: Optional[int] = None, expected: Optional[Completed] = None, **arguments) -> Completed:
        """Runs natively, then inside; stdout and exit status must agree. Returns the native result.

        expected replaces the native result where the inside legitimately differs."""
        run_options = arguments.pop("run_options", ())
        native = self.run(argv, False, cwd=self.fresh_directory("native"), **arguments)
        if native_status is not None and native.status != native_status:
            raise Fail(f"native: {native.describe_status()}; {tail(native.stdout)} {tail(native.stderr)}")
        if self.options.native_only:
            return native
        inside = self.run(argv, True, cwd=self.fresh_directory("inside"), run_options=run_options, **arguments)
        compare(expected or native, inside, normalise)
        return native

    # -- clean-up -------------------------------------------------------------------------------------------------
    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    print(f"# process {process.pid} of {self.test.name} does not end", flush=True)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    try:
                        stream.close()
                    except OSError:
                        pass
        if not self.options.keep:
            shutil.rmtree(self.scratch, ignore_errors=True)


def tail(text: bytes, count: int = 3) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return " | ".join(line[:200] for line in lines[-count:])


def compare(native: Completed, inside: Completed, normalise: Callable[[bytes], bytes] = lambda text: text) -> None:
    want, got = normalise(native.stdout), normalise(inside.stdout)
    problems = []
    if native.status != inside.status:
        problems.append(f"{inside.describe_status()}, native {native.describe_status()}")
    if want != got:
        lines = list(difflib.unified_diff(want.decode("utf-8", "replace").splitlines(),
                                          got.decode("utf-8", "replace").splitlines(), "native", "inside", n=0,
                                          lineterm=""))
        shown = [line[:200] for line in lines if not line.startswith(("---", "+++", "@@"))]
        problems.append("stdout differs: " + " | ".join(shown[:6]) + (" …" if len(shown) > 6 else ""))
    if problems:
        if inside.stderr.strip():
            problems.append("stderr: " + tail(inside.stderr))
        raise Fail("; ".join(problems))


def expect(condition: bool, text: str) -> None:
    if not condition:
        raise Fail(text)


def need(*programs: str) -> None:
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not installed (tools/install-deps)")


_ports_lock = threading.Lock()
_ports_given = set()


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses, and that no other test of this run was given. It lies below those
    from which the kernel takes the ports of clients: any of theirs could take it before the server does."""
    with _ports_lock:
        first_for_clients = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        while True:
            port = random.randrange(10000, first_for_clients) if first_for_clients > 12000 else 0
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                port = probe.getsockname()[1]
            if port not in _ports_given:
                _ports_given.add(port)
                return port


def wait_until(condition: Callable[[], bool], seconds: float, what: str, process=None) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if process is not None and process.poll() is not None:
            text = process.stderr.read() if process.stderr else b""
            raise Fail(f"process ended with {process.returncode} before {what}; {tail(text)}")
        if time.monotonic() > end:
            raise Fail(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.01)


def wait_for_port(port: int, process, seconds: float = 20) -> None:
    def reachable() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False
    wait_until(reachable, seconds, f"something listens at port {port}", process)


def wait_for_unix_socket(path: Path, process, seconds: float = 20) -> None:
    """A server makes the file (bind) before it listens, and may listen at its other addresses first."""
    def reachable() -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            return client.connect_ex(str(path)) == 0
    wait_until(reachable, seconds, f"something listens at {path}", process)


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="REGEX", help="only tests whose name matches")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--native-only", action="store_true", help="no enclave: prove that the tests pass natively")
    parser.add_argument("--preset", default="release", help="build preset whose cloister is used (release)")
    parser.add_argument("--cloister", help="the cloister binary (build/PRESET/bin/cloister)")
    parser.add_argument("--run-option", action="append", default=[], metavar="OPTION",
                        help="pass to every `cloister run`, e.g. --run-option=--memory=plain")
    parser.add_argument("--jobs", type=int, default=2, help="tests at a time (2)")
    parser.add_argument("--timeout-scale", type=float, default=1.0, help="multiply every time-out")
    parser.add_argument("--quick", action="store_true", help="leave out the slow ones")
    parser.add_argument("--long", action="store_true", help="also those that take hours")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folders")
    parser.add_argument("--counts", metavar="FILE", help="write the counts, and what failed, as JSON there instead of the last line")
    return parser


def prepare(options: argparse.Namespace) -> argparse.Namespace:
    options.build = ROOT / "build" / options.preset
    options.cloister = os.path.abspath(options.cloister or options.build / "bin" / "cloister")
    return options


def main(options: argparse.Namespace, tests: Sequence[Test]) -> int:
    if options.only:
        tests = [t for t in tests if any(re.search(pattern, t.name) for pattern in options.only)]
    if options.list:
        print("\n".join(t.name for t in tests))
        return 0
    if not options.native_only and not os.access(options.cloister, os.X_OK):
        print(f"{options.cloister} is missing; build it with: cmake --preset {options.preset} && "
              f"cmake --build --preset {options.preset}; or use --native-only", file=sys.stderr)
        return 2
    # A shell starts what runs in the background with these ignored, and programs inherit that.
    for number in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    failed: Dict[str, str] = {}
    lock = threading.Lock()
    base = Path(tempfile.mkdtemp(prefix="cloister-test-"))

    def one(test: Test) -> None:
        test.timeout *= options.timeout_scale
        began = time.monotonic()
        scratch = base / re.sub(r"[^A-Za-z0-9._-]", "_", test.name)
        scratch.mkdir(exist_ok=True)
        context = Context(test, options, scratch)
        word, reason = "ok", ""
        try:
            if test.long and not options.long:
                raise Skip("takes long (--long)")
            if test.slow and options.quick:
                raise Skip("left out by --quick")
            if test.inside and options.native_only and getattr(test.run, "inside_only", False):
                raise Skip("inside only")
            test.run(context)
        except Skip as skip:
            word, reason = "skip", str(skip)
        except Fail as failure:
            word, reason = "FAIL", str(failure)
        except Exception as error:  # a broken test is a failed test
            word, reason = "FAIL", f"{type(error).__name__}: {error}"
        finally:
            context.close()
        with lock:
            counts[{"ok": "passed", "FAIL": "failed", "skip": "skipped"}[word]] += 1
            if word == "FAIL":
                failed[test.name] = reason
            print(f"{word:4} {test.name} ({time.monotonic() - began:.2f} s)" + (f" {reason}" if reason else ""),
                  flush=True)

    try:
        with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
            list(pool.map(one, [t for t in tests if not t.alone]))
        for test in tests:
            if test.alone:
                one(test)
    finally:
        if options.keep:
            print(f"# scratch folders kept in {base}")
        else:
            shutil.rmtree(base, ignore_errors=True)
    if failed:
        print("# failed: " + " ".join(sorted(failed)))
    if options.counts:
        failures = [f"{name}: {reason}" for name, reason in sorted(failed.items())]
        Path(options.counts).write_text(json.dumps(counts | {"failures": failures}))
    else:
        print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] + counts["skipped"] else 0


def inside_only(function):
    """Marks a test that has no native counterpart."""
    function.inside_only = True
    return function

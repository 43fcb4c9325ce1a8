#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: streams, exit statuses, signals, terminals, errors, measurement, memory.

Some tests need root (reading another process's memory); they say so when they are skipped.
"""
import fcntl
import hashlib
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import memory_probe  # noqa: E402
import sealing_keys  # noqa: E402
import suite  # noqa: E402
from suite import Context, Fail, Skip, Test, expect, inside_only, need, wait_until  # noqa: E402

HERE = Path(__file__).resolve().parent
BUSYBOX = "/bin/busybox"
PYTHON = "/usr/bin/python3.11"


def helper(context: Context, name: str, flags=()) -> str:
    folder = context.options.build / "tests" / "e2e"
    folder.mkdir(parents=True, exist_ok=True)
    source, program = HERE / f"{name}.c", folder / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        temporary = folder / f"{name}.{context.test.name}.tmp"
        done = subprocess.run(["gcc", "-O2", "-g", "-pthread", *flags, str(source), "-o", str(temporary)],
                              capture_output=True, text=True, timeout=60)
        expect(done.returncode == 0, "does not compile: " + done.stderr[:300])
        os.replace(temporary, program)
    return str(program)


def sides(context: Context):
    return [False] if context.options.native_only else [False, True]


def side(inside: bool) -> str:
    return "inside" if inside else "native"


# -- streams and statuses ---------------------------------------------------------------------------------------------
def streams(context: Context) -> None:
    data = os.urandom(3 << 20) * 4
    for inside in sides(context):
        done = context.run([BUSYBOX, "cat"], inside, stdin=data)
        expect(done.status == 0 and done.stdout == data, f"{side(inside)}: cat of 12 MiB differs")
    context.both([BUSYBOX, "sh", "-c", "echo out; echo err >&2; exit 7"], native_status=7)
    for inside in sides(context):
        done = context.run([BUSYBOX, "sh", "-c", "echo out; echo err >&2"], inside)
        expect(done.stdout == b"out\n" and done.stderr.endswith(b"err\n"), f"{side(inside)}: streams are mixed")


def streams_of_devices(context: Context) -> None:
    for device in ("/dev/null", "/dev/full"):
        for inside in sides(context):
            with open(device, "r+b", buffering=0) as stream:
                process = context.start(["readlink", "/proc/self/fd/0"], inside, stdin=stream)
                name = process.communicate(timeout=30)[0]
            expect(name == device.encode() + b"\n", f"{side(inside)}: {device} is called {name!r}")


def closed_streams(context: Context) -> None:
    for inside in sides(context):
        process = context.start([BUSYBOX, "yes"], inside)
        process.stdout.read(100000)
        process.stdout.close()
        expect(process.wait(20) == -signal.SIGPIPE, f"{side(inside)}: {process.returncode} when nobody reads")
        process = context.start([BUSYBOX, "cat"], inside, stdin=subprocess.PIPE)
        process.stdin.close()
        expect(process.wait(20) == 0, f"{side(inside)}: cat at end of input: {process.returncode}")


def statuses(context: Context) -> None:
    for status in (0, 1, 42, 255):
        context.both([BUSYBOX, "sh", "-c", f"exit {status}"], native_status=status)


@inside_only
def environment(context: Context) -> None:
    process = subprocess.run([context.cloister, "run", "--env", "GIVEN=1 2", "--env", "FROM_HOST", "--", BUSYBOX, "env"],
                             env={"HOST_SECRET": "no", "FROM_HOST": "yes", "PATH": os.environ["PATH"], "HOME": "/root"},
                             capture_output=True, text=True, timeout=30)
    lines = process.stdout.splitlines()
    expect("GIVEN=1 2" in lines and "FROM_HOST=yes" in lines, f"--env is missing: {lines}")
    expect(not any("HOST_SECRET" in line for line in lines), "the host's environment got in")
    expect(len(lines) <= 12, f"not a small environment: {lines}")


@inside_only
def one_process(context: Context) -> None:
    process = context.start([helper(context, "sleeper"), "nanosleep", "20000"], True)
    expect(process.stdout.readline() == b"ready\n", "not ready")
    expect(memory_probe.tree(process.pid) == [process.pid], "the program runs in another process")
    process.kill()
    expect(process.wait(10) == -signal.SIGKILL, "SIGKILL")


def credentials(context: Context) -> None:
    if os.geteuid() != 0:
        raise Skip("needs root, to become somebody else")
    home = context.fresh_directory("home")
    for folder in (home, context.scratch, context.scratch.parent):
        os.chmod(folder, 0o755)
    for name, owner in (("own", 65534), ("roots", 0)):
        (home / name).write_text(f"of {owner}\n")
        os.chmod(home / name, 0o600)
        os.chown(home / name, owner, owner)
    os.chown(home, 65534, 65534)
    for user, groups in ((0, [0, 4]), (65534, [4, 100, 65534])):
        (home / str(user)).mkdir()
        os.chown(home / str(user), user, user)
        environment = {"HOME": str(home / str(user)), "CLOISTER_SIM_DIR": str(home / str(user) / "sim")}
        seen = {}
        for inside in sides(context):
            for command in (["id"], ["cat", "own"], ["cat", "roots"], ["stat", "-c", "%u %a", "/proc/self", "own"], ["touch", "made"],
                            ["chown", "0:0", "own"], ["cat", "/etc/shadow-"]):
                done = subprocess.run(context.command([BUSYBOX, *command], inside), cwd=home, env=environment, user=user,
                                      group=user, extra_groups=groups, umask=0o22, capture_output=True, timeout=60)
                seen.setdefault(" ".join(command), []).append((done.returncode, done.stdout, re.sub(rb"(?m)^cloister: .*\n", b"", done.stderr)))
            made = (home / "made").stat()
            expect((made.st_uid, made.st_mode & 0o777) == (user, 0o644), f"{side(inside)}: a new file of {made.st_uid}, mode {made.st_mode:o}")
            (home / "made").unlink()
            os.chown(home / "own", 65534, 65534)
        for command, results in seen.items():
            expect(results[0] == results[-1], f"user {user}, {command}: native {results[0]}, inside {results[-1]}")


# Less address space than the program wants natively, less enclave memory inside.
def memory_limit(context: Context) -> None:
    program, limit = helper(context, "memory_limit"), 256 << 20
    for inside in sides(context):
        arguments = {"run_options": ["--heap", "64M"]} if inside else {
            "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))}
        done = context.run([program], inside, **arguments)
        expect(done.status == 0 and done.stdout.endswith(b"done\n"), f"{side(inside)}: {done.status} {done.stdout[-200:]} {done.stderr[-200:]}")


@inside_only
def memory_figures(context: Context) -> None:
    text = b"".join(context.run([BUSYBOX, *command], True, run_options=["--heap", "64M"]).stdout
                    for command in (["grep", "-E", "MemTotal|CommitLimit", "/proc/meminfo"], ["free", "-k"]))
    numbers = [int(n) for n in re.findall(rb"\b\d{4,}\b", text)]
    expect(len(numbers) >= 3 and numbers[0] == numbers[1] == numbers[2] and 56 << 10 <= numbers[0] <= 64 << 10,
           f"the figures do not agree: {text}")


@inside_only
def links_into_proc(context: Context) -> None:
    (context.scratch / "direct").symlink_to("/proc/version")
    (context.scratch / "folder").symlink_to("/proc/sys/kernel")
    (context.scratch / "own").symlink_to("/proc/self/comm")
    for path, expected in (("direct", b"(cloister)"), ("folder/ostype", b"Linux"), ("own", b"busybox"), ("/etc/mtab", b"cloister / ")):
        if os.path.exists(path) or not path.startswith("/"):
            text = context.run([BUSYBOX, "cat", path], True, cwd=context.scratch).stdout
            expect(expected in text, f"{path} shows the host's: {text[:200]}")


def takes(lock, file) -> bool:
    try:
        lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def lock_survives_mapping(context: Context) -> None:
    program, path = helper(context, "file_lock"), context.scratch / "locked"
    path.write_bytes(bytes(4096))
    for inside in sides(context):
        process = context.start([program, str(path)], inside, stdin=subprocess.PIPE)
        expect(process.stdout.readline() == b"locked\n", f"{side(inside)}: no lock")
        with open(path, "r+b") as f:
            expect(not takes(fcntl.lockf, f), f"{side(inside)}: the lock is gone")
        process.stdin.close()
        expect(process.wait(20) == 0, f"{side(inside)}: {process.returncode}")


def closed_for_others(context: Context) -> None:
    """When and in which order descriptors are closed, as others see it."""
    program, path = helper(context, "closed_files"), context.scratch / "closed"
    path.write_bytes(b"content")

    def whoever_opened(pid: int) -> list:
        return [link for link in Path(f"/proc/{pid}/fd").iterdir() if os.path.exists(link) and os.path.samefile(link, path)]
    for inside in sides(context):
        process = context.start([program, str(path)], inside, stdin=subprocess.PIPE)
        expect(process.stdout.readline() == b"closing\n", f"{side(inside)}: no start")
        suite.wait_until(lambda: not whoever_opened(process.pid), 5, f"{side(inside)}: the file is still open")
        process.stdin.write(b"\n")
        process.stdin.flush()
        expect(process.stdout.readline() == b"locked\n", f"{side(inside)}: no lock")
        with open(path, "r+b") as f:
            expect(not takes(fcntl.lockf, f), f"{side(inside)}: a close that was before the lock has taken it away")
            process.stdin.write(b"\n")
            process.stdin.flush()
            expect(process.stdout.readline() == b"unlocking\n", f"{side(inside)}: no second lock")
            suite.wait_until(lambda: takes(fcntl.flock, f), 2, f"{side(inside)}: the lock outlives its descriptor")
        expect(process.wait(20) == 0, f"{side(inside)}: {process.returncode}")


@inside_only
def statistics(context: Context) -> None:
    done = context.run([helper(context, "ended_threads")], True, run_options=["--stats"])
    found = re.search(rb"of which kernel storey (\d+)", done.stderr)
    expect(found is not None and int(found.group(1)) >= 4000, f"ended threads are missing: {done.stderr[-400:]}")


@inside_only
def file_size_limit(context: Context) -> None:
    soft = context.run([BUSYBOX, "echo", "runs"], True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY)))
    expect(soft.status == 0 and soft.stdout == b"runs\n", f"a soft limit: {soft.status} {soft.stderr}")
    if os.geteuid() != 0:
        hard = context.run([BUSYBOX, "echo", "runs"], True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
        expect(hard.status == 125 and b"ulimit -f" in hard.stderr, f"a hard limit: {hard.status} {hard.stderr}")


# What a crash shows, from the inside outwards; functions may have suffixes (clones).
CRASHES = {
    "itself": ["inner_function", "middle_function", "outer_function", "main"],
    "callback": ["inner_function", "middle_function", "compare_function", "qsort", "outer_function", "main"],
    "handler": ["inner_function", "middle_function", "handler_function", "(signal)", "raise", "outer_function", "main"],
    "handler-stack": ["inner_function", "middle_function", "handler_function", "(signal)", "raise", "outer_function", "main"],
    "nowhere": ["outer_function", "main"],
    "smashed": ["smashing_function"],
}


def backtrace(report: bytes):
    """The functions of a crash report, innermost first, "?" before one that is a guess; of those that the file names."""
    found = []
    for line in report.decode().split("    rip ")[1].splitlines()[1:]:
        if "the signal arrived at" in line:
            found.append("(signal)")
        named = re.match(r"  ([ ?]) 0x[0-9a-f]{16}  (?!/)([\w.]+)\+0x", line)
        if named:
            name = named.group(2).split(".")[0].lstrip("_")
            found.append(named.group(1).strip() + {"qsort_r": "qsort", "gsignal": "raise"}.get(name, name))
    return found


@inside_only
def crash_report(context: Context) -> None:
    keep_frames = ["-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"]
    for name, flags, how in (("tables", ["-O2", "-fomit-frame-pointer", "-fno-optimize-sibling-calls"], CRASHES),
                             ("static", ["-O2", "-fomit-frame-pointer", "-fno-optimize-sibling-calls", "-static"], CRASHES),
                             ("pointers", ["-O1", "-fno-asynchronous-unwind-tables", *keep_frames], ["itself"])):
        program = context.scratch / f"crash-{name}"
        subprocess.run(["gcc", *flags, str(HERE / "crash.c"), "-o", str(program)], check=True, timeout=60)
        for argument in how:
            done = context.run([str(program), argument], True, run_options=["--debug"])
            expect(done.status == -signal.SIGSEGV, f"{name} {argument}: {done.status}")
            address = b"0x1000" if argument == "nowhere" else b"0x18"
            expect(b"address " + address + b"\n" in done.stderr and b"    rip " in done.stderr, done.stderr.decode())
            shown = backtrace(done.stderr)
            if name == "pointers":  # which do not show who called a function without a frame
                shown = [function.lstrip("?") for function in shown]
            shown = [function for function in shown if function in CRASHES[argument]]
            expect(shown == CRASHES[argument], f"{name} {argument}: {shown}: {done.stderr.decode()}")
        done = context.run([str(program), "library"], True, run_options=["--debug"])
        shown = backtrace(done.stderr)
        expect(done.status == -signal.SIGABRT and "abort" in shown and "outer_function" in shown[shown.index("abort"):],
               f"{name}: {done.status} {done.stderr.decode()}")
        done = context.run([str(program)], True)
        expect(done.status == -signal.SIGSEGV and b"rax" not in done.stderr, f"without --debug: {done.stderr}")


# -- signals ----------------------------------------------------------------------------------------------------------
def signals_default(context: Context) -> None:
    program = helper(context, "sleeper")
    for how in ("nanosleep", "poll", "epoll", "futex", "read"):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for inside in sides(context):
                process = context.start([program, how, "20000"], inside)
                expect(process.stdout.readline() == b"ready\n", "not ready")
                time.sleep(0.03)
                process.send_signal(number)
                try:
                    status = process.wait(10)
                except subprocess.TimeoutExpired:
                    raise Fail(f"{side(inside)}: {how} survives {number.name}") from None
                expect(status == -number, f"{side(inside)}: {how} {number.name}: {status}")


def signals_handled(context: Context) -> None:
    program = helper(context, "sleeper")
    for how in ("nanosleep", "poll", "epoll", "futex", "read"):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGWINCH):
            results = []
            for inside in sides(context):
                process = context.start([program, how, "20000", "handle"], inside)
                expect(process.stdout.readline() == b"ready\n", "not ready")
                time.sleep(0.03)
                process.send_signal(number)
                try:
                    results.append((process.communicate(timeout=10)[0], process.returncode))
                except subprocess.TimeoutExpired:
                    raise Fail(f"{side(inside)}: {how} is not interrupted by {number.name}") from None
            expect(results[0] == results[-1], f"{how} {number.name}: {results}")


def signals_ignored_at_start(context: Context) -> None:
    """What nohup and shells do for programs in the background."""
    ignored = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)

    def ignore() -> None:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
    program = helper(context, "sleeper")
    for inside in sides(context):
        process = context.start([program, "nanosleep", "700"], inside, preexec_fn=ignore)
        expect(process.stdout.readline() == b"ready\n", "not ready")
        for number in ignored:
            process.send_signal(number)
        expect(process.wait(20) == 0, f"{side(inside)}: ended by a signal that it was started to ignore: {process.returncode}")


def stop_and_continue(context: Context) -> None:
    program = helper(context, "sleeper")
    for how in ("nanosleep", "poll", "epoll", "futex"):
        results = []
        for inside in sides(context):
            process = context.start([program, how, "700"], inside)
            expect(process.stdout.readline() == b"ready\n", "not ready")
            process.send_signal(signal.SIGSTOP)
            wait_until(lambda: "\nState:\tT" in Path(f"/proc/{process.pid}/status").read_text(), 5, "stopped", process)
            time.sleep(0.2)
            process.send_signal(signal.SIGCONT)
            try:
                results.append((process.communicate(timeout=10)[0], process.returncode))
            except subprocess.TimeoutExpired:
                raise Fail(f"{side(inside)}: {how} does not go on after SIGCONT") from None
        if how == "epoll":  # signal(7): not restarted after SIGCONT, if it had begun
            results = [(out.replace(b"-1 errno 4", b"0 errno 0"), status) for out, status in results]
        expect(results[0] == results[-1], f"{how}: {results}")


def dump_while_sleeping(context: Context) -> None:
    need("gcore")
    if os.geteuid():
        raise Skip("needs root")
    program = helper(context, "sleeper")
    for how in ("nanosleep", "poll", "epoll", "futex"):
        for inside in sides(context):
            process = context.start([program, how, "5000"], inside)
            expect(process.stdout.readline() == b"ready\n", "not ready")
            began = time.monotonic()
            memory_probe.by_gcore(process.pid, b"no such marker")
            expect(time.monotonic() - began < 60, "gcore takes very long")
            try:
                out = process.communicate(timeout=20)[0]
            except subprocess.TimeoutExpired:
                raise Fail(f"{side(inside)}: {how} hangs after gcore") from None
            expect(process.returncode == 0 and out.startswith(b"result "), f"{side(inside)}: {how} after gcore: {out} {process.returncode}")
            expect(b"errno 4 " not in out or how == "epoll", f"{side(inside)}: {how} was interrupted by gcore: {out}")


def terminal(context: Context) -> None:
    program = helper(context, "terminal")
    results = []
    for inside in sides(context):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

        def control() -> None:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        process = context.start([program], inside, stdin=slave, stdout=slave, stderr=slave,
                                start_new_session=False, preexec_fn=control)
        os.close(slave)
        text = b""

        def read_until(what: bytes) -> None:
            nonlocal text
            end = time.monotonic() + 15
            while what not in text:
                if not select.select([master], [], [], 0.2)[0]:
                    expect(time.monotonic() < end, f"{side(inside)}: no {what!r} in {text[-300:]!r}")
                    continue
                try:
                    piece = os.read(master, 4096)
                except OSError:
                    piece = b""
                expect(bool(piece), f"{side(inside)}: ended before {what!r}: {text[-300:]!r}")
                text += piece
        read_until(b"waiting\r\n")
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
        read_until(b"size 50 132\r\n")
        os.write(master, b"typex\x7fd\n")
        read_until(b"raw 0\r\n")
        os.write(master, b"q")
        read_until(b"byte q\r\n")
        os.write(master, b"\x03")
        read_until(b"interrupted\r\n")
        expect(process.wait(10) == 5, f"{side(inside)}: exit status {process.returncode}")
        os.close(master)
        results.append(text[text.index(b"tty "):])
    expect(results[0] == results[-1], f"terminal output differs: {results}")


# -- errors -----------------------------------------------------------------------------------------------------------
def one_line(context: Context, argv, status: int, *words: str) -> None:
    """The command ends with this status and one line on stderr that has the words; nothing on stdout."""
    process = subprocess.run([context.cloister, *argv], capture_output=True, text=True, timeout=30,
                             stdin=subprocess.DEVNULL, cwd=context.scratch)
    lines = process.stderr.strip().splitlines()
    shown = " | ".join(lines)[:300]
    expect(process.returncode == status, f"{argv[-1]}: exit status {process.returncode}, not {status}; {shown}")
    errors = [line for line in lines if line.startswith("cloister")]
    expect(len(lines) <= 3 and errors, f"{argv[-1]}: not one clear line: {shown}")
    for word in words:
        expect(word.lower() in process.stderr.lower(), f"{argv[-1]}: the error does not say {word}: {shown}")


@inside_only
def bad_programs(context: Context) -> None:
    good = bytearray(Path(helper(context, "sleeper")).read_bytes())

    def make(name: str, data: bytes, mode: int = 0o755) -> str:
        path = context.scratch / name
        path.write_bytes(data)
        path.chmod(mode)
        return str(path)

    def changed(offset: int, value: bytes) -> bytes:
        return bytes(good[:offset]) + value + bytes(good[offset + len(value):])
    one_line(context, ["run", "--", "/no/such/program"], 127, "/no/such/program")
    one_line(context, ["run", "--", "no-such-command"], 127, "no-such-command")
    one_line(context, ["run", "--", make("not-executable", bytes(good), 0o644)], 126, "not-executable")
    one_line(context, ["run", "--", str(context.scratch)], 126)
    one_line(context, ["run", "--", make("class32", changed(4, b"\x01"))], 126, "class32", "32")
    one_line(context, ["run", "--", make("aarch64", changed(18, b"\xb7\x00"))], 126, "aarch64")
    one_line(context, ["run", "--", make("short", bytes(good[:40]))], 126, "short")
    one_line(context, ["run", "--", make("empty", b"")], 126, "empty")
    one_line(context, ["run", "--", make("text", b"just text\n")], 126, "text")
    one_line(context, ["run", "--", make("truncated", bytes(good[:5000]))], 126, "truncated")
    one_line(context, ["run", "--", make("headers", changed(32, b"\xff" * 8))], 126, "headers")
    one_line(context, ["run", "--", make("count", changed(56, b"\xff\xff"))], 126, "count")
    for i in range(0, 56 * 8, 37):  # every damaged header ends cleanly, whatever the outcome
        data = bytearray(good)
        data[64 + i] ^= 0x80
        process = subprocess.run([context.cloister, "run", "--", make("damaged", bytes(data)), "nanosleep", "1"],
                                 capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
        if process.returncode not in (0, 126, 127, -11, -7, -4, 1):
            raise Fail(f"byte {64 + i} damaged: status {process.returncode}: {process.stderr[-200:]!r}")


@inside_only
def bad_usage(context: Context) -> None:
    for argv in (["run"], ["run", "--no-such-option", "--", "true"], ["run", "--heap", "lots", "--", "true"],
                 ["run", "--memory", "pink", "--", "true"], ["run", "--device", "none", "--", "true"], ["nonsense"],
                 ["run", "--allow", "insecure_nonsense", "--", "true"], ["run", "--threads", "0", "--", "true"]):
        process = subprocess.run([context.cloister, *argv], capture_output=True, text=True, timeout=30)
        expect(process.returncode not in (0, None) and process.returncode > 0, f"{argv}: status {process.returncode}")
        expect(0 < len(process.stderr.strip().splitlines()) <= 4, f"{argv}: stderr {process.stderr[:300]}")
    for argv in (["--help"], ["run", "--help"], ["--version"]):
        process = subprocess.run([context.cloister, *argv], capture_output=True, text=True, timeout=30)
        expect(process.returncode == 0 and process.stdout, f"{argv}: {process.returncode}")


@inside_only
def trace_and_stats(context: Context) -> None:
    done = context.run([BUSYBOX, "echo", "traced"], True, run_options=["--trace"])
    expect(done.status == 0 and done.stdout == b"traced\n", f"--trace: {done.describe_status()} {suite.tail(done.stderr)}")
    expect(b"write(1" in done.stderr and b"= 7" in done.stderr, f"--trace shows no write: {done.stderr[-400:]!r}")
    file = context.scratch / "trace"
    done = context.run([BUSYBOX, "echo", "traced"], True, run_options=[f"--trace={file}"])
    expect(b"write(1" not in done.stderr and "write(1" in file.read_text(), "--trace=FILE")
    done = context.run([BUSYBOX, "echo", "counted"], True, run_options=["--stats"])
    expect(done.status == 0 and b"host call" in done.stderr.lower(), f"--stats: {done.stderr[-300:]!r}")


@inside_only
def own_lines(context: Context) -> None:
    """The command's lines go to its standard error, and not into a file that the program has put in its place."""
    program = [BUSYBOX, "sh", "-c", "exec 2>data; echo from the program >&2"]
    log = context.scratch / "stderr"
    with log.open("wb") as stream:
        process = context.start(program, True, run_options=["--stats"], stderr=stream)
        expect(process.wait(30) == 0, log.read_text())
    data = context.scratch / "data"
    expect(data.read_text() == "from the program\n", f"the program's file: {data.read_text()[:300]}")
    expect("host calls" in log.read_text(), "--stats is not in the file that was standard error")
    data.unlink()
    done = context.run(program, True, run_options=["--stats"])  # a pipe
    expect(done.status == 0 and data.read_text() == "from the program\n", f"the program's file: {data.read_text()[:300]}")
    # Who waits for the end of the stream does not wait for the program's.
    process = context.start([BUSYBOX, "sh", "-c", "exec 2>data; read line"], True, stdin=subprocess.PIPE)
    began = time.monotonic()
    expect(process.stderr.read() == b"" and process.poll() is None and time.monotonic() - began < 30, "the pipe stayed open")
    process.communicate(b"\n", 30)


@inside_only
def unknown_calls(context: Context) -> None:
    done = context.run([helper(context, "unknown_call")], True)
    expect(done.stdout == b"-1 38\n-1 38\n-1\n-1\n", f"{done.stdout!r}")
    expect(done.stderr.count(b"1234") == 1, f"1234 is not reported exactly once: {done.stderr[-400:]!r}")
    expect(done.stderr.count(b"kexec_load") <= 1, f"kexec_load reported more than once: {done.stderr[-400:]!r}")


# -- measurement ------------------------------------------------------------------------------------------------------
def measure(context: Context, *argv: str) -> str:
    done = subprocess.run([context.cloister, "measure", "--", *argv], capture_output=True, text=True, timeout=120)
    found = re.search(r"\b[0-9a-f]{64}\b", done.stdout)
    expect(done.returncode == 0 and found is not None, f"measure: {done.returncode} {done.stdout[-200:]} {done.stderr[-200:]}")
    return found.group(0)


@inside_only
def measurement(context: Context) -> None:
    program = str(context.scratch / "program")
    shutil.copy(helper(context, "sleeper"), program)
    first = measure(context, program, "nanosleep", "1")
    expect(measure(context, program, "nanosleep", "1") == first, "two measurements differ")
    stat = os.stat(program)
    data = bytearray(Path(program).read_bytes())
    position = data.index(b"result %ld")
    data[position] ^= 0x20
    with open(program, "r+b") as f:  # the same size, the same time: only the content tells
        f.write(data)
    os.utime(program, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    expect(measure(context, program, "nanosleep", "1") != first, "a changed byte does not change MRENCLAVE")
    expect(context.run([program, "nanosleep", "1"], True).stdout.startswith(b"ready\nResult 0"), "the changed program runs as changed")
    data[position] ^= 0x20
    with open(program, "r+b") as f:
        f.write(data)
    expect(measure(context, program, "nanosleep", "1") == first, "the same bytes, another MRENCLAVE")


# A page of a measured file is verified when the program first comes to it.
@inside_only
def changed_after_measuring(context: Context) -> None:
    def edit(path: Path, data: bytes) -> None:
        with open(path, "r+b") as f:
            f.seek(data.index(b"late answer"))
            f.write(b"L")

    def replace(path: Path, data: bytes) -> None:
        path.with_suffix(".new").write_bytes(data.replace(b"late answer", b"LATE answer"))
        os.chmod(path.with_suffix(".new"), 0o755)
        os.replace(path.with_suffix(".new"), path)

    def truncate(path: Path, data: bytes) -> None:
        os.truncate(path, data.index(b"late answer") - 100)
    source = helper(context, "late_page", ["-Wl,-z,noseparate-code"])
    for change, may_run in ((edit, False), (replace, True), (truncate, False)):
        program = context.fresh_directory(change.__name__) / "program"
        shutil.copy(source, program)
        process = context.start([str(program)], True, stdin=subprocess.PIPE)
        expect(process.stdout.readline() == b"ready\n", f"{change.__name__}: not ready")
        change(program, Path(source).read_bytes())
        out, error = process.communicate(b"go\n", timeout=30)
        if may_run:  # the open file is the old one, as natively
            expect(process.returncode == 0 and out == b"late answer\n", f"{change.__name__}: {process.returncode} {out} {error[-200:]}")
        else:
            expect(process.returncode == 121 and str(program).encode() in error and b"answer" not in out,
                   f"{change.__name__}: {process.returncode} {out} {error[-300:]}")


# Every measured file, and the image: whichever byte changes, MRENCLAVE does.
@inside_only
def every_byte_counts(context: Context) -> None:
    program = context.scratch / "program"
    shutil.copy(helper(context, "sleeper", ["-static"]), program)
    data = program.read_bytes()
    first = measure(context, str(program))
    for position in [0x40 + 8, len(data) // 3, len(data) - 1]:  # the first is a program header, so the file may be refused
        changed = bytearray(data)
        changed[position] ^= 1
        program.write_bytes(changed)
        done = subprocess.run([context.cloister, "measure", "--", str(program)], capture_output=True, text=True, timeout=60)
        expect(first not in done.stdout, f"byte {position} of the program does not count")
    program.write_bytes(data)
    library = context.scratch / "library"
    for folder in ("bin", "lib", "libexec"):
        shutil.copytree(Path(context.cloister).parent.parent / folder / ("" if folder == "bin" else "cloister"),
                        library / folder / ("" if folder == "bin" else "cloister"), ignore=lambda path, names: [
                            n for n in names if folder == "bin" and n != "cloister"])
    image = library / "lib" / "cloister" / "enclave.sgxs"
    stream = image.read_bytes()
    copied = subprocess.run([library / "bin" / "cloister", "measure", "--", str(program)], capture_output=True, text=True, timeout=60)
    expect(first in copied.stdout, f"a copy of the command measures otherwise: {copied.stdout} {copied.stderr}")
    for position in (4096 + 200, len(stream) // 2, len(stream) - 300):
        changed = bytearray(stream)
        changed[position] ^= 1
        image.write_bytes(changed)
        done = subprocess.run([library / "bin" / "cloister", "measure", "--", str(program)], capture_output=True, text=True, timeout=60)
        expect(first not in done.stdout, f"byte {position} of the image does not count")


@inside_only
def reproducible(context: Context) -> None:
    copy = context.scratch / "another-folder"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=suite.ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (suite.ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(suite.ROOT / name, copy / name)
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    for command in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release", "-j", "2", "--target", "cloister_enclave"]):
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=1500, env=environment)
        expect(done.returncode == 0, f"{' '.join(command)}: {(done.stdout + done.stderr)[-400:]}")
    here = measure(context, "/bin/true")
    there = subprocess.run([context.cloister, "measure", "--", "/bin/true"], capture_output=True, text=True, timeout=60,
                           env={**os.environ, "CLOISTER_IMAGE": str(copy / "build/release/lib/cloister/enclave.sgxs")})
    images = [folder / "build/release/lib/cloister/enclave-tls.sgxs" for folder in (suite.ROOT, copy)]
    expect(images[0].read_bytes() == images[1].read_bytes(), "the image with TLS differs between the folders")


ATTEST = """
import errno, sys
place = '/dev/attestation/'
def get(name): return open(place + name, 'rb', buffering=0).read()
def put(name, data):
    try: open(place + name, 'wb', buffering=0).write(data)
    except OSError as error: return errno.errorcode[error.errno]
    return 'ok'
verb, *files = sys.argv[1:]
if verb == 'target': sys.stdout.buffer.write(get('my_target_info') + get('keys/_sgx_mrenclave'))
if verb == 'report':
    try: get('report')
    except OSError as error: print(errno.errorcode[error.errno], file=sys.stderr)
    assert put('target_info', open(files[0], 'rb').read()) == put('user_report_data', b'for you') == 'ok'
    assert put('target_info', b'short') == put('user_report_data', bytes(65)) == 'EINVAL'
    assert get('user_report_data') == b'for you'.ljust(64, bytes(1))
    sys.stdout.buffer.write(get('report'))
if verb == 'verify':
    report = open(files[0], 'rb').read()
    flips = {put('verified_report', report[:i] + bytes([report[i] ^ 1]) + report[i + 1:]) for i in range(432)}
    print(put('verified_report', report), put('verified_report', report[1:]), *flips, get('verified_report') == report)
"""


@inside_only
def local_attestation(context: Context) -> None:
    """Two enclaves: one proves itself to the other by a REPORT, and to no third one; keys follow MRENCLAVE."""
    need("python3")

    def run(heap: str, *argv: str) -> subprocess.CompletedProcess:
        done = subprocess.run([context.cloister, "run", "--heap", heap, "--", "/usr/bin/python3", "-c", ATTEST, *argv],
                              capture_output=True, timeout=60, cwd=context.scratch, stdin=subprocess.DEVNULL)
        expect(done.returncode == 0, f"{argv[0]}: exit status {done.returncode}: {done.stderr[-300:]!r}")
        return done
    said = run("1G", "target").stdout
    target, key = said[:512], said[512:]
    (context.scratch / "target").write_bytes(target)
    made = run("2G", "report", "target")
    report = made.stdout
    (context.scratch / "report").write_bytes(report)
    expect(made.stderr == b"EINVAL\n" and len(report) == 432, f"report: {made.stderr!r}, {len(report)} bytes")
    mrenclave = subprocess.run([context.cloister, "measure", "--heap", "2G", "--", "/usr/bin/python3"], capture_output=True,
                               text=True, timeout=60, check=True).stdout.split()[1]
    flags = struct.unpack_from("<Q", report, 48)[0]
    expect(report[64:96].hex() == mrenclave, "the REPORT has another MRENCLAVE than `cloister measure` prints")
    expect(flags & 2 == 0 and flags & 0x80, f"ATTRIBUTES {flags:#x}: DEBUG must be clear and KSS set")
    expect(report[192:256] == bytes(64) and report[320:327] == b"for you", "CONFIGID or REPORTDATA")
    expect(run("1G", "verify", "report").stdout == b"ok EINVAL EBADMSG True\n", "the enclave that it was made for")
    expect(run("4G", "verify", "report").stdout == b"EBADMSG EINVAL EBADMSG False\n", "another enclave")
    expect(len(key) == 16 and run("1G", "target").stdout[512:] == key, "the sealing key of one MRENCLAVE changes")
    expect(run("2G", "target").stdout[512:] != key, "two MRENCLAVEs have one sealing key")


@inside_only
def dump_of_what_is_measured(context: Context) -> None:
    """MRENCLAVE computed anew from the dumped bytes alone; the TCS in the list is the one in the bytes."""
    done = subprocess.run([context.cloister, "sgx", "dump", "--out", "dumped", "--", "/bin/true"], capture_output=True, text=True,
                          timeout=120, cwd=context.scratch)
    expect(done.returncode == 0, f"exit status {done.returncode}: {done.stderr}")
    entries = json.loads((context.scratch / "dumped/enclave.json").read_text())
    secs, *rest = entries
    expect(secs["entry_type"] == 0 and secs["base"] == 0 and secs["size"] == 1 << 40, f"SECS: {secs}")
    state = hashlib.sha256(struct.pack("<8sIQ44x", b"ECREATE", secs["ssa_frame_size"], secs["size"]))
    tcs = []
    with open(context.scratch / "dumped/enclave.dump", "rb") as file:
        for before, entry in zip(entries, rest):
            if entry["entry_type"] == 1:
                file.seek(before["offset"])
                page = struct.unpack_from("<QQQIIQQQQ", file.read(4096))
                names = ("state", "flags", "ssa_offset", "ssa_index", "ssa_num", "entry_offset", "exit_addr", "fs_base", "gs_base")
                expect(page == tuple(entry[name] for name in names) and before["type"] == "PT_TCS", f"TCS: {entry}")
                tcs.append(entry)
                continue
            flags = sum(bit for bit, letter in ((1, "R"), (2, "W"), (4, "X")) if letter in entry["permissions"])
            flags |= {"PT_TCS": 1, "PT_REG": 2}[entry["type"]] << 8
            expect(not (flags & 2 and flags & 4), f"a page is writable and executable: {entry}")
            state.update(struct.pack("<8sQQ40x", b"EADD", entry["offset"], flags))
            file.seek(entry["offset"])
            page = file.read(4096)
            for at in range(0, 4096, 256):
                state.update(struct.pack("<8sQ48x", b"EEXTEND", entry["offset"] + at) + page[at:at + 256])
    expect(len(tcs) == 1 and state.hexdigest() == measure(context, "/bin/true"), "another MRENCLAVE than `cloister measure` prints")
    expect((context.scratch / "dumped/enclave.dump").stat().st_blocks < 65536, "the dump is not sparse")


# -- what the outside sees --------------------------------------------------------------------------------------------
@inside_only
def only_listed_host_calls(context: Context) -> None:
    need("strace")
    listed = subprocess.run([context.cloister, "syscalls", "--host", "--json"], capture_output=True, text=True, timeout=30)
    if listed.returncode:
        raise Skip("`cloister syscalls --host --json` is not there yet")
    table = json.loads(listed.stdout)
    rows = table if isinstance(table, list) else table.get("host_calls", [])
    allowed = {row["name"] if isinstance(row, dict) else row for row in rows} | {"rt_sigreturn", "restart_syscall"}
    log = context.scratch / "strace"
    python = "import threading, socket, os, time; t = threading.Thread(target=time.sleep, args=(0.1,)); t.start(); t.join(); " \
             "s = socket.socketpair(); s[0].send(b'x'); s[1].recv(1); open('f', 'w').write('x'); print(len(os.listdir('.')))"
    done = subprocess.run(["strace", "-f", "-qq", "-o", str(log), *context.command(["/usr/bin/python3", "-c", python], True)],
                          capture_output=True, timeout=120, cwd=context.scratch)
    expect(done.returncode == 0, f"under strace: {done.returncode} {done.stderr[-200:]!r}")
    text = log.read_text(errors="replace")
    installed = max(text.rfind("seccomp(SECCOMP_SET_MODE_FILTER"), text.rfind("PR_SET_SECCOMP"))
    expect(installed > 0, "no seccomp filter was installed")
    used = set(re.findall(r"^\d+\s+(\w+)\(", text[text.index("\n", installed):], re.MULTILINE))
    expect(used <= allowed, f"calls outside the table: {sorted(used - allowed)}")


def fnv_marker(seed: str) -> bytes:
    state = 1469598103934665603
    mask = (1 << 64) - 1
    for c in seed.encode():
        state = (state ^ c) * 1099511628211 & mask
    out = bytearray()
    for _ in range(64):
        state ^= state << 13 & mask
        state ^= state >> 7
        state ^= state << 17 & mask
        out.append(ord("A") + (state >> 20) % 26)
    return bytes(out)


def memory_is_secret(context: Context) -> None:
    need("gdb", "gcore")
    if os.geteuid():
        raise Skip("needs root")
    program = helper(context, "marker")
    modes = [("native", False, [])]
    if not context.options.native_only:
        modes += [("plain", True, ["--memory", "plain"]), ("secret", True, ["--memory", "secret"])]
    for name, inside, options in modes:
        seed = os.urandom(8).hex()
        marker = fnv_marker(seed)
        process = context.start([program, seed], inside, run_options=options)
        expect(process.stdout.readline() == b"ready\n", f"{name}: not ready: {suite.tail(process.stderr.read() if process.poll() is not None else b'')}")
        time.sleep(0.2)
        for method, find in memory_probe.METHODS.items():
            for wanted in (marker, marker[:16]):
                read, hits = sum_of(find, memory_probe.tree(process.pid), wanted)
                if name == "secret":
                    expect(hits == 0, f"secret memory: {method} finds the marker {hits} times")
                elif wanted == marker:
                    expect(hits > 0, f"{name}: {method} finds nothing, so it shows nothing")
        expect(process.poll() is None, f"{name}: did not survive being looked at")
        process.terminate()
        expect(process.wait(10) == -signal.SIGTERM, f"{name}: {process.returncode} after SIGTERM")


def sum_of(find, pids, marker):
    found = [find(pid, marker) for pid in pids]
    return sum(f[0] for f in found), sum(f[1] for f in found)


def core_dump(context: Context) -> None:
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        raise Skip(f"core dumps go to {pattern}")
    program = helper(context, "marker")
    modes = [("native", False, [])]
    if not context.options.native_only:
        modes += [("secret", True, ["--memory", "secret"])]
    for name, inside, options in modes:
        seed = os.urandom(8).hex()
        folder = context.fresh_directory(f"core-{name}")
        process = context.start([program, seed, "abort"], inside, run_options=options, cwd=folder,
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
        expect(process.wait(60) == -signal.SIGABRT, f"{name}: {process.returncode}")
        cores = list(folder.glob("core*"))
        hits = sum(memory_probe.in_file(core, fnv_marker(seed)[:16])[1] for core in cores)
        if name == "native":
            expect(hits > 0, "native: the core dump has no marker, so this shows nothing")
        else:
            expect(hits == 0, f"the core dump has the marker {hits} times")


@inside_only
def ordinary_user(context: Context) -> None:
    if os.geteuid():
        raise Skip("we are an ordinary user already")
    need("setpriv")
    probe = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    if subprocess.run([*probe, "test", "-x", context.cloister]).returncode:
        raise Skip(f"user nobody cannot reach {context.cloister}")
    folder = context.scratch / "home"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    context.scratch.chmod(0o755)
    context.scratch.parent.chmod(0o755)

    def run(*argv: str) -> subprocess.CompletedProcess:
        return subprocess.run([*probe, context.cloister, "run", "--", BUSYBOX, *argv], capture_output=True, text=True, timeout=60,
                              env={"HOME": str(folder), "PATH": os.environ["PATH"], "CLOISTER_SIM_DIR": str(folder / "sim")},
                              cwd=folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (8 << 20, 8 << 20)))

    done = run("echo", "as nobody")
    expect(done.returncode == 0 and done.stdout == "as nobody\n", f"{done.returncode} {done.stderr[-300:]}")
    expect("memlock" in done.stderr.lower() or "plain" in done.stderr.lower(), f"does not say what is weaker: {done.stderr[-300:]}")
    done = run("stat", "-c", "%u %a", "/dev/attestation/keys/_sgx_mrenclave")
    expect(done.stdout == "65534 400\n", f"the sealing key is not the program's user's: {done.stdout} {done.stderr[-300:]}")
    done = run("wc", "-c", "/dev/attestation/keys/_sgx_mrenclave")
    expect(done.stdout.split()[:1] == ["16"], f"the program's user may not read its sealing key: {done.stderr[-300:]}")


@inside_only
def no_place_to_keep(context: Context) -> None:
    """Without a folder for the cache and the key, nothing is kept, and nothing is written elsewhere."""
    before = set(os.listdir("/"))
    for command in (["run", "--", BUSYBOX, "echo", "ran"], ["measure", "--", BUSYBOX]):
        done = subprocess.run([context.cloister, *command], capture_output=True, text=True, timeout=60,
                              env={"HOME": "/proc/nowhere", "PATH": os.environ["PATH"], "TMPDIR": str(context.scratch)})
        expect(done.returncode == 0 and done.stdout, f"{command}: {done.returncode} {done.stderr[-300:]}")
    expect(set(os.listdir("/")) == before, f"new in /: {set(os.listdir('/')) - before}")
    expect(not list(context.scratch.glob("cloister*")), f"left behind: {list(context.scratch.iterdir())}")


@inside_only
def first_starts_with_equal_pids(context: Context) -> None:
    """Containers that share a home have the same process ids."""
    need("unshare")
    if os.geteuid():
        raise Skip("pid namespaces need root")
    environment = {"HOME": str(context.scratch), "PATH": os.environ["PATH"]}
    started = [subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", context.cloister, "run", "--", PYTHON, "-Sc", "print('ran')"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) for _ in range(6)]
    for process in started:
        output, errors = process.communicate(timeout=60)
        expect(process.returncode == 0 and output == "ran\n", f"{process.returncode} {errors[-300:]}")
    plans = os.listdir(context.scratch / ".cache" / "cloister" / "plans")
    expect(plans and all(name.endswith(".plan") for name in plans), f"left behind: {plans}")


@inside_only
def plans_of_another_analysis(context: Context) -> None:
    """A plan that an older analysis left in the cache, under the file's contents alone, changes no MRENCLAVE."""
    chunk_size = 16 << 10
    contents = Path(BUSYBOX).read_bytes()
    hashes = [hashlib.sha256(contents[at:at + chunk_size]).digest() for at in range(0, len(contents), chunk_size)]
    found = []
    for name in ("fresh", "left"):
        plans = context.fresh_directory(name) / "cloister" / "plans"
        if name == "left":
            plans.mkdir(parents=True)
            (plans / f"{hashlib.sha256(b''.join(hashes)).hexdigest()}.plan").write_bytes(b"older")
        done = subprocess.run([context.cloister, "measure", "--json", "--", BUSYBOX], capture_output=True, text=True, timeout=60,
                              env={"HOME": str(context.scratch), "PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(plans.parent.parent)})
        found.append(json.loads(done.stdout)["mrenclave"])
    expect(found[0] == found[1], f"{found}")


@inside_only
def doctor_and_lists(context: Context) -> None:
    done = subprocess.run([context.cloister, "doctor"], capture_output=True, text=True, timeout=30)
    for word in ("SGX", "memfd_secret", "Syscall User Dispatch"):
        expect(word.lower() in done.stdout.lower(), f"doctor does not mention {word}")
    for command in (["syscalls", "--json"], ["doctor", "--json"]):
        done = subprocess.run([context.cloister, *command], capture_output=True, text=True, timeout=30)
        expect(bool(done.stdout) and json.loads(done.stdout) is not None, f"{command}: no JSON")


TESTS = [Test("streams", streams), Test("streams_of_devices", streams_of_devices), Test("closed_streams", closed_streams), Test("statuses", statuses),
         Test("environment", environment), Test("one_process", one_process), Test("signals_default", signals_default, 120),
         Test("signals_handled", signals_handled, 120), Test("signals_ignored_at_start", signals_ignored_at_start),
         Test("stop_and_continue", stop_and_continue),
         Test("dump_while_sleeping", dump_while_sleeping, 120), Test("terminal", terminal), Test("bad_programs", bad_programs),
         Test("bad_usage", bad_usage), Test("trace_and_stats", trace_and_stats), Test("own_lines", own_lines), Test("unknown_calls", unknown_calls),
         Test("links_into_proc", links_into_proc), Test("lock_survives_mapping", lock_survives_mapping),
         Test("closed_for_others", closed_for_others),
         Test("statistics", statistics), Test("crash_report", crash_report), Test("file_size_limit", file_size_limit), Test("credentials", credentials), Test("memory_limit", memory_limit, 120), Test("memory_figures", memory_figures),
         Test("measurement", measurement), Test("changed_after_measuring", changed_after_measuring),
         Test("every_byte_counts", every_byte_counts), Test("reproducible", reproducible, 1800, slow=True),
         Test("local_attestation", local_attestation), *sealing_keys.TESTS, Test("dump_of_what_is_measured", dump_of_what_is_measured), Test("only_listed_host_calls", only_listed_host_calls, 120), Test("memory_is_secret", memory_is_secret, 240),
         Test("core_dump", core_dump, 90), Test("ordinary_user", ordinary_user), Test("no_place_to_keep", no_place_to_keep),
         Test("plans_of_another_analysis", plans_of_another_analysis), Test("first_starts_with_equal_pids", first_starts_with_equal_pids), Test("doctor_and_lists", doctor_and_lists)]


def main() -> int:
    return suite.main(suite.prepare(suite.arguments(__doc__).parse_args()), TESTS)


if __name__ == "__main__":
    sys.exit(main())

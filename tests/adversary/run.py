#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host part that lies: every answer of four small programs with every kind of lie, redis and python by sample.

Each run tells one lie (lying_host.cc) and must end as one of
  right   the program's output and status are those of an honest run
  claim   another output, where the lie is about what a host file or an address is
  error   the program, or the runtime before it, reports an error that Linux could have given
  stop    exit status 120 and `cloister: host lied in CALL: ...`, or 121 and a line about what no longer fits
  withheld  the program's alarm ended its wait for what the host swallowed or said it had done
A lie that no honest host can tell (an error that the call cannot have by honest_errors.py, more than was asked, a descriptor
in use, a call that comes back) must end in a stop with status 120. Anything else is unexplained and fails: a crash, no end,
another output, also one that is missing because of an error that nobody spoke of.
Forged signals and forbidden entries (entries.py) come first.

--seed N repeats a sample; --lie CALL:NTH:KIND[:VALUE] with --program NAME shows one run.
"""
import collections
import concurrent.futures
import ctypes
import errno
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
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import entries  # noqa: E402
import honest_errors  # noqa: E402
import suite  # noqa: E402

HERE = Path(__file__).resolve().parent
# How they are linked: static ones leave more of the lies to what the program itself does.
SMALL = {"lied_files": ["-static"], "lied_network": ["-static"], "lied_threads": ["-pie"], "lied_sending": ["-static"]}
READS_HOST_FILES = {"lied_threads", "lied_sending"}  # ld.so.cache and the page that is sent: what these read is not measured
HAS_LENGTH = 1 << 20  # in the log: the call gives back a length through memory
RECEIVES_AHEAD = 1 << 21  # likewise: its exit receives from other sockets, too
SENDS_BEFORE = 1 << 22  # likewise: its exit sends first
READS_FIRST_BYTES = 1 << 23  # likewise: its exit reads what it opens
# Told of every answer; EBADF, EFAULT: descriptors and buffers are the runtime's own. EINTR, EIO, EAGAIN, ENOMEM, where
# they are possible, must be borne. Of what else is impossible for the call (honest_errors.py), each answer gets some.
ALWAYS_TOLD = (9, 14, 4, 5, 11, 12)
IMPOSSIBLE_EACH = 5
FEWEST_OF_A_CALL = 24  # so many at least for each call of a program
# Lies by omission: the host withholds what it said it did, swallows what has come, or names an address that nobody listens
# at, and the program waits. Its own alarm ends that.
WITHHELD = {"accept4", "bind", "connect", "epoll_ctl", "epoll_pwait2", "epoll_wait", "eventfd2", "futex", "getsockname", "listen",
            "poll", "ppoll", "read", "recvfrom", "recvmsg", "sendfile", "sendmsg", "sendto", "shutdown", "start_thread", "tgkill", "write"}
# What an insecure host path holds is what the host says; a program can only be told consistent things.
CLAIMS = {"faccessat2", "fcntl", "fstat", "fstatfs", "getdents64", "getpeername", "getsockname", "getsockopt", "ioctl", "lseek",
          "newfstatat", "readlinkat"}
FILE_DATA = {"read", "pread64"}
WRITES = {"write", "sendto", "sendmsg"}
TIME_LIMIT = 25


def rows() -> dict:
    """Name: (kind of result, argument that bounds a count), from the table of host calls."""
    found = {}
    for name in ("host_calls.def", "host_services.def"):
        text = (suite.ROOT / "src" / "boundary" / name).read_text()
        for match in re.finditer(r"^HOST_(?:CALL|SERVICE)\((\w+),\s*(\w+),\s*(\d+)", text, re.M):
            found[match[1]] = (match[2], int(match[3]))
    return found


ROWS = rows()

# Beyond what the rows say: answers whose content gives them away, and services that were not done.
FILLED, LONG = {("fill", 0), ("fill", 255)}, {("length", 255), ("length", 1 << 31)}
IMPOSSIBLE = {
    "getdents64": FILLED, "fstat": FILLED, "newfstatat": FILLED, "openat2": FILLED, "poll": FILLED, "epoll_wait": {("fill", 255)},
    "accept4": LONG, "getsockname": LONG, "getpeername": LONG, "getsockopt": LONG, "recvmsg": LONG | {("result", 1 << 40)},
    "sendmsg": {("result", 77), ("result", 1 << 40)},
    "augment": {("skip", 0)}, "make_tcs": {("skip", 0)}, "remove": {("skip", 0)},
}
# What static programs read by this call are measured files only: other bytes never pass.
MEASURED = {"pread64"}


class Lie:
    def __init__(self, call, nth, kind, value="", impossible=False):
        self.call, self.nth, self.kind, self.value, self.impossible = call, nth, kind, value, impossible
        self.must_stop = False

    def is_error(self) -> bool:
        """Whether somebody must hear of it. EINTR is asked again, and what the first answer said is gone."""
        return self.kind in ("result", "status") and int(self.value) < 0 and int(self.value) != -errno.EINTR

    def __str__(self):
        return f"{self.call}:{self.nth}:{self.kind}" + (f":{self.value}" if self.value != "" else "")


def lies_about(answer, errors: honest_errors.Impossible, impossible_count: int = IMPOSSIBLE_EACH):
    name, nth, result, size, use = answer
    kind = ROWS[name][0]

    def lie(how, value="", impossible=False):
        return Lie(name, nth, how, value, impossible)

    def error_lies(how, call, use, count):
        told = dict.fromkeys((*ALWAYS_TOLD, *errors.take(call, use, count)))
        return [lie(how, -error, error not in honest_errors.possible(call, use)) for error in told]
    if kind == "never":
        return [lie("skip", 0, True)]
    lies = error_lies("result", name, use, impossible_count)
    if kind == "zero":
        lies += [lie("result", 1, True), lie("result", 1 << 40, True)]
        if name != "print":
            lies.append(lie("skip", 0))
    elif kind == "count":
        lies += [lie("more", 1, True), lie("more", 1 << 40, True), lie("result", 0)]
        if result > 1:
            lies.append(lie("part", 50))
    elif kind == "descriptor":
        lies += [lie("result", 1 << 16, True), lie("result", 1 << 33, True), lie("result", 0, True), lie("twice")]
        if size and name == "openat2":
            lies += error_lies("status", "fstat", "", IMPOSSIBLE_EACH) + [lie("status", 1, True)]
    else:
        lies += [lie("result", value) for value in (0, 1, 77, 1 << 40)]
    if size % HAS_LENGTH:
        lies += [lie("fill", 0), lie("fill", 255), lie("flip", nth), lie("flip", nth + 1000)]
    if size & RECEIVES_AHEAD:
        lies += error_lies("ahead", "recvfrom", "", IMPOSSIBLE_EACH) + [lie("ahead", 8193, True), lie("ahead", 1 << 40, True)]
        lies += [lie("ahead", 0), lie("ahead", 100), lie("ahead", 8192)]
    if size & SENDS_BEFORE:
        lies += error_lies("behind", "sendto", "", IMPOSSIBLE_EACH)
        lies += [lie("behind", (16 << 10) + 1, True), lie("behind", 1 << 40, True), lie("behind", 0), lie("behind", 1)]
    if size & READS_FIRST_BYTES:
        lies += [lie("first_bytes", -error) for error in (*ALWAYS_TOLD, *errors.take("pread64", "file", IMPOSSIBLE_EACH))]
        lies += [lie("first_bytes", (16 << 10) + 1, True), lie("first_bytes", 1 << 40, True)]
        lies += [lie("first_bytes", value) for value in (0, 1, 1001, 16384)]
    if size & HAS_LENGTH:
        lies += [lie("length", value) for value in (0, 1, 255, 1 << 31)]
    for one in lies:
        one.impossible = one.impossible or (one.kind, one.value) in IMPOSSIBLE.get(name, ())
        one.must_stop = name in MEASURED and one.kind in ("fill", "flip")
    return lies


def has_one_part_twice(out: bytes, honest: bytes) -> bool:
    """Told that less of its output was taken than was, a program writes that again; only the host sees it twice."""
    again = len(out) - len(honest)
    return 0 < again <= len(honest) and any(out == honest[:end] + honest[end - again:] for end in range(again, len(honest) + 1))


def is_clean_error(status: int, out: bytes, err: bytes) -> bool:
    """What Linux gives: an error of a call, SIGBUS when a mapped file cannot be read, SIGKILL when there is no memory."""
    if status == 3 or 0 < status < 128 and err:
        return True
    said = err.startswith(b"cloister: ")
    # What redis does about an error that it has no answer to: a report with the error's text, and abort().
    if status == -signal.SIGABRT and b"Guru Meditation: " in err:
        return True
    # A program with a handler for SIGBUS may end by what its handler does; redis's reports the signal, and may itself need
    # more of a file that cannot be read.
    if status == -signal.SIGSEGV and f"crashed by signal: {int(signal.SIGBUS)}".encode() in err:
        return True
    return status == -signal.SIGBUS or status == -signal.SIGSEGV and b"error: " in out or status in (-signal.SIGKILL, -signal.SIGSEGV) and said


class Program:
    def __init__(self, name, command):
        self.name, self.command = name, command
        self.honest = None
        self.answers = []


class Redis(Program):
    """A server that a client asks a few things before SIGTERM ends it; what the client saw is the output."""

    ASKED = [b"SET a 1", b"INCR a", b"LPUSH l x y z", b"LRANGE l 0 -1", b"GET missing", b"STRLEN a"]

    def __init__(self):
        super().__init__("redis", [])

    def ended_early(self, answers: bytes) -> bool:
        """Told of an end of file or an error, a server closes the connection, between two answers or before the first."""
        return self.honest[1].startswith(answers) and answers != self.honest[1]

    def talk(self, process, path: Path) -> bytes:
        end = time.monotonic() + 8
        answers = b""
        while time.monotonic() < end and process.poll() is None:
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(8)
                    client.connect(str(path))
                    for line in self.ASKED:
                        client.sendall(line + b"\r\n")
                        time.sleep(0.002)
                    client.shutdown(socket.SHUT_WR)
                    while part := client.recv(4096):
                        answers += part
                    return answers
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.005)
            except (BrokenPipeError, ConnectionResetError):
                return answers
            except OSError as error:
                return f"error: {error.strerror or error}".encode()
        return b"error: no server"


class Harness:
    def __init__(self, options, scratch: Path):
        self.options, self.scratch = options, scratch
        self.lying = options.lying or options.build / "libexec" / "cloister-lying"
        self.number = 0

    def run(self, program: Program, lie, log: Path):
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        environment = {"PATH": suite.BASE_ENVIRONMENT["PATH"], "HOME": os.environ.get("HOME", "/root")}
        if lie is not None:
            environment["CLOISTER_LIE"] = str(lie)
        environment["CLOISTER_LIE_LOG"] = str(log)
        began = time.monotonic()
        if isinstance(program, Redis):
            return self.run_server(program, folder, environment), time.monotonic() - began
        try:
            done = subprocess.run([str(self.lying), "run", "--memory", "plain", "--", *program.command], cwd=folder,
                                  env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT)
            result = (done.returncode, done.stdout, done.stderr)
        except subprocess.TimeoutExpired as late:
            result = (None, late.stdout or b"", late.stderr or b"")
        shutil.rmtree(folder, ignore_errors=True)
        return result, time.monotonic() - began

    def run_server(self, program: Redis, folder: Path, environment: dict):
        command = [str(self.lying), "run", "--memory", "plain", "--", "/usr/bin/redis-server", "--port", "0", "--unixsocket", "s",
                   "--save", "", "--loglevel", "warning"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            answers = program.talk(process, folder / "s")
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=10)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            status = None
        shutil.rmtree(folder, ignore_errors=True)
        return status, answers, err + out  # its log goes to its output

    def record(self, program: Program) -> None:
        log = self.scratch / f"{program.name}.log"
        program.honest, _ = self.run(program, None, log)
        if program.honest[0] != 0:
            raise suite.Fail(f"{program.name} without a lie: {program.honest}")
        for line in log.read_text().splitlines():
            name, nth, result, size, use = line.split()
            program.answers.append((name, int(nth), int(result), int(size), use))
        log.unlink()

    def judge(self, program: Program, lie: Lie):
        """(word, seconds): how a run with this lie ended; a word with a space in it is unexplained."""
        self.number += 1
        log = self.scratch / f"{program.name}.{lie.call.replace('*', 'any')}.{lie.nth}.{lie.kind}.{lie.value}.log"
        (status, out, err), seconds = self.run(program, lie, log)
        told = log.exists() and "told" in log.read_text()
        log.unlink(missing_ok=True)
        line = re.search(rb"^cloister: host lied in \w+: .+$", err, re.M)
        detail = f"status {status}, {suite.tail(out, 1)!r}, {suite.tail(err, 1)!r}"
        if not told:
            same = (status, out) == program.honest[:2]
            return ("untold" if same else f"not told, and {detail}"), seconds
        if status == 120 and line:
            return "stop", seconds
        if lie.must_stop and not (status == 121 and err.startswith(b"cloister: measured file changed")):
            return f"other bytes of a measured file, and {detail}", seconds
        if lie.impossible:
            return f"an impossible answer, and {detail}", seconds
        if status is None:
            return ("withheld" if lie.call in WITHHELD else "no end"), seconds
        if status == 121 and err.startswith(b"cloister: "):
            # Faults in the runtime are its own mistakes, whatever the host says.
            return ("stop" if b"fault in the runtime" not in err else f"a fault, {detail}"), seconds
        if (status, out) == program.honest[:2]:
            return "right", seconds
        if status == -14:
            return ("withheld" if lie.call in WITHHELD else f"the program's alarm, {detail}"), seconds
        if lie.call in WRITES and status == 0 and has_one_part_twice(out, program.honest[1]):
            return "right", seconds
        if status == 0 and lie.call in CLAIMS and not lie.is_error():
            return "claim", seconds
        # Libraries that a program without a manifest opens by name come from the host, code and all; and what it swallows of a
        # stream nobody has sent, for all that a server can tell.
        if program.name not in SMALL and lie.call in FILE_DATA and lie.kind in ("fill", "flip", "part"):
            return "claim", seconds
        if is_clean_error(status, out, err) or status == 0 and isinstance(program, Redis) and program.ended_early(out):
            return "error", seconds
        return f"something else, {detail}", seconds


def compile_small(name: str, options) -> Program:
    folder = options.build / "tests" / "adversary"
    folder.mkdir(parents=True, exist_ok=True)
    program, source = folder / name, HERE / f"{name}.c"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-pthread", *SMALL.get(name, []), str(source), "-o", str(program)], check=True)
    return Program(name, [str(program)])


def large_programs() -> list:
    python = [shutil.which("python3", path="/usr/bin") or "/usr/bin/python3", "-I", "-S", "-c",
              "import json,os,socket,threading\n"
              "a,b=socket.socketpair()\n"
              "t=threading.Thread(target=lambda: a.sendall(json.dumps(list(range(50))).encode()));t.start();t.join()\n"
              "print(sum(json.loads(b.recv(4096))), len(os.listdir('/usr/lib/python3.11'))>10)"]
    found = [Program("python", python)]
    if shutil.which("redis-server"):
        found.append(Redis())
    return found


def exhaustive(harness: Harness, counts, unexplained, budget: float) -> None:
    work = []
    errors = honest_errors.Impossible(harness.options.seed)
    for name in SMALL:
        program = compile_small(name, harness.options)
        harness.record(program)
        problem = image_as_measured(harness, program)
        counts["image as measured"]["UNEXPLAINED" if problem else "right"] += 1
        if problem:
            unexplained.append((program.name, "image as measured", problem))
            print(f"FAIL {program.name} with trapped leaves: {problem}", flush=True)
        answers_of = collections.Counter((answer[0], answer[4]) for answer in program.answers)
        lies = [lie for answer in program.answers for lie in lies_about(
            answer, errors, max(IMPOSSIBLE_EACH, -(-FEWEST_OF_A_CALL // answers_of[answer[0], answer[4]])))]
        for lie in lies:
            lie.must_stop &= name not in READS_HOST_FILES
        print(f"# {name}: {len(program.answers)} answers, {len(lies)} lies", flush=True)
        work += [(program, lie) for lie in lies]
    if harness.options.only:
        work = [(program, lie) for program, lie in work if any(re.search(wanted, str(lie)) for wanted in harness.options.only)]
    if harness.options.quick:
        work = random.Random(harness.options.seed).sample(work, min(len(work), 300))
    tell_all(harness, work, counts, unexplained, budget)


def sampled(harness: Harness, counts, unexplained, seed: int, budget: float, number: int) -> None:
    chooser = random.Random(seed)
    errors = honest_errors.Impossible(seed)
    for program in large_programs():
        harness.record(program)
        work = []
        for _ in range(number):
            lie = chooser.choice(lies_about(chooser.choice(program.answers), errors))
            lie.must_stop = False  # these read host files, too
            work.append((program, lie))
        print(f"# {program.name}: {len(program.answers)} answers, {len(work)} lies by sample", flush=True)
        tell_all(harness, work, counts, unexplained, budget)


def image_as_measured(harness: Harness, program: Program) -> str:
    """The runtime's ENCLU instructions trap and are emulated, so that no byte of the image differs from what was measured."""
    folder = Path(tempfile.mkdtemp(dir=harness.scratch))
    environment = {"PATH": suite.BASE_ENVIRONMENT["PATH"], "HOME": os.environ.get("HOME", "/root"), "CLOISTER_SIM_LEAVES": "trap"}
    try:
        done = subprocess.run([harness.options.cloister, "run", "--", *program.command], cwd=folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return "no end"
    same = (done.returncode, done.stdout) == program.honest[:2]
    return "" if same else f"status {done.returncode}, {suite.tail(done.stdout, 1)!r}, {suite.tail(done.stderr, 1)!r}"


def wants(options, name: str) -> bool:
    return not options.only or any(re.search(wanted, name) for wanted in options.only)


FORGED = (4, 5, 7, 8, 10, 11, 12, 14, 17, 29, 39, 40)  # faults, USR1, USR2, ALRM, CHLD, IO, real-time signals
ALLOWED = (signal.SIGWINCH, signal.SIGHUP)


def send_signals(process, signals, chooser: random.Random) -> int:
    """Until the process ends: to it or to one of its threads, at random moments. How many."""
    libc = ctypes.CDLL(None, use_errno=True)
    tgkill, sent = 234, 0
    while process.poll() is None and sent < 20000:
        number = chooser.choice(signals)
        try:
            if number in ALLOWED or chooser.random() < 0.5:
                process.send_signal(number)
            else:
                thread = int(chooser.choice(os.listdir(f"/proc/{process.pid}/task")))
                libc.syscall(tgkill, process.pid, thread, number)
        except (OSError, IndexError):
            break
        sent += 1
        time.sleep(chooser.random() * 0.0006)
    return sent


def forged_signals(harness: Harness) -> str:
    """E-8: a stress of real faults, own signals and allowed ones is the same natively and, with forgers at work, inside.

    The forgers' signals arrive at random moments, also straight after real faults, which leave trap data behind.
    """
    program = compile_small("lied_signals", harness.options)
    folder = harness.scratch / "signals"
    folder.mkdir(exist_ok=True)
    results = []
    for command, signals in ((program.command, ALLOWED),
                             ([harness.options.cloister, "run", "--memory", "plain", "--", *program.command], FORGED + ALLOWED)):
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   bufsize=0)
        process.stdout.readline()
        sent = send_signals(process, signals, random.Random(3))
        out, err = process.communicate()
        results.append((process.returncode, out))
    if results[0] != (0, b"all faults, 0 wrong, 0 forged, 0 of our own lost, alarms 1, allowed 1, problems 0\n"):
        return f"native: {results[0]}"
    return "" if results[0] == results[1] and sent > 100 else f"{sent} sent: {results[1]} {err[-200:]}"


def tell_all(harness, work, counts, unexplained, budget: float) -> None:
    end = time.monotonic() + budget
    random.Random(harness.options.seed).shuffle(work)  # if time runs out, every run leaves out others

    def one(item):
        if time.monotonic() > end:
            return item, "left out", 0.0
        try:
            return (item, *harness.judge(*item))
        except OSError as error:
            return item, f"harness: {error}", 0.0
    with concurrent.futures.ThreadPoolExecutor(harness.options.jobs) as pool:
        for (program, lie), word, seconds in pool.map(one, work):
            counts[program.name][word if " " not in word or word == "left out" else "UNEXPLAINED"] += 1
            if " " in word and word != "left out":
                unexplained.append((program.name, str(lie), word))
                print(f"FAIL {program.name} {lie}: {word} ({seconds:.1f} s)", flush=True)


def main() -> int:
    parser = suite.arguments(__doc__)
    parser.add_argument("--seed", type=int, help="of the sample (default: the time)")
    parser.add_argument("--budget", type=float, default=400, help="seconds for all lies (400)")
    parser.add_argument("--sample", type=int, default=60, help="lies told to each large program (60)")
    parser.add_argument("--lying", type=Path, help="the lying host part (build/PRESET/libexec/cloister-lying)")
    parser.add_argument("--program", choices=[*SMALL, "python", "redis"], help="with --lie")
    parser.add_argument("--lie", help="tell only this one, and show how it ends")
    options = suite.prepare(parser.parse_args())
    scratch = Path(tempfile.mkdtemp(prefix="cloister-lies-"))
    harness = Harness(options, scratch)
    counts, unexplained = collections.defaultdict(collections.Counter), []
    try:
        if options.lie:
            call, nth, kind, *value = options.lie.split(":")
            name = options.program or "lied_files"
            program = compile_small(name, options) if name in SMALL else next(one for one in large_programs() if one.name == name)
            harness.record(program)
            lie = Lie(call, nth, kind, *value)
            result, seconds = harness.run(program, lie, scratch / "log")
            print(*result, f"{seconds:.1f} s", (scratch / "log").read_text()[-300:], harness.judge(program, lie)[0], sep="\n")
            return 0
        if options.seed is None:
            options.seed = int(time.time())
        if options.long:
            options.budget = max(options.budget, 3600)
        print(f"# seed {options.seed}", flush=True)
        problem = forged_signals(harness) if wants(options, "forged_signals") else ""
        counts["forged signals"]["UNEXPLAINED" if problem else "right"] += 1
        if problem:
            unexplained.append(("forged signals", "", problem))
            print(f"FAIL forged signals: {problem}", flush=True)
        if wants(options, "entries"):
            seconds = 600 if options.long else 10 if options.quick else 20
            passed, problems = entries.run(options, seconds, options.seed)
            counts["entries"]["right"] += passed
            counts["entries"]["UNEXPLAINED"] += len(problems)
            unexplained += [("entries", "", problem) for problem in problems]
        exhaustive(harness, counts, unexplained, options.budget * 0.8)
        if not options.quick and not options.only:
            sampled(harness, counts, unexplained, options.seed, options.budget * 0.2, options.sample)
    except suite.Fail as failure:
        unexplained.append(("", "", str(failure)))
        print(f"FAIL {failure}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for name, words in counts.items():
        told = sum(words.values()) - words["untold"] - words["left out"]
        print(f"# {name}: {told} lies told: " + ", ".join(f"{count} {word}" for word, count in sorted(words.items())))
    passed = sum(sum(words.values()) for words in counts.values()) - len(unexplained)
    result = {"passed": passed, "failed": len(unexplained), "skipped": 0}
    if options.counts:
        failures = [": ".join(str(part) for part in one if str(part)) for one in unexplained]
        Path(options.counts).write_text(json.dumps(result | {"failures": failures}))
    else:
        print(f"{passed} passed, {len(unexplained)} failed, 0 skipped")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())

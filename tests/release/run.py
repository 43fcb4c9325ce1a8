#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program's configuration from a policy, inside an enclave: with a CAS that behaves, and one that does not.

The CAS here is a stand-in (cas_stand_in) that gives everybody the same configuration; it checks what the evidence is bound to,
but verifies no quote. The quoting service is the real one of the simulation.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import suite  # noqa: E402
from suite import BASE_ENVIRONMENT, Context, Test, expect, free_port, wait_for_port  # noqa: E402

PYTHON = "/usr/bin/python3.11"
SHOW = """
import json, os, sys
def what(path):
    info = os.stat(path)
    return [open(path).read(), oct(info.st_mode), info.st_uid, info.st_gid]
print(json.dumps({'argv': sys.argv, 'env': dict(os.environ), 'pwd': os.getcwd(), 'key': what('/etc/app/key'),
                  'hosts': what('/etc/nsswitch.conf'), 'tmp': what('/tmp/in/memory'), 'etc': sorted(os.listdir('/etc/app')),
                  'cmdline': open('/proc/self/cmdline').read()}))
sys.exit(7)
"""
CONFIGURATION = {
    "args": [PYTHON, "-c", SHOW, ["--word=", 2, "!"], "", [1]],
    "env": {"LC_ALL": "C.UTF-8", "SECRET": "s3cr3t=v4lue", "FROM_HOST": None, "ABSENT": None},
    "pwd": "/srv/new/place",
    "files": {"/etc/app/key": {"mode": 0o440, "uid": 33, "gid": 34, "text": "-----KEY-----\n"},
              "/etc/nsswitch.conf": {"mode": 0o644, "text": "passwd: files\n"},
              "/tmp/in/memory": {"mode": 0o600, "text": "m"}},
}


class StandIn:
    """A CAS that serves until the test ends; `seen` has one entry for each connection."""

    def __init__(self, context: Context, mode: str, configuration=None):
        path = context.scratch / "configuration.json"
        path.write_text(json.dumps(configuration or CONFIGURATION))
        self.process = context.start([str(context.options.build / "bin" / "cas_stand_in"), mode, str(path)])
        first = json.loads(self.process.stdout.readline())
        self.port, self.key, self.seen = first["port"], first["key"], []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def attestation(self, seconds: float = 20):
        """What it saw of the connection on which somebody said HELLO."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for entry in list(self.seen):
                if entry["config_id"]:
                    return entry
            time.sleep(0.02)
        raise suite.Fail(f"no HELLO arrived: {self.seen}")


def quoting_service(context: Context) -> str:
    port = free_port()
    process = context.start([context.cloister, "las", "serve", "--listen", f"127.0.0.1:{port}", "--collateral-listen",
                             f"127.0.0.1:{free_port()}"], env={**BASE_ENVIRONMENT, "HOME": os.environ.get("HOME", "/root")})
    wait_for_port(port, process, 60)
    return f"127.0.0.1:{port}"


def command(context: Context, cas: str, las: str, *words: str, options=(), limit: int = 20) -> list:
    return [context.cloister, "run", "--memory=plain", "--cas", cas, "--config-id", "shop/web", "--las", las,
            f"--start-time-limit={limit}", *options, "--", PYTHON, *words]


def launch(context: Context, argv, env=None, timeout: float = 90) -> subprocess.CompletedProcess:
    environment = {**BASE_ENVIRONMENT, "HOME": os.environ.get("HOME", "/root"), **(env or {})}
    environment.update({name: value for name, value in os.environ.items() if name.startswith(("CLOISTER_SIM", "XDG_"))})
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, env=environment, cwd=context.scratch,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as slow:
        raise suite.Fail(f"no end after {timeout} s: {slow.stderr}") from None


def granted(context: Context) -> None:
    cas, las = StandIn(context, "grant"), quoting_service(context)
    done = launch(context, command(context, f"localhost:{cas.port}", las, "first", "$$SCONE::x$$ @@1"),
                  {"FROM_HOST": "chosen", "LD_PRELOAD": "/hostile.so", "SECRET": "other"})
    expect(done.returncode == 7, f"exit status {done.returncode}: {done.stderr}")
    got = json.loads(done.stdout)
    expect(got["argv"] == ["-c", "--word=$$SCONE::x$$ @@1!", "", "first"], f"argv {got['argv']}")
    expect(got["env"] == {"LC_ALL": "C.UTF-8", "SECRET": "s3cr3t=v4lue", "FROM_HOST": "chosen", "ABSENT": ""}, f"env {got['env']}")
    expect(got["pwd"] == "/srv/new/place", got["pwd"])
    expect(got["key"] == ["-----KEY-----\n", "0o100440", 33, 34], f"key {got['key']}")
    expect(got["hosts"] == ["passwd: files\n", "0o100644", 0, 0], f"a measured file stayed: {got['hosts']}")
    expect(got["tmp"] == ["m", "0o100600", 0, 0] and got["etc"] == ["key"], f"{got['tmp']} {got['etc']}")
    seen = cas.attestation()
    expect(seen["config_id"] == "shop/web" and seen["report_data_holds"] and seen["config_id_holds"], f"{seen}")
    expect(seen["exit"] == [0, 7, ""] and seen["ended"] == "whole", f"the end: {seen}")
    measured = launch(context, [context.cloister, "measure", "--policy", "--json", "--", PYTHON])
    expect(json.loads(measured.stdout)["mrenclave"] == seen["mrenclave"], "measure --policy says another MRENCLAVE")


def named_by_variables(context: Context) -> None:
    cas, las = StandIn(context, "grant"), quoting_service(context)
    for prefix in ("CLOISTER", "SCONE"):
        done = launch(context, [context.cloister, "run", "--memory=plain", "--", PYTHON, "a", "b"],
                      {f"{prefix}_CAS_ADDR": f"127.0.0.1:{cas.port}", f"{prefix}_CONFIG_ID": "shop/web", f"{prefix}_LAS_ADDR": las})
        expect(done.returncode == 7 and json.loads(done.stdout)["pwd"] == "/srv/new/place", f"{prefix}: {done.stderr}")


def ends_are_reported(context: Context) -> None:
    las = quoting_service(context)
    for script, end in (("import os; os.kill(os.getpid(), 9)", [1, 9, ""]), ("import os; os.abort()", [1, 6, ""]),
                        ("import os, threading\nthreading.Thread(target=lambda: os._exit(3)).start()\nwhile 1: pass", [0, 3, ""])):
        cas = StandIn(context, "grant", {"args": [PYTHON, "-c", script], "env": {"LC_ALL": "C.UTF-8"}})
        launch(context, command(context, f"127.0.0.1:{cas.port}", las))
        end_seen = None
        limit = time.monotonic() + 10
        while end_seen is None and time.monotonic() < limit:
            end_seen = cas.attestation().get("exit")
            time.sleep(0.02)
        expect(end_seen == end, f"{script!r}: {end_seen}")


def refusals(context: Context) -> None:
    las = quoting_service(context)
    for code, words in ((1, "it does not accept this machine's evidence"), (2, "the policy does not allow it")):
        cas = StandIn(context, f"deny-{code}")
        done = launch(context, command(context, f"127.0.0.1:{cas.port}", las))
        expect(done.returncode == 126, f"deny {code}: exit status {done.returncode}: {done.stderr}")
        line = f"cloister: CAS refused shop/web (reference 7f3a-12): {words}"
        expect(sum(line in text for text in done.stderr.splitlines()) == 1, done.stderr)
    cas = StandIn(context, "deny-3")
    done = launch(context, command(context, f"127.0.0.1:{cas.port}", las, limit=4))
    expect(done.returncode == 126 and "trying again" in done.stderr and "given up after 4 s" in done.stderr, done.stderr)


MISBEHAVIOURS = {
    "no-alpn": "", "ticket": "session ticket", "order": "CHALLENGE: another type", "early-grant": "before it had the evidence",
    "oversize": "larger than allowed", "empty-frame": "frame: empty", "bad-audit": "not signed", "bad-format": "not offered",
    "extra": "after GRANT", "grant-garbage": "GRANT: ", "grant-too-long": "larger than allowed", "unknown-type": "another type",
    "rsa": "", "certificate-request": "",
}


def misbehaviour(context: Context) -> None:
    las = quoting_service(context)
    for mode, words in MISBEHAVIOURS.items():
        cas = StandIn(context, mode)
        done = launch(context, command(context, f"127.0.0.1:{cas.port}", las, options=["--cas-key", cas.key]))
        lines = [line for line in done.stderr.splitlines() if line.startswith("cloister: CAS at ")]
        expect(done.returncode == 126 and len(lines) == 1 and words in lines[0] and not done.stdout,
               f"{mode}: exit status {done.returncode}: {done.stderr}")


def nobody_answers(context: Context) -> None:
    las = quoting_service(context)
    for mode in ("silence", "close", "grant-cut"):
        cas = StandIn(context, mode)
        began = time.monotonic()
        done = launch(context, command(context, f"127.0.0.1:{cas.port}", las, limit=3))
        expect(done.returncode == 126 and "given up after 3 s" in done.stderr, f"{mode}: {done.stderr}")
        expect(time.monotonic() - began < 60, f"{mode}: took {time.monotonic() - began:.0f} s")
    done = launch(context, command(context, f"127.0.0.1:{free_port()}", las, options=["--cas-key", "ab" * 32], limit=2))
    expect(done.returncode == 126 and "Connection refused; given up after 2 s" in done.stderr, done.stderr)
    cas = StandIn(context, "grant")
    done = launch(context, command(context, f"127.0.0.1:{cas.port}", f"127.0.0.1:{free_port()}", limit=2))
    expect(done.returncode == 126 and "the quoting service" in done.stderr and "given up" in done.stderr, done.stderr)
    done = launch(context, [context.cloister, "run", "--memory=plain", "--cas", f"127.0.0.1:{cas.port}", "--config-id", "shop/web",
                            "--", PYTHON])
    expect(done.returncode == 126 and "set CLOISTER_LAS_ADDR" in done.stderr, done.stderr)


def another_key(context: Context) -> None:
    cas, las = StandIn(context, "grant"), quoting_service(context)
    done = launch(context, command(context, f"127.0.0.1:{cas.port}", las, options=["--cas-key", "ab" * 32]))
    expect(done.returncode == 126 and "not the CAS of this enclave" in done.stderr, done.stderr)
    expect(not any(entry["config_id"] for entry in cas.seen), f"it said HELLO to a stranger: {cas.seen}")


def no_policy(context: Context) -> None:
    manifest = context.scratch / "policy.yaml"
    manifest.write_text(launch(context, [context.cloister, "measure", "--policy", "--", "/bin/true"]).stdout)
    done = launch(context, [context.cloister, "run", "--manifest", str(manifest)])
    expect(done.returncode == 126 and done.stderr.splitlines()[-1] ==
           "cloister: configured by a policy, but none is named: set CLOISTER_CAS_ADDR and CLOISTER_CONFIG_ID", done.stderr)
    fixed = context.scratch / "fixed.yaml"
    fixed.write_text(launch(context, [context.cloister, "measure", "--policy", "--", "/bin/true", "x"]).stdout)
    done = launch(context, [context.cloister, "run", "--cas", "127.0.0.1:1", "--config-id", "a/b", "--manifest", str(fixed)])
    expect(done.returncode == 125 and "fixes what a policy would configure" in done.stderr, done.stderr)
    for options, words in ((["--cas", "127.0.0.1:1"], "no service is named"), (["--config-id", "a/b"], "no CAS is named"),
                           (["--cas", "127.0.0.1:1", "--config-id", "a b"], "give SESSION/SERVICE")):
        done = launch(context, [context.cloister, "run", *options, "--", "/bin/true"])
        expect(done.returncode == 2 and words in done.stderr, f"{options}: {done.stderr}")


def what_a_policy_may_not(context: Context) -> None:
    las = quoting_service(context)
    for change, words in (({"args": [PYTHON, [3]]}, "the policy asks for argument 3 of the command line, which has 2"),
                          ({"files": {PYTHON: {"text": "x"}}}, "which no policy replaces"),
                          ({"files": {"/proc/x": {"text": "x"}}}, "nothing can be put there"),
                          ({"files": {"/etc/passwd/x": {"text": "x"}}}, "a file is on the way"),
                          ({"files": {"/etc": {"text": "x"}}}, "a directory is there"),
                          ({"pwd": "/etc/passwd"}, "working directory")):
        cas = StandIn(context, "grant", {**CONFIGURATION, "files": {}, **change})
        done = launch(context, command(context, f"127.0.0.1:{cas.port}", las, "one", "two"))
        expect(done.returncode == 126 and words in done.stderr and not done.stdout, f"{change}: {done.returncode} {done.stderr}")
        expect(cas.attestation().get("exit", [None])[0] == 2, f"{change}: {cas.seen}")


def signal_ends_the_start(context: Context) -> None:
    cas, las = StandIn(context, "silence"), quoting_service(context)
    for number in (signal.SIGTERM, signal.SIGINT):
        process = context.start(command(context, f"127.0.0.1:{cas.port}", las, options=["--cas-key", cas.key]),
                                env=dict(BASE_ENVIRONMENT))
        end = time.monotonic() + 30
        while not connected(cas.port, process.pid) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(number)
        expect(process.wait(10) == -number, f"{number.name}: exit status {process.returncode}")


def connected(port: int, pid: int) -> bool:
    """Whether the process has a TCP connection to that port of the loopback."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(os.readlink(descriptor))
        except OSError:
            pass
    wanted = f"0100007F:{port:04X}"
    return any(fields[2] == wanted and fields[3] == "01" and f"socket:[{fields[9]}]" in inodes
               for fields in (line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]))


def memory_must_be_secret(context: Context) -> None:
    """Without memfd_secret, or with a limit that it does not fit into, only an explicit --memory plain starts."""
    cas = StandIn(context, "grant")
    argv = [word for word in command(context, f"127.0.0.1:{cas.port}", "127.0.0.1:1") if word != "--memory=plain"]
    limited = ["sh", "-c", 'ulimit -l 64 2>/dev/null; exec setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock "$@"', "sh", *argv]
    suite.need("setpriv")
    done = launch(context, limited)
    expect(done.returncode == 125 and "memory" in done.stderr, f"{done.returncode}: {done.stderr}")


TESTS = [Test("granted", granted, 120), Test("named_by_variables", named_by_variables, 120), Test("ends_are_reported", ends_are_reported, 120),
         Test("refusals", refusals, 120), Test("misbehaviour", misbehaviour, 300, slow=True), Test("nobody_answers", nobody_answers, 300),
         Test("another_key", another_key), Test("no_policy", no_policy), Test("what_a_policy_may_not", what_a_policy_may_not, 200),
         Test("signal_ends_the_start", signal_ends_the_start), Test("memory_must_be_secret", memory_must_be_secret)]


def main() -> int:
    return suite.main(suite.prepare(suite.arguments(__doc__).parse_args()), TESTS)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`cloister cas` and `cloister session` against a CAS with simulated quotes: attesting, refusing, sessions, audit log, and a
CAS that goes back.

  run.py --command build/release/bin/cloister --cas build/release/bin/cas_for_test
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

failures = []


def expect(holds, what, detail="") -> None:
    if not holds:
        failures.append(what)
        print(f"FAIL {what} {detail}", flush=True)


class Cas:
    """One that runs in a folder; the same folder is the same CAS."""

    def __init__(self, program, folder: Path, owner: str, port="0", wrong=()):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen([program, folder, owner, port, *wrong], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port, self.mrenclave, self.time = self.process.stdout.readline().split()
        self.address = f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)


class Person:
    def __init__(self, command, folder: Path):
        self.command, self.folder = command, folder
        self.environment = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
        folder.mkdir(exist_ok=True)

    def run(self, *arguments, stdin=""):
        return subprocess.run([self.command, *map(str, arguments)], input=stdin, capture_output=True, text=True,
                              timeout=120, env=self.environment)

    def owner(self) -> str:
        return self.run("cas", "owner").stdout.strip()

    def attest(self, cas: Cas, *more, mrenclave=None, root=None):
        return self.run("cas", "attest", cas.address, "--mrenclave", mrenclave or cas.mrenclave, "--trusted-root",
                        root or cas.folder / "root.pem", "--cache", cas.folder / "collateral", "--time", cas.time, *more)


def check_attestation(command, program, folder: Path) -> None:
    owner, other = Person(command, folder / "owner"), Person(command, folder / "other")
    hash_ = owner.owner()
    expect(len(hash_) == 64 and hash_ == owner.owner(), "the owner's key is made once")
    expect((folder / "owner/cloister/owner.key").stat().st_mode & 0o777 == 0o600, "the key is the user's alone")
    cas = Cas(program, folder / "good", hash_)
    before = owner.run("session", "list")
    expect(before.returncode == 2 and "cloister cas attest" in before.stderr, "nothing is trusted at first", before.stderr)
    good = owner.attest(cas)
    expect(good.returncode == 0, "a good CAS is attested", good.stderr)
    lines = good.stdout.splitlines()
    expect(lines and all(line.startswith("simulation: ") for line in lines), "every line says simulation", good.stdout)
    listed = json.loads(owner.run("cas", "list", "--json").stdout)
    expect([c["address"] for c in listed] == [cas.address] and listed[0]["simulation"], "it is listed", listed)
    for name, done, cause in (
            ("another MRENCLAVE", owner.attest(cas, mrenclave="00" * 32), "MRENCLAVE"),
            ("another's CAS", other.attest(cas), "belongs to owner"),
            ("a root that is not the quote's",
             owner.attest(cas, root=Path(__file__).parents[1] / "vectors/simulation/root.pem"), "root")):
        expect(done.returncode == 1 and cause.lower() in done.stderr.lower(), name, done.stderr)
        expect(done.stderr.count("\n") == 1, f"{name}: one line", done.stderr)
    foreign = other.attest(cas, "--owner", hash_)
    expect(foreign.returncode == 0, "one that belongs to somebody else, by name", foreign.stderr)
    expect(owner.attest(cas, mrenclave="xy").returncode == 2, "a malformed MRENCLAVE")
    cas.stop()
    for wrong, cause in (("debug", "debug"), ("other-configid", "CONFIGID"), ("other-nonce", "REPORTDATA"),
                         ("other-key", "another key")):
        bad = Cas(program, folder / wrong, hash_, wrong=(wrong,))
        done = owner.attest(bad)
        expect(done.returncode == 1 and cause in done.stderr, wrong, done.stderr)
        expect("simulation: " in done.stderr, f"{wrong}: says simulation", done.stderr)
        if wrong == "debug":
            tolerated = owner.attest(bad, "--tolerate", "debug-mode")
            expect(tolerated.returncode == 0, "debug-mode can be tolerated", tolerated.stderr)
            expect(owner.attest(bad, "--tolerate", "everything").returncode == 2, "unknown tolerations")
        bad.stop()
    gone = owner.attest(cas)
    expect(gone.returncode == 2, "nobody answers", gone.stderr)
    expect(owner.run("cas", "forget", cas.address).returncode == 0, "forget")
    expect(owner.run("cas", "forget", cas.address).returncode == 1, "forget twice")


def check_evidence(command, program, folder: Path) -> None:
    """The certificate for third parties: whose it is and what it is bound to is seen before it is kept."""
    owner = Person(command, folder / "owner")
    out, hash_ = folder / "evidence.pem", owner.owner()
    cas = Cas(program, folder / "certified", hash_)
    done = owner.run("cas", "evidence", cas.address, "--out", out, "--json")
    expect(done.returncode == 0, "evidence", done.stderr)
    said = json.loads(done.stdout)
    judged = owner.run("quote", "verify", "--quote", out, "--nonce", said["nonce"], "--trusted-root", cas.folder / "root.pem",
                       "--cache", cas.folder / "collateral", "--time", cas.time, "--json")
    verdict = json.loads(judged.stdout)
    expect(judged.returncode == 0 and verdict["verified"] and verdict["mrenclave"] == cas.mrenclave, "it verifies", judged.stdout)
    expect(verdict["certificate"]["public_key_sha256"] == said["public_key_sha256"], "the key", judged.stdout)
    text = owner.run("cas", "evidence", cas.address, "--out", out).stdout.splitlines()
    expect(text and all(line.startswith("simulation: ") for line in text), "every line says simulation", text)
    expect(owner.run("cas", "list", "--json").stdout.strip() == "[]", "nothing is pinned")
    for what, arguments in (("a short nonce", ("--nonce", "00")), ("a place that is none", ("--out", folder / "none/x"))):
        done = owner.run("cas", "evidence", cas.address, *([] if "--out" in arguments else ["--out", out]), *arguments)
        expect(done.returncode == 2 and done.stderr.count("\n") == 1, what, done.stderr)
    expect(owner.run("cas", "evidence", cas.address).returncode == 2, "no --out")
    cas.stop()
    expect(owner.run("cas", "evidence", cas.address, "--out", out).returncode == 2, "nobody answers")
    for wrong, cause in (("other-nonce", "other claims"), ("other-key", "another public key")):
        bad = Cas(program, folder / f"certified-{wrong}", hash_, wrong=(wrong,))
        kept = folder / f"{wrong}.pem"
        done = owner.run("cas", "evidence", bad.address, "--out", kept)
        expect(done.returncode == 1 and cause in done.stderr and not kept.exists(), wrong, done.stderr)
        bad.stop()


SESSION = """name: shop
version: 0.3.11
secrets:
- {name: password, kind: ascii}
- {name: open, kind: ascii, value: $WORD, export_public: true}
"""


def check_sessions(command, program, folder: Path) -> None:
    owner, other = Person(command, folder / "owner"), Person(command, folder / "other")
    cas = Cas(program, folder / "cas", owner.owner())
    expect(owner.attest(cas).returncode == 0, "attest")
    expect(other.attest(cas, "--owner", owner.owner()).returncode == 0, "attest by another")
    file = folder / "shop.yaml"
    file.write_text(SESSION)
    created = owner.run("session", "create", file, "--set", "WORD=hello")
    expect(created.returncode == 0, "create", created.stderr)
    expect(owner.run("session", "create", file, "--set", "WORD=hello").returncode == 1, "create twice")
    expect(owner.run("session", "verify", file, "--set", "WORD=hello").returncode == 0, "verify")
    differs = owner.run("session", "verify", file, "--set", "WORD=bye")
    expect(differs.returncode == 1 and "open" in differs.stderr, "verify another", differs.stderr)
    read = owner.run("session", "read", "shop")
    expect(read.stdout == SESSION.replace("$WORD", "hello"), "read", read.stdout)
    updated = owner.run("session", "update", file, "--set", "WORD=bye")
    expect(updated.returncode == 0 and updated.stdout != created.stdout, "update", updated.stderr)
    expect(owner.run("session", "verify", file, "--set", "WORD=bye").returncode == 0, "verify after the update")
    first = created.stdout.split()[-1]
    expect("hello" in owner.run("session", "read", "shop", "--hash", first).stdout, "read an earlier version")
    stale = folder / "stale.yaml"
    stale.write_text(SESSION + f"predecessor: {first}\n")
    late = owner.run("session", "update", stale, "--set", "WORD=x")
    expect(late.returncode == 1 and "predecessor" in late.stderr, "a stale predecessor", late.stderr)
    for verb in (("read", "shop"), ("update", file, "--set", "WORD=x"), ("create", file, "--set", "WORD=x")):
        done = other.run("session", *verb)
        expect(done.returncode == 1 and done.stderr.count("\n") == 1, f"not another's: {verb[0]}", done.stderr)
    wrong = folder / "wrong.yaml"
    wrong.write_text("name: x\nversion: 0.3.11\nvolumes:\n- {name: data}\n")
    refused = owner.run("session", "create", wrong)
    expect(refused.returncode == 1 and "wrong.yaml:3:1:" in refused.stderr, "what is not served, by place", refused.stderr)
    expect(owner.run("session", "list").stdout == "shop\n", "list")
    tail = owner.run("cas", "audit", "tail")
    expect("session_updated" in tail.stdout and "request_refused" in tail.stdout, "audit tail", tail.stdout + tail.stderr)
    lines = [json.loads(line) for line in owner.run("cas", "audit", "tail", "--json", "-n", "3").stdout.splitlines()]
    expect(len(lines) == 3 and all("kind" in line for line in lines), "audit tail --json", lines)
    whole = owner.run("cas", "audit", "verify")
    expect(whole.returncode == 0 and whole.stdout.startswith("simulation: "), "audit verify", whole.stdout + whole.stderr)
    expect(owner.run("cas", "audit", "verify", "--from-checkpoint").returncode == 0, "audit verify from the checkpoint")
    denied = other.run("cas", "audit", "tail")
    expect(denied.returncode == 2 and "owner" in denied.stderr, "the audit log is the owner's", denied.stderr)
    cas.stop()


STATED = """# sesame is what it states
name: shown
version: 0.3.11
secrets:
- {name: word, kind: ascii, value: sesame}
- {name: key, kind: private-key}
access_policy: {read: ANY}
"""


def check_stated_values(command, program, folder: Path) -> None:
    """Whoever may only read a session sees all of it but the values that it states, and can still compare it with a file."""
    owner, other = Person(command, folder / "owner"), Person(command, folder / "other")
    cas = Cas(program, folder / "cas", owner.owner())
    expect(owner.attest(cas).returncode == 0, "attest")
    expect(other.attest(cas, "--owner", owner.owner()).returncode == 0, "attest by another")
    file, wrong = folder / "shown.yaml", folder / "wrong.yaml"
    file.write_text(STATED)
    wrong.write_text(STATED.replace("sesame", "guess"))
    expect(owner.run("session", "create", file).returncode == 0, "create")
    expect(owner.run("session", "read", "shown").stdout == STATED, "its creator reads it as it was sent")
    read = other.run("session", "read", "shown")
    expect(read.returncode == 0 and "private-key" in read.stdout and "sesame" not in read.stdout, "another reads no value", read.stdout)
    expect("not shown" in read.stderr and read.stderr.count("\n") == 1, "and is told so", read.stderr)
    values = [json.loads(person.run("session", "read", "shown", "--json").stdout)["values"] for person in (owner, other)]
    expect(values == ["shown", "hidden"], "read --json", values)
    same = other.run("session", "verify", file)
    expect(same.returncode == 0, "whoever has the file can verify it", same.stderr)
    expect(other.run("session", "verify", wrong).returncode == 1, "and sees that another file is not it")
    cas.stop()


def check_rollback(command, program, folder: Path) -> None:
    owner = Person(command, folder / "owner")
    cas = Cas(program, folder / "cas", owner.owner())
    expect(owner.attest(cas).returncode == 0, "attest")
    cas.stop()
    shutil.copy(cas.folder / "cas.db", folder / "old.db")
    file = folder / "shop.yaml"
    file.write_text("name: shop\nversion: 0.3.11\n")
    cas = Cas(program, cas.folder, owner.owner(), cas.port)
    expect(owner.run("session", "create", file).returncode == 0, "create")
    cas.stop()
    for part in cas.folder.glob("cas.db*"):
        part.unlink()
    shutil.copy(folder / "old.db", cas.folder / "cas.db")
    cas = Cas(program, cas.folder, owner.owner(), cas.port)
    for verb in (("session", "list"), ("session", "create", file), ("cas", "audit", "verify")):
        done = owner.run(*verb)
        expect(done.returncode == 1 or verb[1] == "audit", f"{verb}: an older CAS is refused", done.stderr)
        expect("GONE BACK" in done.stderr or "ANOTHER HISTORY" in done.stderr, f"{verb}: says so", done.stderr)
    again = owner.attest(cas)
    expect(again.returncode == 1, "attesting it again does not help", again.stdout + again.stderr)
    cas.stop()


def check_clock(command, program, folder: Path) -> None:
    owner, other = Person(command, folder / "owner"), Person(command, folder / "other")
    cas = Cas(program, folder / "cas", owner.owner(), wrong=("clock-ahead",))
    for person, more in ((owner, ()), (other, ("--owner", owner.owner()))):
        expect(person.attest(cas, *more).returncode == 0, "attest a CAS whose clock is ahead")
    file = folder / "shop.yaml"
    file.write_text("name: shop\nversion: 0.3.11\n")
    expect(owner.run("session", "create", file).returncode == 0, "create")
    early = owner.run("cas", "reset-clock")
    expect(early.returncode == 1 and "yours" in early.stderr, "the clock is ahead still", early.stderr)
    cas.stop()
    cas = Cas(program, cas.folder, owner.owner(), cas.port, wrong=("right-clock",))
    denied = other.run("cas", "reset-clock")
    expect(denied.returncode == 1 and "owner alone" in denied.stderr, "not by somebody else", denied.stderr)
    done = owner.run("cas", "reset-clock")
    expect(done.returncode == 0 and done.stdout.startswith("simulation: ") and "clock's bound was" in done.stdout, "by the owner",
           done.stdout + done.stderr)
    again = owner.run("cas", "reset-clock", "--json")
    expect(again.returncode == 1 and "has not been ahead" in again.stderr and again.stderr.count("\n") == 1, "once", again.stderr)
    rows = [json.loads(line) for line in owner.run("cas", "audit", "tail", "--json", "-n", "100").stdout.splitlines()]
    kinds = [row["kind"] for row in rows]
    expect(kinds.count("clock_reset") == 1 and kinds.count("request_refused") == 2, "all of it is in the log", kinds)
    expect(kinds.count("key_confirmed") == 1, "the owner's attesting confirms the key, once, and nobody else's does", kinds)
    cas.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", type=Path, required=True)
    parser.add_argument("--cas", type=Path, required=True)
    options = parser.parse_args()
    for check in (check_attestation, check_evidence, check_sessions, check_stated_values, check_rollback, check_clock):
        with tempfile.TemporaryDirectory() as folder:
            check(options.command.resolve(), options.cas.resolve(), Path(folder))
    print(f"cas: {len(failures)} problems")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

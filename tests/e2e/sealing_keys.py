# SPDX-License-Identifier: Apache-2.0
"""Sealing keys of /dev/attestation on simulated processors and signatures of several security versions."""
import os
import subprocess
from pathlib import Path

from suite import Context, Test, expect, inside_only, need

MANIFEST = """manifest: 1
program: /bin/busybox
insecure_host_arguments: true
heap: {heap}
files: [/bin/busybox]
"""
KEYS = "/dev/attestation/keys/"
NOW = "_sgx_mrenclave"


def of(cpusvn: int, isvsvn: int) -> str:
    """The name of the key of a version whose CPUSVN has one byte sixteen times."""
    return f"{NOW}.{bytes([cpusvn] * 16).hex()}.{isvsvn:04x}"


class Machine:
    """A simulated processor of the test's own, and one program with signatures of several versions."""

    def __init__(self, context: Context):
        self.context = context
        self.environment = {**os.environ, "CLOISTER_SIM_DIR": str(context.scratch / "simulation")}
        self.signing_key = context.scratch / "key.pem"
        subprocess.run(["openssl", "genrsa", "-3", "-out", str(self.signing_key), "3072"], capture_output=True, check=True)

    def cloister(self, *argv: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.context.cloister, *argv], capture_output=True, timeout=60, env=self.environment,
                              cwd=self.context.scratch, stdin=subprocess.DEVNULL)

    def microcode(self, cpusvn: str) -> None:
        done = self.cloister("quote", "simulate", "platform", "--cpusvn", cpusvn)
        expect(done.returncode == 0, done.stderr.decode())

    def signed(self, isvsvn: int, heap: str = "64M") -> Path:
        manifest, out = self.context.scratch / f"{heap}.yaml", self.context.scratch / f"{heap}.{isvsvn}"
        manifest.write_text(MANIFEST.format(heap=heap))
        done = self.cloister("sign", "--manifest", str(manifest), "--key", str(self.signing_key), "--out", str(out),
                             "--isvsvn", str(isvsvn))
        expect(done.returncode == 0, done.stderr.decode())
        return out

    def read(self, manifest: Path, name: str, *options: str) -> bytes:
        """The key, or what the program says of the error."""
        done = self.cloister("run", *options, "--manifest", str(manifest), "--", "cat", KEYS + name)
        if done.returncode == 0:
            expect(len(done.stdout) == 16, f"{name}: {len(done.stdout)} bytes")
            return done.stdout
        expect(done.returncode == 1 and not done.stdout, f"{name}: exit status {done.returncode}: {done.stderr!r}")
        return done.stderr.splitlines()[-1]


@inside_only
def older_versions(context: Context) -> None:
    """After an update of microcode or of the signature the keys of before are there; those of a later version never are."""
    need("openssl")
    machine = Machine(context)
    second, third, other = machine.signed(2), machine.signed(3), machine.signed(2, "65M")
    before = machine.read(second, NOW)
    expect(machine.read(second, of(1, 2)) == before, "the version of now has another key by its own name")
    earlier = machine.read(second, of(1, 1))
    expect(len({before, earlier, machine.read(second, of(0, 2)), machine.read(other, NOW)}) == 4, "versions share a key")
    later = machine.read(third, NOW)

    machine.microcode("02" * 16)
    now = machine.read(second, NOW)
    expect(now != before, "the key does not follow CPUSVN")
    for manifest, name, key, what in ((second, of(1, 2), before, "CPUSVN"), (third, of(1, 2), before, "CPUSVN and ISVSVN"),
                                      (second, of(1, 1), earlier, "ISVSVN"), (third, of(1, 3), later, "of the later signature"),
                                      (third, of(2, 2), now, "ISVSVN alone")):
        expect(machine.read(manifest, name) == key, f"the older key is another one: {what}")
    expect(machine.read(other, of(1, 2)) not in (before, now), "another MRENCLAVE has the older key")
    one_newer = f"{NOW}.{'02' * 15}03.0002"
    for manifest, name in ((second, of(2, 3)), (second, of(3, 2)), (second, one_newer), (second, of(1, 0xffff)), (third, of(0xff, 0))):
        said = machine.read(manifest, name)
        expect(said.endswith(b"Invalid argument"), f"a newer version, {name}: {said!r}")

    machine.microcode("01" * 16)
    expect(machine.read(second, NOW) == before, "microcode taken back")
    expect(machine.read(second, of(2, 2)).endswith(b"Invalid argument"), "the key of the newer microcode is given")


@inside_only
def names(context: Context) -> None:
    """One name for each version; the folder lists the key of now alone. A debug enclave has other keys of every version."""
    need("openssl")
    machine = Machine(context)
    program = machine.signed(2)
    right = of(1, 2)
    expect(len(machine.read(program, right)) == 16, "the right name")
    for name in (right.replace("01", "0A", 1), right[:-1], right + "0", right + ".", NOW + ".", NOW + right[len(NOW) + 1:],
                 right.replace(".", "-"), right.replace("_sgx_mrenclave", "_sgx_mrsigner"), right + "/"):
        said = machine.read(program, name)
        expect(said.endswith(b"No such file or directory") or said.endswith(b"Not a directory"), f"{name}: {said!r}")
    done = machine.cloister("run", "--manifest", str(program), "--", "ls", "-a", KEYS)
    expect(done.stdout.split() == [b".", b"..", NOW.encode()], f"{done.stdout!r} {done.stderr!r}")
    unsigned = context.scratch / "64M.yaml"
    for name in (NOW, of(1, 0), of(0, 0)):
        expect(machine.read(unsigned, name) != machine.read(unsigned, name, "--debug"), f"a debug enclave has the key {name}")


TESTS = [Test("older_versions", older_versions, 240), Test("names", names, 120)]

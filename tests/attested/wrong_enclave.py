# SPDX-License-Identifier: Apache-2.0
"""Enclaves that are not what a session allows, and names without a right: refused, each with a cause of its own."""
import json
import subprocess
from pathlib import Path

from attacker import DENY, GRANT
from reader import PYTHON, SECRET, Reader, flip
from services import Services
from suite import Context, Test, expect, need

PROGRAM = """
#include <stdio.h>
extern const char library_marker[];
const char program_marker[] = "the program's own bytes";
int main(int count, char** words) {
  char data[64] = "";
  FILE* file = fopen("%s", "r");
  if (file == NULL || fgets(data, sizeof data, file) == NULL) {
    perror("the measured file");
    return 3;
  }
  printf("%%s %%s %%s %%s\\n", program_marker, library_marker, data, words[count - 1]);
  return 0;
}
"""
LIBRARY = 'const char library_marker[] = "the library\'s own bytes";\n'


def refused(context: Context) -> None:
    """Each thing that must keep an enclave out, alone: the enclave gets a reference number, the owner gets the cause."""
    reader = Reader(context)
    services = reader.services
    reader.works()
    reader.refusal("no such service", "no service", config_id="shop/none")
    reader.refusal("no such session", "no such session", config_id="nothing/reader")
    reader.refusal("another MRENCLAVE", "MRENCLAVE",
                   config_id=reader.variant("measured", services.mrenclave(*PYTHON), "11" * 32))
    reader.refusal("a debug enclave", "debug", options=("--debug",))
    reader.refusal("a root that is not named", "root", config_id=reader.variant("foreign", services.root_hash(), "22" * 32))
    reader.refusal("mode none", "mode none", config_id=reader.variant("lax", "mode: hardware", "mode: none"))
    out = services.owner("session", "update", str(services.session("stale", reader.text.replace(
        'version: "0.3.10"', f'version: "0.3.10"\npredecessor: {"33" * 32}', 1))), "--cas", services.api, status=1)
    expect("predecessor" in out, f"a stale predecessor: {out}")
    stranger = {**services.owner_environment(), "XDG_CONFIG_HOME": str(services.host_side / "stranger")}
    services.attest("--owner", services.owner_key_hash(), environment=stranger)
    for verb in (("read", "shop"), ("update", str(services.session("shop", reader.text)))):
        out = services.owner("session", *verb, "--cas", services.api, status=1, environment=stranger)
        expect(SECRET not in out, f"a stranger may {verb[0]}: {out}")
    reader.works()


def host_arguments(context: Context) -> None:
    """What the host says is a word, however much it looks like the session's language."""
    reader = Reader(context)
    for word in ("$$SCONE::word$$", "x$$SCONE::word:hex$$y", "@@1", "\\@\\@word", "$$SCONE::word", "$$SCONE::word|escape(json)$$"):
        lines = reader.works(program=("--", *PYTHON, word))
        expect(lines[-1] == str([SECRET, word]), f"{word} did not come as it is: {lines[-1]}")


def changed_byte(context: Context) -> None:
    """One byte of the program, of a library, of a measured file. With the manifest that the session allows the enclave reads
    the change when it uses the bytes; measured anew it is another enclave."""
    need("gcc")
    reader = Reader(context)
    services = reader.services
    folder = context.fresh_directory("changed")
    program, library, data = folder / "told", folder / "libtold.so", folder / "data.txt"
    (folder / "told.c").write_text(PROGRAM % data)
    (folder / "library.c").write_text(LIBRARY)
    data.write_text("the file's own bytes\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, folder / "library.c"], check=True)
    subprocess.run(["gcc", "-o", program, folder / "told.c", library], check=True)
    text = services.owner("measure", "--policy", "--", str(program)).replace("files:\n", f'files:\n  - path: "{data}"\n', 1)
    manifest, pinned = folder / "unpinned.yaml", folder / "allowed.measured"
    manifest.write_text("".join(line + "\n" for line in unpin(text.splitlines(), folder)))

    def measure(out: Path) -> str:
        return json.loads(services.owner("measure", "--manifest", str(manifest), "--out", str(out), "--json"))["mrenclave"]

    allowed = measure(pinned)
    services.create("told", reader.session_for(str(program), allowed, "told"))
    run = {"config_id": "told/clerk"}
    reader.works("the file's own bytes", program=("--manifest", str(pinned)), **run)
    for path, marker in ((program, b"the program's own bytes"), (library, b"the library's own bytes"),
                         (data, b"the file's own bytes")):
        honest = path.read_bytes()
        flip(path, marker)
        reader.stopped(f"{path.name} under the session's manifest", str(path), program=("--manifest", str(pinned)), **run)
        anew = folder / "anew.measured"
        expect(measure(anew) != allowed, f"{path.name} is not measured")
        reader.refusal(f"{path.name}, measured anew", "MRENCLAVE", program=("--manifest", str(anew)), **run)
        path.write_bytes(honest)
    reader.works(program=("--manifest", str(pinned)), **run)


def unpin(lines, folder: Path):
    """A manifest's lines without the hashes of the files in `folder`: those are measured as found."""
    own = False
    for line in lines:
        if not (own and "sha256:" in line):
            yield line
        own = str(folder) in line


def another_services_enclave(context: Context) -> None:
    """CONFIGID says which service of which CAS: one enclave, two services, two CASes."""
    reader = Reader(context)
    first = reader.services
    second = Services(context, name="second")
    second.start_beside(first)
    second.attest()
    Reader(context, second)
    # The same enclave as a client of the other CAS: its key is not the one in CONFIGID.
    key = first.cas_key_hash()
    reader.works(options=("--cas-key", key))
    reader.stopped("an enclave of the first CAS at the second", "another key", options=("--cas-key", key),
                   CLOISTER_CAS_ADDR=second.enclaves)
    reader.stopped("an enclave of the second CAS at the first", "another key", options=("--cas-key", second.cas_key_hash()))
    expect(not [row for row in second.audit() if row["kind"].startswith("attestation")], "the second CAS was told something")


def forged_configuration(context: Context) -> None:
    """A genuine quote of the right MRENCLAVE, made for this very connection: nothing is wrong but what CONFIGID names."""
    reader = Reader(context)
    services = reader.services
    tool = Path(context.cloister).parent / "forged_enclave"

    def answer(asked: str, claimed: str, *options: str):
        done = subprocess.run([tool, "--address", services.enclaves, "--config-id", asked, "--claimed-id", claimed, "--mrenclave",
                               services.mrenclave(*PYTHON), "--dir", services.simulation, *options], timeout=60, check=True,
                              capture_output=True, text=True)
        first, rest = (bytes.fromhex(line) for line in done.stdout.splitlines())
        return first, rest

    first, _ = answer("shop/reader", "shop/reader")
    expect(first[0] == GRANT and SECRET.encode() in first, f"an honest CONFIGID: {first!r}")
    key = services.cas_key_hash()
    other = ("--claimed-cas", bytes.fromhex(key)[::-1].hex())
    for what, asked, claimed, options, word in (
            ("another service of the session", "shop/reader", "shop/clerk", (), "CONFIGID names another service"),
            ("the other way round", "shop/clerk", "shop/reader", (), "CONFIGID names another service"),
            ("a service of another session", "shop/reader", "shop2/reader", (), "CONFIGID names another service"),
            ("a longer name", "shop/reader", "shop/reader2", (), "CONFIGID names another service"),
            ("no name", "shop/reader", "", (), "CONFIGID names another service"),
            ("another CAS", "shop/reader", "shop/reader", other, "CONFIGID names another CAS"),
            ("no CAS", "shop/reader", "shop/reader", ("--claimed-cas", "00" * 32), "CONFIGID names another CAS")):
        before = len(services.audit())
        first, rest = answer(asked, claimed, *options)
        expect(first[:1] == bytes([DENY]) and len(first) == 9 + 16 and not rest, f"{what}: CAS answers {first!r}, {rest!r}")
        row = reader.check_row(what, before, f"reference {first[9:].decode()}", word)
        expect(row["subject"] == asked, f"{what}: the row is about {row['subject']}")
    granted = [row for row in services.audit() if row["kind"] == "attestation_granted"]
    expect(len(granted) == 1, f"{len(granted)} releases, one was honest")


TESTS = [Test("refused", refused, 300), Test("host_arguments", host_arguments, 120), Test("changed_byte", changed_byte, 240),
         Test("another_services_enclave", another_services_enclave, 120),
         Test("forged_configuration", forged_configuration, 120)]

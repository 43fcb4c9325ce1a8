# SPDX-License-Identifier: Apache-2.0
"""One program that prints the secret it is given, LAS and CAS around it, and what a refusal of it looks like."""
import re
import subprocess
from pathlib import Path
from typing import List, Optional, Tuple

from services import Services
from suite import Context, Fail, expect

PYTHON = ("/usr/bin/python3.11",)
SECRET = "sesame-4b1d"  # stated, so that outputs can be searched for it
SESSION = """name: shop
version: "0.3.10"
security:
  attestation:
    mode: hardware
    insecure_simulation_root: {root}
services:
  - name: reader
    command: ["{program}", -c, "import sys; print(sys.argv[1:])", "$$SCONE::word$$", "@@1"]
    pwd: /
    environment: {{LC_ALL: C.UTF-8}}
    attestation:
      - mrenclave: [{mrenclave}]
  - name: clerk
    command: ["{program}", -c, "import sys; print('clerk', sys.argv[1:])", "$$SCONE::word$$"]
    attestation:
      - mrenclave: [{mrenclave}]
secrets:
  - {{name: word, kind: ascii, value: "{secret}"}}
"""


class Reader:
    """A session `shop` whose service `reader` prints SECRET and the host's first argument."""

    def __init__(self, context: Context, services: Optional[Services] = None):
        self.context = context
        if services is None:
            services = Services(context)
            services.start()
            services.attest()
        self.services = services
        self.text = self.session_for(PYTHON[0], services.mrenclave(*PYTHON))
        services.create("shop", self.text)

    def session_for(self, program: str, mrenclave: str, name: str = "shop") -> str:
        return SESSION.format(root=self.services.root_hash(), program=program, mrenclave=mrenclave,
                              secret=SECRET).replace("name: shop", f"name: {name}", 1)

    def variant(self, name: str, old: str, new: str) -> str:
        """Another session with `new` in place of `old`; its config id."""
        expect(old in self.text, f"{old} is not in the session")
        self.services.create(name, self.text.replace("name: shop", f"name: {name}", 1).replace(old, new))
        return f"{name}/reader"

    def run(self, config_id: str = "shop/reader", program=("--", *PYTHON, "x"), options=(), seconds: float = 60,
            **environment: str) -> Tuple[int, List[str]]:
        """Exit status and all lines that the start and the program wrote."""
        services = self.services
        settings = {"CLOISTER_CAS_ADDR": services.enclaves, "CLOISTER_CONFIG_ID": config_id, "CLOISTER_LAS_ADDR": services.las}
        done = subprocess.run([self.context.cloister, "run", *options, *program], timeout=seconds, cwd=services.host_side,
                              env=services.host_environment(**{**settings, **environment}), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout.splitlines()

    def works(self, *words: str, **run) -> List[str]:
        status, lines = self.run(**run)
        expect(status == 0 and any(SECRET in line for line in lines), f"exit status {status}: {lines[-3:]} {self.services.ends()}")
        for word in words:
            expect(any(word in line for line in lines), f"{word} is not in {lines[-3:]}")
        return lines

    def refusal(self, what: str, *words: str, config_id: str = "shop/reader", **run) -> str:
        """The owner reads a row with all of `words`, the enclave one line with its reference and none of them."""
        before = len(self.services.audit())
        status, lines = self.run(config_id, **run)
        lines = [line for line in lines if line != "cloister: simulation"]
        said = lines[-1] if lines else ""
        expect(status == 126 and "CAS refused" in said and len(lines) == 1, f"{what}: exit status {status}: {lines[-4:]}")
        self.check_row(what, before, said, *words)
        return said

    def check_row(self, what: str, before: int, said: str, *words: str) -> dict:
        """The row of the refusal with the reference that is in `said`."""
        reference = re.search(r"reference ([0-9a-f]{16})", said)
        expect(reference is not None, f"{what}: no reference in {said!r}")
        rows = [row for row in self.services.audit()[before:] if row["kind"] == "attestation_refused"]
        mine = [row for row in rows if row["reference"] == reference.group(1)]
        expect(len(mine) == 1, f"{what}: {len(mine)} rows for {said!r}: {rows}")
        for word in words:
            expect(word in mine[0]["text"], f"{what}: the owner reads {mine[0]['text']!r}, not {word!r}")
            expect(word not in said, f"{what}: the host reads the cause: {said!r}")
        expect(SECRET not in said, f"{what}: the secret is out")
        return mine[0]

    def stopped(self, what: str, word: str, **run) -> List[str]:
        """Refused on this side, before CAS gave anything or although it did: no secret comes out, and `word` says why."""
        status, lines = self.run(**run)
        expect(status != 0 and any(word in line for line in lines), f"{what}: exit status {status}, no {word!r}: {lines[-4:]}")
        expect(not any(SECRET in line for line in lines), f"{what}: the secret is out: {lines}")
        return lines


def flip(path: Path, marker: bytes) -> None:
    """Changes one byte of what is at `path`, in the middle of `marker`, which is there once."""
    data = bytearray(path.read_bytes())
    if data.count(marker) != 1:
        raise Fail(f"{path}: the marker is there {data.count(marker)} times")
    data[data.index(marker) + len(marker) // 2] ^= 1
    path.write_bytes(data)

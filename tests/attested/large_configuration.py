# SPDX-License-Identifier: Apache-2.0
"""Configurations that are longer than one TLS record arrive like those that are short."""
import hashlib

from reader import PYTHON, Reader
from suite import Context, Test, expect

SESSION = """name: {name}
version: "0.3.10"
security:
  attestation:
    insecure_simulation_root: {root}
services:
  - name: reader
    image_name: files
    command: ["{program}", -c, "import hashlib; print(hashlib.sha256(open('/srv/long', 'rb').read()).hexdigest())"]
    attestation:
      - mrenclave: [{mrenclave}]
images:
  - name: files
    injection_files:
      - path: /srv/long
        content: "{content}"
"""


def large_configuration(context: Context) -> None:
    reader = Reader(context)
    services = reader.services
    mrenclave = services.mrenclave(*PYTHON)
    for name, content in (("record", "x" * (16 << 10)), ("records", "abcdefg" * 50_000), ("file", "0123456789" * 300_000)):
        services.create(name, SESSION.format(name=name, root=services.root_hash(), program=PYTHON[0], mrenclave=mrenclave,
                                             content=content))
        expect(content in services.owner("session", "read", name, "--cas", services.api), f"{name}: it does not come back")
        status, lines = reader.run(f"{name}/reader")
        digest = hashlib.sha256(content.encode()).hexdigest()
        expect(status == 0 and lines[-1] == digest, f"{name}, {len(content)} bytes: exit status {status}: {lines[-3:]}")


TESTS = [Test("large_configuration", large_configuration, 300)]

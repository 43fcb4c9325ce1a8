# SPDX-License-Identifier: Apache-2.0
"""CAS's file in the hands of its host: a full disk, an older copy, changed bytes."""
import os
import shutil
import subprocess
import time
from pathlib import Path

from api_client import ApiClient
from cas_killed import SESSION
from reader import Reader
from services import Services
from suite import Context, Skip, Test, expect, need


class SmallDisk:
    """A tmpfs of 2 MiB at CAS's folder, in a mount namespace of its own, which a sleeping process keeps."""

    def __init__(self, context: Context, folder: Path):
        folder.mkdir(parents=True)
        self.holder = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "sh", "-c",
             f"mount -t tmpfs -o size=2m none {folder} && echo mounted && exec sleep 3600"], stdout=subprocess.PIPE, text=True)
        context.processes.append(self.holder)
        if self.holder.stdout.readline() != "mounted\n":
            raise Skip("no tmpfs can be mounted in a mount namespace here")
        self.view = Path(f"/proc/{self.holder.pid}/root") / folder.relative_to("/")

    def inside(self, name: str, argv: list) -> list:
        return ["nsenter", "-m", "-t", str(self.holder.pid), "--", *argv] if name == "cas" else argv

    def fill(self) -> None:
        with (self.view / "filler").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def empty(self) -> None:
        (self.view / "filler").unlink()


def full_disk(context: Context) -> None:
    need("unshare", "nsenter")
    if os.geteuid():
        raise Skip("needs root, to mount a small disk")
    services = Services(context)
    disk = SmallDisk(context, services.host_side / "cas")
    services.trace = disk.inside
    services.start()
    services.attest()
    reader = Reader(context, services)
    client = ApiClient(services.api, services.owner_side / "config" / "cloister")
    expect(client.write_session("kept", SESSION.format(name="kept", count=1))[0] == 201, "no session is made")
    kept = client.ask("GET", "/v1/values/session=kept,secret=kept")
    disk.fill()
    acknowledged, status, text = 1, 200, ""
    while status == 200 and acknowledged < 2000:  # until what SQLite has of the disk already is used up
        status, text = client.write_session("kept", SESSION.format(name="kept", count=acknowledged + 1))
        acknowledged += status == 200
    expect(status in (503, 507) and "disk is full" in text, f"a full disk: {status} {text}")
    before = client.ask("GET", "/v1/values/session=kept,secret=count")
    expect(f'"{acknowledged}"' in before[1], f"{acknowledged} was acknowledged: {before}")
    # A small row may still fit. Without one nothing is given.
    status, lines = reader.run(options=("--start-time-limit=2",))
    granted = status == 0
    expect(granted or (status == 126 and "cannot answer now" in lines[-1]), f"a start on a full disk: {status} {lines[-2:]}")
    services.kill_cas()
    disk.empty()
    services.start_cas()
    client.close()
    count = client.ask("GET", "/v1/values/session=kept,secret=count")[1]
    expect(f'"{acknowledged}"' in count or f'"{acknowledged + 1}"' in count, f"{acknowledged} was acknowledged: {count}")
    expect(client.ask("GET", "/v1/values/session=kept,secret=kept") == kept, "a secret has changed")
    rows = [row for row in services.audit() if row["kind"] == "attestation_granted"]
    expect(len(rows) == granted, f"{len(rows)} rows, granted: {granted}")
    reader.works()
    services.owner("cas", "audit", "verify", "--cas", services.api)
    disk.fill()
    time.sleep(0.5)
    disk.empty()
    status, text = client.write_session("kept", SESSION.format(name="kept", count=9))
    expect(status == 200, f"the disk has room again: {status} {text}")


def older_copy(context: Context) -> None:
    """Nothing in a complete older copy is wrong. Who has seen a later head notices; parts of two moments do not even open."""
    reader = Reader(context)
    services = reader.services
    folder, old = services.host_side / "cas", services.host_side / "old"
    services.stop(services.cas_process)
    shutil.copytree(folder, old)
    services.start_cas()
    services.create("later", SESSION.format(name="later", count=1))
    services.stop(services.cas_process)
    newer = services.host_side / "newer"
    shutil.copytree(folder, newer)
    shutil.rmtree(folder)
    shutil.copytree(old, folder)
    services.start_cas()
    for verb in (("session", "list", "--cas", services.api), ("session", "read", "shop", "--cas", services.api)):
        said = services.owner(*verb, status=1)
        expect("GONE BACK" in said or "ANOTHER HISTORY" in said, f"{verb}: {said}")
    for number in range(6):  # a copy that goes on is longer than what the owner saw
        ApiClient(services.api).ask("GET", "/v1/audit")
    said = services.owner("session", "read", "shop", "--cas", services.api, status=1)
    expect("ANOTHER HISTORY" in said, f"a longer log: {said}")
    said = services.attest(status=1)
    expect("GONE BACK" in said or "ANOTHER HISTORY" in said, f"attested anew: {said}")
    services.kill_cas()
    shutil.rmtree(folder)
    shutil.copytree(newer, folder)
    services.start_cas()
    services.owner("cas", "audit", "verify", "--cas", services.api)
    reader.works()
    services.stop(services.cas_process)
    file = folder / "cas.db"
    data = bytearray(file.read_bytes())
    for end in range(2 * 4096, len(data) + 1, 4096):  # rows lie at the end of SQLite's pages
        data[end - 20] ^= 1
    file.write_bytes(data)
    done = services.spawn("cas", services.cas_command(), services.host_environment())
    expect(done.wait(60) == 1, f"a changed file: exit status {done.returncode}")
    line = services.log("cas").splitlines()[-1]
    expect(line.startswith("cloister-cas: ") and "cas.db" in line, f"a changed file: {line}")


TESTS = [Test("full_disk", full_disk, 240), Test("older_copy", older_copy, 120)]

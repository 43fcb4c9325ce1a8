# SPDX-License-Identifier: Apache-2.0
"""CAS's file in the hands of its host: a full disk."""
import os
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


TESTS = [Test("full_disk", full_disk, 240)]

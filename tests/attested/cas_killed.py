# SPDX-License-Identifier: Apache-2.0
"""CAS in its enclave, killed at random moments while several clients write and enclaves start: what it acknowledged is there."""
import http.client
import json
import random
import threading
import time
from pathlib import Path
from typing import Dict, List, Optional

from api_client import ApiClient
from reader import SECRET, Reader
from suite import Context, Test, expect

WRITERS = 4
SESSION = """name: {name}
version: "0.3.10"
secrets:
  - {{name: kept, kind: ascii, size: 24, export_public: true}}
  - {{name: count, kind: ascii, value: "{count}", export_public: true}}
"""


class Writer(threading.Thread):
    """Updates a session of its own until CAS is gone. `acknowledged` is the last count that CAS confirmed."""

    def __init__(self, api: str, identity: Path, name: str, count: int):
        super().__init__(daemon=True)
        self.client, self.name_, self.count = ApiClient(api, identity, 10), name, count
        self.acknowledged: int = count
        self.sent: int = count
        self.hashes: List[str] = []
        self.problem = ""

    def run(self) -> None:
        try:
            while True:
                self.sent = self.acknowledged + 1
                status, text = self.client.write_session(self.name_, SESSION.format(name=self.name_, count=self.sent))
                if status not in (200, 201):
                    self.problem = f"count {self.sent}: {status} {text}"
                    return
                self.acknowledged = self.sent
                self.hashes.append(json.loads(text)["hash"])
        except (OSError, http.client.HTTPException):
            pass
        self.client.close()


class Starter(threading.Thread):
    """Starts enclaves one after the other. `granted` counts those that printed the secret."""

    def __init__(self, reader: Reader):
        super().__init__(daemon=True)
        self.reader, self.granted, self.stopping = reader, 0, False

    def run(self) -> None:
        while not self.stopping:
            _, lines = self.reader.run(options=("--start-time-limit=1",))
            self.granted += any(SECRET in line for line in lines)


class Round:
    """What is known to have been acknowledged, over all rounds."""

    def __init__(self, reader: Reader):
        self.reader, self.services = reader, reader.services
        self.identity = self.services.owner_side / "config" / "cloister"
        self.counts: Dict[str, int] = {f"w{i}": 0 for i in range(WRITERS)}
        self.kept: Dict[str, str] = {}
        self.hashes: List[str] = []
        self.granted = 0
        self.head = 0

    def load_and_kill(self, seconds: float) -> Dict[str, Writer]:
        writers = {name: Writer(self.services.api, self.identity, name, count) for name, count in self.counts.items()}
        starter = Starter(self.reader)
        for thread in (*writers.values(), starter):
            thread.start()
        time.sleep(seconds)
        self.services.kill_cas()
        starter.stopping = True
        for thread in (*writers.values(), starter):
            thread.join(60)
            expect(not thread.is_alive(), "a client does not end")
        self.granted += starter.granted
        for writer in writers.values():
            expect(not writer.problem, f"{writer.name_}: {writer.problem}")
            self.hashes += writer.hashes
            self.head = max(self.head, writer.client.head[0])
        return writers

    def value(self, client: ApiClient, name: str, secret: str) -> Optional[str]:
        status, text = client.ask("GET", f"/v1/values/session={name},secret={secret}")
        return json.loads(text)["value"] if status == 200 else None

    def check(self, writers: Dict[str, Writer]) -> None:
        client = ApiClient(self.services.api, self.identity)
        for name, writer in writers.items():
            found = int(self.value(client, name, "count") or 0)
            expect(found in (writer.acknowledged, writer.sent), f"{name}: {found}, {writer.acknowledged} was acknowledged")
            self.counts[name] = found
            kept = self.value(client, name, "kept")
            expect(self.kept.get(name) in (None, kept), f"{name}: a generated secret has changed")
            if kept is not None:
                self.kept[name] = kept
        expect(client.head[0] >= self.head, f"the log has {client.head[0]} entries, {self.head} were acknowledged")
        client.close()

    def check_log(self) -> None:
        """The chain, which must contain what the owner's command remembers, and an entry for all that was acknowledged."""
        self.services.owner("cas", "audit", "verify", "--cas", self.services.api)
        rows = self.services.audit()
        written = {row.get("subject_hash") for row in rows}
        missing = [digest for digest in self.hashes if digest not in written]
        expect(not missing, f"{len(missing)} of {len(self.hashes)} acknowledged updates are not in the log")
        granted = sum(row["kind"] == "attestation_granted" for row in rows)
        expect(granted >= self.granted, f"{granted} grants in the log, {self.granted} enclaves had the secret")


def killed_under_load(context: Context) -> None:
    reader = Reader(context)
    rounds = 200 if context.options.long else 10
    chance = random.Random()
    state = Round(reader)
    began, back = time.monotonic(), []
    for number in range(rounds):
        writers = state.load_and_kill(chance.uniform(0.05, 1.5))
        restart = time.monotonic()
        reader.services.start_cas()
        back.append(time.monotonic() - restart)
        state.check(writers)
        if number % 10 == 9 or number == rounds - 1:
            state.check_log()
    expect(len(state.hashes) > rounds and state.granted > 0, f"no load: {len(state.hashes)} updates, {state.granted} starts")
    print(f"# {rounds} kills in {time.monotonic() - began:.0f} s: {len(state.hashes)} updates and {state.granted} starts acknowledged, "
          f"none lost; CAS was back after {sorted(back)[len(back) // 2]:.1f} s, {max(back):.1f} s at most", flush=True)


TESTS = [Test("killed_under_load", killed_under_load, 7200, slow=True, alone=True)]

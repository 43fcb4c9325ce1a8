# SPDX-License-Identifier: Apache-2.0
"""A new version of CAS takes the database of the old one over: what goes on, what must be refused, what the old one does then."""
import json
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from api_client import ApiClient
from attacker import address
from cas_killed import SESSION
from reader import Reader
from services import Services
from suite import Context, Test, expect


class NextVersion:
    """Another build of CAS: what a changed byte of its program measures, which is another MRENCLAVE."""

    def __init__(self, services: Services, number: int = 1):
        self.services = services
        now = Path(services.context.cloister).resolve().parent.parent
        home = services.host_side / f"version-{number}"
        for folder in ("bin", "libexec/cloister"):
            (home / folder).mkdir(parents=True)
        (home / "lib").symlink_to(now / "lib")
        (home / "libexec/cloister/cloister-plan").symlink_to(now / "libexec/cloister/cloister-plan")
        shutil.copy(now / "bin/cloister", home / "bin/cloister")
        shutil.copy(now / "libexec/cloister/cloister-cas", home / "libexec/cloister/cloister-cas")
        with (home / "libexec/cloister/cloister-cas").open("ab") as program:
            program.write(bytes([number]))
        self.cloister, self.name = str(home / "bin/cloister"), f"cas-{number}"
        self.mrenclave = json.loads(subprocess.run([self.cloister, "cas", "measure", "--json"], env=services.owner_environment(),
                                                   capture_output=True, text=True, check=True).stdout)["mrenclave"]

    def spawn(self, *options: str) -> subprocess.Popen:
        return self.services.spawn(self.name, [self.cloister, *self.services.cas_command(*options)[1:]],
                                   self.services.host_environment())

    def upgrade(self, at: str = "", *options: str) -> subprocess.Popen:
        return self.spawn("--upgrade-from", at or self.services.api, *options)

    def refused(self, *words: str, options=("--upgrade-from",)) -> str:
        """It ends with one line that has all of `words`."""
        process = self.spawn(*options, *([self.services.api] if options else []))
        expect(process.wait(90) == 1, f"exit status {process.returncode}: {self.services.log(self.name)[-600:]}")
        line = self.services.log(self.name).splitlines()[-1]
        for word in words:
            expect(line.startswith("cloister-cas: ") and word in line, f"not {word!r} but {line!r}")
        return line

    def serves(self, process: subprocess.Popen) -> None:
        """Until it says that it does; the services' CAS is this process then."""
        end = time.monotonic() + 120
        while "cloister-cas: API at" not in self.services.log(self.name):
            expect(process.poll() is None and time.monotonic() < end, f"{process.poll()}: {self.services.log(self.name)[-800:]}")
            time.sleep(0.1)
        self.services.cas_process = process


def make_kept(services: Services):
    """A session whose secret is generated and public; the API's answer with its value."""
    services.create("kept", SESSION.format(name="kept", count=7))
    kept = ApiClient(services.api).ask("GET", "/v1/values/session=kept,secret=kept")
    expect(kept[0] == 200, f"{kept}")
    return kept


def authorise(services: Services, version: NextVersion, *options: str, status: int = 0) -> str:
    return services.owner("cas", "upgrade", services.api, "--to-mrenclave", version.mrenclave, "--trusted-root",
                          str(services.root()), *options, status=status)


def attest(services: Services, mrenclave: str, status: int = 0) -> str:
    return services.owner("cas", "attest", services.api, "--mrenclave", mrenclave, "--trusted-root", str(services.root()),
                          "--pccs", f"https://{services.collateral}", "--pccs-ca",
                          str(services.simulation / "attestation" / "pccs.pem"), status=status)


class LosesTheAnswer:
    """Forwards one connection to CAS, and nothing that comes back once the request is through."""

    def __init__(self, at: str):
        self.server = socket.create_connection(address(at))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.sent = 0
        threading.Thread(target=self.forth, daemon=True).start()

    def forth(self) -> None:
        self.client, _ = self.listener.accept()
        threading.Thread(target=self.back, daemon=True).start()
        while data := self.client.recv(65536):
            self.sent += len(data)
            self.server.sendall(data)

    def back(self) -> None:
        try:
            while data := self.server.recv(65536):
                if self.sent < 4000:  # a quote alone is longer
                    self.client.sendall(data)
        except OSError:
            pass
        self.client.shutdown(socket.SHUT_RDWR)
        self.client.close()


def goes_on(context: Context) -> None:
    """Sessions, secrets, the log and CAS's identity go on under another MRENCLAVE, an answer that is lost included."""
    reader = Reader(context)
    services = reader.services
    kept = make_kept(services)
    key = services.cas_key_hash()
    version = NextVersion(services)
    old = services.cas_process
    text = authorise(services, version)
    expect(text.startswith("simulation: ") and version.mrenclave in text and "--upgrade-from" in text, text)

    lost = version.upgrade(LosesTheAnswer(services.api).address)
    expect(lost.wait(120) == 1, f"without an answer: {lost.returncode}: {services.log(version.name)[-600:]}")
    expect(old.wait(60) == 0, f"the old CAS: exit status {old.returncode}: {services.log('cas')[-600:]}")
    expect(f"handed over to MRENCLAVE {version.mrenclave}, ends" in services.log("cas"), services.log("cas")[-400:])
    frozen = services.host_side / "frozen"
    shutil.copytree(services.host_side / "cas", frozen)
    old = services.spawn("cas", services.cas_command(), services.host_environment())
    services.wait_for("cas", old, services.api)
    services.wait_for_text("cas", "serves nothing but that again")
    status, text = ApiClient(services.api).ask("GET", "/v1/values/session=kept,secret=kept")
    expect(status == 503 and "handed over" in text, f"a CAS that was handed over answers {status} {text}")
    said = services.owner("session", "read", "shop", "--cas", services.api, status=2)
    expect("handed over" in said and version.mrenclave in said, said)
    status, lines = reader.run(options=("--start-time-limit=2",))
    expect(status != 0 and not any("sesame" in line for line in lines), f"an enclave got something: {lines}")

    version.serves(version.upgrade())
    expect(old.wait(60) == 0, f"the old CAS: exit status {old.returncode}: {services.log('cas')[-600:]}")
    expect(f"key {key}" in services.log(version.name), "CAS has another key")
    services.wait_for(version.name, services.cas_process, services.enclaves)
    reader.works()
    expect(ApiClient(services.api).ask("GET", "/v1/values/session=kept,secret=kept") == kept, "a secret has changed")
    services.owner("session", "read", "kept", "--cas", services.api)
    services.owner("cas", "audit", "verify", "--cas", services.api)
    rows = services.audit()
    kinds = [row["kind"] for row in rows]
    over = kinds.index("handed_over")
    expect(kinds[over:over + 2] == ["handed_over", "taken_over"] and kinds.count("handed_over") == 1, f"{kinds}")
    expect("upgrade_authorised" in kinds[:over] and version.mrenclave in rows[over]["text"], f"{rows[over]}")
    said = attest(services, version.mrenclave)
    expect(version.mrenclave in said, said)
    attest(services, json.loads(services.owner("cas", "measure", "--json"))["mrenclave"], status=1)

    # The new version needs nobody's leave for its own file, the old one cannot read it any more.
    services.stop(services.cas_process)
    version.serves(version.upgrade())
    services.wait_for(version.name, services.cas_process, services.enclaves)
    reader.works()
    services.stop(services.cas_process)
    again = services.spawn("cas", services.cas_command(), services.host_environment())
    expect(again.wait(60) == 1 and "sealed under other keys" in services.log("cas").splitlines()[-1], services.log("cas")[-400:])

    # A host that keeps the file of before can have it taken over once more: another CAS, whose log is not what was seen.
    shutil.rmtree(services.host_side / "cas")
    shutil.copytree(frozen, services.host_side / "cas")
    old = services.spawn("cas", services.cas_command(), services.host_environment())
    services.wait_for("cas", old, services.api)
    (services.host_side / f"{version.name}.log").unlink()
    version.serves(version.upgrade())
    said = services.owner("session", "read", "shop", "--cas", services.api, status=1)
    expect("GONE BACK" in said or "ANOTHER HISTORY" in said, said)


def is_refused(context: Context) -> None:
    """Without the owner's word, for another MRENCLAVE, on an outdated machine: refused in one line, and CAS serves on."""
    reader = Reader(context)
    services = reader.services
    tolerant = reader.variant("tolerant", "mode: hardware", "mode: hardware\n    tolerate: [outdated-tcb]\n    ignore_advisories: \"*\"")
    version, other = NextVersion(services), NextVersion(services, 2)
    version.refused("does not hand over", "authorised no upgrade", "cloister cas upgrade")
    authorise(services, other)
    version.refused("does not hand over", version.mrenclave, other.mrenclave)
    services.owner("cas", "upgrade", services.api, "--withdraw")
    other.refused("authorised no upgrade")
    reader.works()
    stranger = {**services.owner_environment(), "XDG_CONFIG_HOME": str(services.owner_side / "stranger")}
    services.attest("--owner", services.owner_key_hash(), environment=stranger)
    said = services.owner("cas", "upgrade", services.api, "--to-mrenclave", version.mrenclave, status=1, environment=stranger)
    expect("owner alone" in said, said)
    said = services.owner("cas", "upgrade", services.api, "--to-mrenclave", "1234", status=2)
    expect("64 hexadecimal digits" in said, said)
    # Intel's root alone, as it is without --trusted-root.
    services.owner("cas", "upgrade", services.api, "--to-mrenclave", version.mrenclave)
    version.refused("the successor is refused", services.root_hash())

    services.stop(services.cas_process)
    version.refused("sealed under other keys", "--upgrade-from", options=())
    version.refused("the old CAS at", "must run until it has handed over")
    services.stop(services.las_process)
    services.start_las("--tcb-level", "2")
    services.start_cas()
    authorise(services, version)
    version.refused("the successor is refused", "TCB status OutOfDate")
    authorise(services, version, "--tolerate", "outdated-tcb", "--ignore-advisory", "CLOISTER-SIMULATION-0001")
    old = services.cas_process
    version.serves(version.upgrade())
    expect(old.wait(60) == 0, f"the old CAS: exit status {old.returncode}")
    services.wait_for(version.name, services.cas_process, services.enclaves)
    reader.works(config_id=tolerant)
    # The bound of time has come with it: the rules of before are not believed again.
    services.stop(services.cas_process)
    services.stop(services.las_process)
    services.start_las()
    (services.host_side / f"{version.name}.log").unlink()
    version.serves(version.spawn())
    services.wait_for(version.name, services.cas_process, services.enclaves)
    before = len(services.audit())
    status, lines = reader.run(options=("--start-time-limit=2",))
    expect(status == 126, f"exit status {status}: {lines[-2:]}")
    reader.check_row("older rules", before, lines[-1], "number 2 was seen before")
    # Back again: what was authorised before is spent, and the owner must sign anew.
    first = NextVersion(services, 3)
    first.refused("authorised no upgrade")
    authorise(services, first)
    state = json.loads(authorise(services, first, "--json"))
    expect(state["hand_overs"] == 1 and state["authorised"]["mrenclave"] == first.mrenclave, f"{state}")


TESTS = [Test("upgrade_goes_on", goes_on, 400), Test("upgrade_is_refused", is_refused, 400)]

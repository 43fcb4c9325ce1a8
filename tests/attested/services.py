# SPDX-License-Identifier: Apache-2.0
"""LAS and CAS for a test, on free ports and with a state of their own, and the commands of an owner who uses them."""
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Dict, List, Optional

from suite import Context, Fail, expect, free_port


class Services:
    """start() brings LAS and CAS up; the suite's clean-up ends them. `name` tells several of one test apart."""

    def __init__(self, context: Context, trace=None, name: str = "."):
        self.context = context
        self.trace = trace or (lambda name, argv: argv)
        self.owner_side = context.scratch / name / "owner"  # the owner's machine
        self.host_side = context.scratch / name / "host"    # the machine that everything runs on
        self.simulation = self.host_side / "simulation"
        for folder in (self.owner_side, self.host_side):
            folder.mkdir(parents=True)
        self.las, self.collateral, self.api, self.enclaves = (f"127.0.0.1:{free_port()}" for _ in range(4))
        self.las_process: Optional[subprocess.Popen] = None
        self.cas_process: Optional[subprocess.Popen] = None
        self.memory: List[str] = []

    # -- environments -----------------------------------------------------------------------------------------------
    def host_environment(self, **more: str) -> Dict[str, str]:
        return {**os.environ, "CLOISTER_SIM_DIR": str(self.simulation), "XDG_CONFIG_HOME": str(self.host_side / "config"),
                **more}

    def owner_environment(self) -> Dict[str, str]:
        return {**os.environ, "XDG_CONFIG_HOME": str(self.owner_side / "config")}

    # -- the host ---------------------------------------------------------------------------------------------------
    def spawn(self, name: str, argv: List[str], environment: Dict[str, str], **popen) -> subprocess.Popen:
        log = (self.host_side / f"{name}.log").open("ab")
        process = subprocess.Popen(self.trace(name, argv), env=environment, cwd=self.host_side, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT, start_new_session=True, **popen)
        self.context.processes.append(process)
        return process

    def log(self, name: str) -> str:
        return (self.host_side / f"{name}.log").read_text(errors="replace")

    def wait_for_text(self, name: str, text: str, seconds: float = 30) -> None:
        """A port answers before the line that speaks of it is in the log."""
        end = time.monotonic() + seconds
        while text not in self.log(name):
            expect(time.monotonic() < end, f"{name} does not say {text!r}: {self.log(name)[-400:]}")
            time.sleep(0.05)

    def ends(self) -> str:
        """Of services that are gone although nobody stopped them: how, and their last words."""
        processes = (("las", self.las_process), ("cas", self.cas_process))
        return "; ".join(f"{name} has ended with {process.returncode}: {self.log(name)[-600:]}" for name, process in processes
                         if process is not None and process.poll() is not None)

    def wait_for(self, name: str, process: subprocess.Popen, address: str, seconds: float = 60) -> None:
        host, port = address.rsplit(":", 1)
        end = time.monotonic() + seconds
        while subprocess.run(["bash", "-c", f"exec 3<>/dev/tcp/{host}/{port}"], capture_output=True).returncode:
            expect(process.poll() is None, f"{name} ended: {self.log(name)[-600:]}")
            expect(time.monotonic() < end, f"{name} does not listen at {address}: {self.log(name)[-600:]}")
            time.sleep(0.05)

    def start_las(self, *options: str) -> None:
        self.las_process = self.spawn("las", [self.context.cloister, "las", "serve", "--listen", self.las, "--collateral-listen",
                                              self.collateral, "--dir", str(self.simulation), *options], self.host_environment())
        self.wait_for("las", self.las_process, self.las)

    def cas_command(self, *options: str) -> List[str]:
        return [self.context.cloister, "cas", "serve", "--dir", str(self.host_side / "cas"), "--owner", self.owner_key_hash(),
                "--api-listen", self.api, "--enclave-listen", self.enclaves, "--las", self.las, "--las-collateral",
                f"https://localhost:{self.collateral.split(':')[1]}", *self.memory, *options]

    def start_cas(self, *options: str) -> None:
        self.cas_process = self.spawn("cas", self.cas_command(*options), self.host_environment())
        self.wait_for("cas", self.cas_process, self.api)
        self.wait_for("cas", self.cas_process, self.enclaves)

    def start(self) -> None:
        self.start_las()
        self.start_cas()

    def start_beside(self, other: "Services") -> None:
        """A CAS of its own on the machine of `other`, whose LAS it shares."""
        self.simulation, self.las, self.collateral = other.simulation, other.las, other.collateral
        self.start_cas()

    def kill_cas(self) -> None:
        expect(self.cas_process is not None, "no CAS runs")
        self.cas_process.kill()
        self.cas_process.wait()

    def stop(self, process: subprocess.Popen) -> None:
        process.terminate()
        expect(process.wait(30) == 0, f"exit status {process.returncode} after SIGTERM")

    def run_service(self, name: str, config_id: str, *argv: str, arguments=(), **environment: str) -> subprocess.Popen:
        """`cloister run -- PROG` of a service; the host's own arguments are in `arguments`."""
        return self.spawn(name, [self.context.cloister, "run", *self.memory, "--", *argv, *arguments],
                          self.host_environment(CLOISTER_CAS_ADDR=self.enclaves, CLOISTER_CONFIG_ID=config_id,
                                                CLOISTER_LAS_ADDR=self.las, **environment))

    # -- the owner --------------------------------------------------------------------------------------------------
    def owner(self, *argv: str, status: int = 0, environment: Optional[Dict[str, str]] = None) -> str:
        """A command of the owner's, or of whose environment it is."""
        done = subprocess.run([self.context.cloister, *argv], env=environment or self.owner_environment(), cwd=self.owner_side,
                              timeout=120, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        expect(done.returncode == status, f"cloister {' '.join(argv[:3])}: exit status {done.returncode}: {done.stderr[-600:]}")
        return done.stdout + done.stderr

    def owner_key_hash(self) -> str:
        return self.owner("cas", "owner").split()[-1]

    def attest(self, *options: str, environment: Optional[Dict[str, str]] = None, status: int = 0) -> str:
        mrenclave = json.loads(self.owner("cas", "measure", "--json"))["mrenclave"]
        return self.owner("cas", "attest", self.api, "--mrenclave", mrenclave, "--trusted-root", str(self.root()),
                          "--pccs", f"https://{self.collateral}", "--pccs-ca", str(self.simulation / "attestation" / "pccs.pem"),
                          *options, environment=environment, status=status)

    def cas_key_hash(self) -> str:
        """SHA-256 of the key that CAS serves with, as it says when it has started: after its ports are open."""
        end = time.monotonic() + 20
        while ", key " not in self.log("cas"):
            expect(time.monotonic() < end, f"CAS does not say its key: {self.log('cas')[-600:]} {self.ends()}")
            time.sleep(0.05)
        return self.log("cas").rsplit(", key ", 1)[1].split(",")[0]

    def root(self) -> Path:
        return self.simulation / "attestation" / "root.pem"

    def root_hash(self) -> str:
        """SHA-256 of the simulation root's SubjectPublicKeyInfo, as a session names it."""
        done = subprocess.run(f"openssl x509 -in {self.root()} -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum",
                              shell=True, capture_output=True, text=True, check=True)
        return done.stdout.split()[0]

    def mrenclave(self, *argv: str) -> str:
        return json.loads(self.owner("measure", "--policy", "--json", "--", *argv))["mrenclave"]

    def session(self, name: str, text: str) -> Path:
        path = self.owner_side / f"{name}.yaml"
        path.write_text(text)
        return path

    def create(self, name: str, text: str) -> str:
        return self.owner("session", "create", str(self.session(name, text)), "--cas", self.api)

    def audit(self) -> List[dict]:
        lines = self.owner("cas", "audit", "tail", "--json", "-n", "1000000", "--cas", self.api).splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def refusals(self) -> str:
        """Why CAS refused whom, for the reports of failed tests."""
        try:
            return json.dumps([entry for entry in self.audit() if entry["kind"] == "attestation_refused"])
        except Exception as error:  # CAS may be what is gone
            return f"no audit log: {error}"


def until(services: Services, process: subprocess.Popen, name: str, answers, seconds: float = 60) -> None:
    """Waits for a service that runs to answer."""
    end = time.monotonic() + seconds
    while not answers():
        if process.poll() is not None:
            raise Fail(f"{name} ended ({process.returncode}): {services.log(name)[-800:]} {services.refusals()}")
        expect(time.monotonic() < end, f"{name} does not answer: {services.log(name)[-800:]}")
        time.sleep(0.1)

# SPDX-License-Identifier: Apache-2.0
"""Releases of a CAS that runs in an enclave: rate and latency, with quote verification and the durable audit row.

Last, what proving itself adds to an enclave's start: `true` with a policy beside `true` without.

The load (bench/cas_load.cc) speaks the enclaves' side of the protocol with real quotes of the simulated platform; no enclave is
started in the loop. Server and load share the machine; the load's share of the processors is printed, and beside it what OpenSSL
reaches with two threads at the same time of day, which says how much machine there is.
"""
import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "attested"))
import suite  # noqa: E402
from measure import Table  # noqa: E402
from services import Services  # noqa: E402

SESSION = """name: bench
version: "0.3.10"
security: {{attestation: {{mode: hardware, insecure_simulation_root: {root}}}}}
services:
  - name: service
    image_name: image
    command: [program, "--password", "$$SCONE::password$$"]
    environment: {{TOKEN: "$$SCONE::password$$"}}
    attestation: [{{mrenclave: [{mrenclave}]}}]
images:
  - name: image
    injection_files: [{{path: /etc/secret, content: "$$SCONE::password$$"}}]
secrets: [{{name: password, kind: ascii, size: 32}}]
"""
STARTED = """name: started
version: "0.3.10"
security: {{attestation: {{mode: hardware, insecure_simulation_root: {root}}}}}
services:
  - name: service
    command: [{program}]
    attestation: [{{mrenclave: [{mrenclave}]}}]
"""
PROGRAM = "/bin/true"
STARTS = 20
MRENCLAVE = "ab" * 32
# (arrivals a second, seconds; with --quick)
LATENCIES = ((300, 20, 5), (500, 20, 5))
AS_FAST_AS_IT_GOES = (0, 20, 5)


def calibration() -> str:
    done = subprocess.run(["openssl", "speed", "-seconds", "2", "-multi", "2", "ecdsap256"], capture_output=True, text=True)
    return next((line.strip() for line in done.stdout.splitlines() if "ecdsa" in line and "nistp256" in line), "not there")


class Load:
    """A CAS with one session, and releases from it."""

    def __init__(self, setup):
        self.setup = setup
        self.binaries = ROOT / "build" / setup.options.preset / "bin"
        subprocess.run(["cmake", "--build", "--preset", setup.options.preset, "--target", "cas_load"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
        folder = setup.scratch / "cas"
        folder.mkdir()
        self.context = suite.Context(suite.Test("bench", lambda _: None),
                                     argparse.Namespace(cloister=str(self.binaries / "cloister"), run_option=[]), folder)
        self.services = Services(self.context)

    def start(self) -> None:
        self.services.start()
        self.services.attest()
        self.services.create("bench", SESSION.format(root=self.services.root_hash(), mrenclave=MRENCLAVE))

    def create_started(self) -> None:
        self.services.create("started", STARTED.format(root=self.services.root_hash(), program=PROGRAM,
                                                       mrenclave=self.services.mrenclave(PROGRAM)))

    def start_program(self, is_attested: bool) -> float:
        """Milliseconds from the command to its end."""
        began = time.perf_counter()
        if is_attested:
            process = self.services.run_service("started", "started/service", PROGRAM)
        else:
            process = self.services.spawn("started", [self.context.cloister, "run", "--", PROGRAM], self.services.host_environment())
        if process.wait(60) != 0:
            raise RuntimeError(f"{PROGRAM}: {self.services.log('started')[-300:]}")
        return (time.perf_counter() - began) * 1000

    def run(self, rate: int, seconds: int, quick_seconds: int) -> dict:
        done = subprocess.run([self.binaries / "cas_load", "--address", self.services.enclaves, "--config-id", "bench/service",
                               "--mrenclave", MRENCLAVE, "--dir", self.services.simulation, "--rate", str(rate), "--seconds",
                               str(quick_seconds if self.setup.options.quick else seconds)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"cas_load: {done.stdout.strip()} {done.stderr.strip()[-300:]}; {self.services.log('cas')[-300:]}")
        return json.loads(done.stdout)

    def close(self) -> None:
        for process in self.context.processes:
            process.terminate()
            process.wait(20)


def rest(got: dict) -> str:
    """What the tables have no column for."""
    return (f"{got['per_second']:.0f} a second, p90 {got['p90_ms']:.1f} ms, p99 {got['p99_ms']:.1f} ms, load's share "
            f"{got['generator_cpu_seconds'] / got['seconds']:.2f} CPUs")


def run(setup) -> list:
    latency = Table("CAS: median time of a release, by releases a second", "ms", False,
                    {"300 a second": ("at most", 6), "500 a second (stretch)": ("at most", 4)})
    speed = Table("CAS: releases, as fast as it goes", "a second", True, {"16 at a time": ("at least", 400)})
    speed.notes["calibration"] = f"calibration: {calibration()}"
    started = Table("start of `true` with a policy", "ms", False)
    load = Load(setup)
    try:
        load.start()
        load.create_started()
        for number in range(2 if setup.options.quick else STARTS):
            elapsed = {side: load.start_program(side) for side in ((True, False) if number % 2 else (False, True))}
            if number:  # the first ones fill the caches
                started.add("unattested", "inside", elapsed[False])
                started.add("attested", "inside", elapsed[True])
                started.add("the difference", "inside", elapsed[True] - elapsed[False])
        for _ in range(min(setup.rounds, 3)):
            for row, arrivals in zip(latency.goals, LATENCIES):
                got = load.run(*arrivals)
                latency.add(row, "inside", got["p50_ms"])
                latency.notes[row] = f"{row}, last round: {rest(got)}"
            got = load.run(*AS_FAST_AS_IT_GOES)
            speed.add("16 at a time", "inside", got["per_second"])
            speed.notes["last"] = f"last round: {rest(got)}, p50 {got['p50_ms']:.1f} ms"
    finally:
        load.close()
    return [latency, speed, started]

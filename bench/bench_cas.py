# SPDX-License-Identifier: Apache-2.0
"""Releases of a CAS that runs in an enclave: rate and latency, with quote verification and the durable audit row.

The load (bench/cas_load.cc) speaks the enclaves' side of the protocol with real quotes of the simulated platform; no enclave is
started in the loop. Server and load share the machine; the load's share of the processors is printed, and beside it what OpenSSL
reaches with two threads at the same time of day, which says how much machine there is.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "attested"))
import suite  # noqa: E402
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
MRENCLAVE = "ab" * 32
# (name, arrivals a second, goals: releases a second, milliseconds at the median)
LOADS = (("300 a second", 300, None, 6), ("500 a second", 500, None, 4), ("as fast as it goes", 0, 400, None))


def calibration() -> str:
    done = subprocess.run(["openssl", "speed", "-seconds", "2", "-multi", "2", "ecdsap256"], capture_output=True, text=True)
    return next((line.strip() for line in done.stdout.splitlines() if "ecdsa" in line and "nistp256" in line), "not there")


def run(setup) -> list:
    load = ROOT / "build" / setup.options.preset / "bin" / "cas_load"
    subprocess.run(["cmake", "--build", "--preset", setup.options.preset, "--target", "cas_load"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    cloister = str(ROOT / "build" / setup.options.preset / "bin" / "cloister")
    folder = setup.scratch / "cas"
    folder.mkdir()
    context = suite.Context(suite.Test("bench", lambda _: None), argparse.Namespace(cloister=cloister, run_option=[]), folder)
    services = Services(context)
    seconds = 5 if setup.options.quick else 20
    try:
        services.start()
        services.attest()
        services.create("bench", SESSION.format(root=services.root_hash(), mrenclave=MRENCLAVE))
        print("\n== CAS: releases, with quote verification and durable audit rows")
        print(f"calibration  {calibration()}")
        for name, rate, least, median in LOADS:
            done = subprocess.run([load, "--address", services.enclaves, "--config-id", "bench/service", "--mrenclave", MRENCLAVE,
                                   "--dir", services.simulation, "--rate", str(rate), "--seconds", str(seconds)],
                                  capture_output=True, text=True)
            if not done.stdout.startswith("{"):
                raise RuntimeError(f"cas_load: {done.stderr.strip()[-300:]}; {services.log('cas')[-300:]}")
            got = json.loads(done.stdout)
            goal = f"goal at least {least} a second" if least else f"goal p50 at most {median} ms"
            met = got["per_second"] >= least if least else got["p50_ms"] <= median
            print(f"{name:20} {got['per_second']:7.1f} a second   p50 {got['p50_ms']:6.2f} ms  p90 {got['p90_ms']:6.2f}  p99 "
                  f"{got['p99_ms']:6.2f}   refused {got['refused']}, failed {got['failed']}   load's share "
                  f"{got['generator_cpu_seconds'] / got['seconds']:.2f} CPUs   {goal}: {'met' if met else 'MISSED'}", flush=True)
    finally:
        for process in context.processes:
            process.terminate()
            process.wait(20)
    return []

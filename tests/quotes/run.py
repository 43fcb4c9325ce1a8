#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`cloister quote` as a user meets it: exit statuses, JSON, causes; every published case through the command line.

What needs the vectors beside the source tree says so where they are not there; the simulation needs nothing.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import certificates

ROOT = Path(__file__).resolve().parent.parent.parent
VECTORS = ROOT.parent / "shared" / "vectors"
ROOT_CA = "collateral/certs/Intel_SGX_Root_CA.pem"
FLAGS = (("--tcb-info", "tcb_info"), ("--qe-identity", "qe_identity"), ("--pck-crl", "pck_crl"),
         ("--root-crl", "root_ca_crl"), ("--pck-ca-cert", "pck_ca_cert"), ("--tcb-signing-cert", "tcb_signing_cert"))
problems = []


def expect(holds: bool, what: str) -> None:
    if not holds:
        problems.append(what)
        print(f"FAIL {what}", flush=True)


def run(command, *arguments):
    done = subprocess.run([command, "quote", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    answer = json.loads(done.stdout) if "--json" in arguments and done.stdout else None
    return done.returncode, answer, done


def arguments_of(case: dict, quote=None, time=None):
    arguments = ["verify", "--json", "--quote", quote or VECTORS / case["quote"], "--time", time or case["time_unix"],
                 "--trusted-root", VECTORS / (case.get("trusted_root") or ROOT_CA)]
    for flag, key in FLAGS:
        if case.get(key):
            arguments += [flag, VECTORS / case[key]]
    return arguments


def check_case(command, case: dict) -> None:
    status, answer, _ = run(command, *arguments_of(case))
    expected = case["expected"]
    verdict = expected["status"].split(" (no TCB")[0] + (" (no CRL in force)" if not case["pck_crl"] else "")
    name = case["id"]
    expect(status == 0, f"{name}: exit status {status}: {answer}")
    expect(answer["status"] == verdict, f"{name}: {answer['status']} is not {verdict}")
    for key in ("platform_tcb_status", "qe_tcb_status", "tdx_module_status", "tcb_evaluation_data_number",
                "platform_advisories", "qe_advisories", "tdx_module_advisories"):
        if key.startswith("platform_adv") and expected["platform_tcb_status"] == "NoMatchingTcbLevel":
            continue
        if key == "tdx_module_advisories" and answer["tdx_module_status"] == "NoMatchingTcbLevel":
            continue
        expect(answer[key] == expected[key], f"{name}: {key} {answer[key]} is not {expected[key]}")
    expect("error" not in answer, f"{name}: error {answer.get('error')}")


def check_inspect(command, quote: Path, fields: dict) -> None:
    status, answer, _ = run(command, "inspect", quote, "--json")
    expect(status == 0, f"inspect {quote.name}: exit status {status}")
    for key in ("version", "att_key_type", "tee_type", "user_data", "attestation_key", "quote_signature",
                "qe_report_signature", "qe_auth_data", "certification_data_type", "certification_data_length"):
        expect(answer[key] == fields[key], f"inspect {quote.name}: {key}")
    for part in ("body", "qe_report"):
        for key, value in fields[part].items():
            expect(answer[part].get(key) == value, f"inspect {quote.name}: {part}.{key}: {answer[part].get(key)}, {value}")
    for key in ("issuer", "ppid", "svns", "pcesvn", "cpusvn", "pceid", "fmspc", "sgxtype", "root_sha256", "not_after"):
        expect(answer["pck"].get(key) == fields["pck"][key], f"inspect {quote.name}: pck.{key}")


def check_refusals(command, cases) -> None:
    case = next(c for c in cases if c["quote"].startswith("quotes/sgx3-oe"))
    negatives = {"sgx3-oe-bad-intermediate-ca-signature.bin": "PCK CA certificate's signature",
                 "sgx3-oe-bad-root-ca-key.bin": "root CA certificate is malformed",
                 "sgx3-automata-tampered-pck-leaf.bin": "not issued by the PCK CA",
                 "tdx4-automata-bad-pem.bin": "certificate parse failure",
                 "sgx3-fortanix-chain-out-of-order.bin": "certificate chain order",
                 "tdx4-trustee-preproduction-root.bin": "untrusted root",
                 "sgx3-oasis-encrypted-ppid-ct3.bin": "type 3", "sgx3-automata-encrypted-ppid-ct3.bin": "type 3"}
    for name, cause in negatives.items():
        status, answer, done = run(command, *arguments_of(case, quote=VECTORS / "quotes/negative" / name))
        expect(status == 1 and cause in answer["error"] and cause in done.stderr, f"{name}: {status} {answer}")
    for name in ("tcb-fortanix-corrupted.json", "tcb-mobilecoin-docs-example.json", "tcb-lexe-reformatted.json"):
        changed = dict(case, tcb_info=f"collateral/negative/{name}")
        status, answer, _ = run(command, *arguments_of(changed))
        expect(status == 1 and "TCB info's signature" in answer["error"], f"{name}: {status} {answer}")
    changed = dict(case, qe_identity="collateral/negative/qe-fortanix-dcapql-corrupt.json")
    status, answer, _ = run(command, *arguments_of(changed))
    expect(status == 1 and "QE identity's signature" in answer["error"], f"corrupt identity: {status} {answer}")
    changed = dict(case, tcb_info="collateral/malformed/tcb-v2/tcbInfoNegativeCompSvn.json")
    status, answer, _ = run(command, *arguments_of(changed))
    expect(status == 2 and answer["error"], f"malformed TCB info: {status} {answer}")
    for arguments in (["inspect", "/dev/null"], ["inspect", "/nonexistent"], ["inspect"], ["verify", "--quote", "x"],
                      ["frobnicate"]):
        status, _, done = run(command, *arguments)
        expect(status == 2 and done.stderr, f"{arguments}: exit status {status}")


# Where a directory of collateral has what (src/pccs/directory.h).
def publish(case: dict, directory: Path) -> None:
    quote = (VECTORS / case["quote"]).read_bytes()
    tee = "tdx" if int.from_bytes(quote[4:8], "little") == 0x81 else "sgx"
    fmspc = json.loads((VECTORS / case["tcb_info"]).read_text())["tcbInfo"]["fmspc"].lower()
    ca = "platform" if "Platform" in case["pck_ca_cert"] else "processor"
    for name, file in ((case["tcb_info"], f"{tee}/tcb/{fmspc}.json"), (case["qe_identity"], f"{tee}/qe_identity.json"),
                       (case["pck_crl"], f"pckcrl/{ca}.der"), (case["root_ca_crl"], "rootcacrl.der"),
                       (case["tcb_signing_cert"], "tcb_signing.pem")):
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(VECTORS / name, directory / file)


class Pccs:
    """A small server for `directory`, gone at the end of the block."""

    def __init__(self, directory: Path, tls: Path):
        self.command = [sys.executable, str(ROOT / "tools" / "pccs"), str(directory), "--port", "0", "--tls", str(tls), "--quiet"]
        self.ca = tls / "pccs.pem"

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


def check_service(command, cases, folder: Path) -> None:
    chosen = {}
    for case in cases:
        kind = case["quote"].split("/")[1][:5]
        if case["pck_crl"] and kind not in chosen:
            chosen[kind] = case
    for kind, case in chosen.items():
        served, cache = folder / f"served-{kind}", folder / f"cache-{kind}"
        publish(case, served)
        base = ["verify", "--json", "--quote", VECTORS / case["quote"], "--time", case["time_unix"], "--trusted-root",
                VECTORS / ROOT_CA]
        with Pccs(served, folder / "tls") as pccs:
            online = base + ["--pccs", pccs.url, "--pccs-ca", pccs.ca, "--cache", cache]
            status, answer, done = run(command, *online)
            expect(status == 0 and answer["status"] == case["expected"]["status"].split(" (")[0] and answer["crl_in_force"],
                   f"{kind} from the service: {status} {done.stdout} {done.stderr}")
            status, _, done = run(command, *base, "--pccs", pccs.url)
            expect(status == 2 and "TLS" in done.stderr, f"{kind}: a certificate nobody vouches for: {status} {done.stderr}")
            # A service that has gone back to an older document is not believed where a newer one is known.
            name = next((served / kind[:3] / "tcb").iterdir())
            name.unlink()
            status, answer, done = run(command, *base, "--pccs", pccs.url, "--pccs-ca", pccs.ca)
            expect(status == 2 and "404" in done.stderr, f"{kind}: a document that is not there: {status} {done.stderr}")
        for offline in (base + ["--cache", cache], online):
            status, answer, done = run(command, *offline)
            expect(status == 0 and not done.stderr, f"{kind} offline from the cache: {status} {done.stdout} {done.stderr}")
        late = [x if x != case["time_unix"] else case["time_unix"] + 10 * 365 * 86400 for x in online]
        status, answer, done = run(command, *late)
        expect(status == 1 and "expired" in answer["error"], f"{kind}: an old cache: {status} {done.stdout}")
    status, _, done = run(command, *base, "--pccs", "http://localhost/")
    expect(status == 2 and "https://" in done.stderr, f"plain HTTP: {status} {done.stderr}")


def check_simulation(command, folder: Path) -> None:
    os.environ["CLOISTER_SIM_DIR"] = str(folder / "sim")
    quote, collateral, root = folder / "quote", folder / "collateral", folder / "sim" / "attestation" / "root.pem"
    verify = ["verify", "--quote", quote, "--trusted-root", root, "--cache", collateral]

    def simulate(*arguments) -> None:
        status, _, done = run(command, "simulate", *arguments)
        expect(status == 0, f"simulate {arguments}: {status} {done.stderr}")
        lines = done.stdout.splitlines() + done.stderr.splitlines()
        expect(lines and all("simulation" in line for line in lines), f"simulate {arguments}: a line without the word")

    def expect_status(wanted, exit_status=0, error=""):
        status, answer, done = run(command, *verify, "--json")
        expect(status == exit_status and answer["status"] == wanted and answer["simulation"] and error in answer.get("error", ""),
               f"simulation: {status} {done.stdout} instead of {wanted}")
        status, _, done = run(command, *verify)
        lines = done.stdout.splitlines() + done.stderr.splitlines()
        expect(lines and all("simulation" in line for line in lines), f"simulation: a line without the word: {done.stdout}")

    simulate("quote", "--out", quote, "--mrenclave", "ab" * 32, "--reportdata", "5a")
    simulate("collateral", "--dir", collateral)
    expect_status("UpToDate")
    status, answer, _ = run(command, "inspect", quote, "--json")
    expect(status == 0 and answer["simulation"] and answer["body"]["mrenclave"] == "ab" * 32, f"inspect: {answer}")
    _, _, done = run(command, "inspect", quote)
    expect(all("simulation" in line for line in done.stdout.splitlines()), "inspect: a line without the word")
    simulate("collateral", "--dir", collateral, "--tcb-level", 2)
    expect_status("OutOfDate")
    simulate("platform", "--cpusvn", "02" * 16)
    simulate("quote", "--out", quote)
    expect_status("UpToDate")
    simulate("platform", "--pcesvn", 1)
    simulate("quote", "--out", quote)
    expect_status("OutOfDate")
    simulate("platform", "--pcesvn", 13, "--cpusvn", "00" * 16)
    simulate("quote", "--out", quote)
    expect_status("Revoked")
    simulate("platform", "--cpusvn", "02" * 16)
    simulate("quote", "--out", quote)
    simulate("collateral", "--dir", collateral, "--tcb-level", 2, "--revoke")
    expect_status("Revoked", 1, "revoked")
    simulate("collateral", "--dir", collateral, "--tcb-level", 2)
    with Pccs(collateral, folder / "sim-tls") as pccs:
        verify[-2:] = ["--pccs", pccs.url, "--pccs-ca", pccs.ca]
        expect_status("UpToDate")
        # Another installation's root is another root.
        os.environ["CLOISTER_SIM_DIR"] = str(folder / "other")
        simulate("platform")
        verify[verify.index(root)] = folder / "other" / "attestation" / "root.pem"
        expect_status(None, 1, "untrusted root")


def check_certificates(command, folder: Path) -> None:
    os.environ["CLOISTER_SIM_DIR"] = str(folder / "sim-certificates")
    collateral, root = folder / "collateral-certificates", folder / "sim-certificates" / "attestation" / "root.pem"
    status, _, done = run(command, "simulate", "collateral", "--dir", collateral)
    expect(status == 0, f"collateral: {done.stderr}")
    certificates.check_made(run, expect, command, folder, ["--trusted-root", root, "--cache", collateral])


def check_vectors(command, folder: Path) -> int:
    cases = json.loads((VECTORS / "quotes/cases.json").read_text())
    fields = json.loads((VECTORS / "quotes/fields.json").read_text())
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(check_case, command, case) for case in cases]:
            job.result()
        for job in [pool.submit(check_inspect, command, VECTORS / "quotes" / name, f) for name, f in fields.items()]:
            job.result()
    check_refusals(command, cases)
    check_service(command, cases, folder)
    return len(cases) + certificates.check_published(run, expect, command, VECTORS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--command", required=True, help="the cloister command")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check_simulation(options.command, Path(folder))
        check_certificates(options.command, Path(folder))
        count = 0
        if (VECTORS / "quotes/cases.json").is_file():
            count = check_vectors(options.command, Path(folder))
        else:
            print(f"NOT RUN: the published cases; no vectors at {VECTORS}")
    print(f"quotes: {count} cases, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Certificates that carry evidence, through the command line: made by OpenSSL's command and a writer of their own, so that
reader and writer are two programs, and those that others have published."""
import hashlib
import json
import subprocess
from pathlib import Path

TAGGED, GRAMINE, INTEL = "2.23.133.5.4.9", "0.6.9.42.840.113741.1337.6", "1.2.840.113741.1.13.1"
OPEN_ENCLAVE = "1.3.6.1.4.1.311.105.1"
MAY_2023 = "1684500000"


def openssl(*arguments) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


def cbor(major: int, number: int, tail: bytes = b"") -> bytes:
    if number < 24:
        return bytes([major << 5 | number]) + tail
    size = 1 if number < 256 else 2
    return bytes([major << 5 | (23 + size)]) + number.to_bytes(size, "big") + tail


def make_claims(public_key: bytes, nonce: bytes = b"") -> bytes:
    digest = b"\x82\x01" + cbor(2, 32, hashlib.sha256(public_key).digest())
    claims = cbor(3, 11, b"pubkey-hash") + cbor(2, len(digest), digest)
    if nonce:
        claims = cbor(3, 5, b"nonce") + cbor(2, len(nonce), nonce) + claims
    return cbor(5, 2 if nonce else 1, claims)


def tagged(quote: bytes, claims: bytes) -> bytes:
    return cbor(6, 60000) + cbor(4, 2) + cbor(2, len(quote), quote) + cbor(2, len(claims), claims)


class Maker:
    """An enclave's key, and quotes of the simulated platform for it."""

    def __init__(self, run, command, folder: Path):
        self.run, self.command, self.folder = run, command, folder
        self.key = folder / "key.pem"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key)
        self.public_key = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")

    def quote(self, hashed: bytes, mrenclave: str = "ab" * 32) -> bytes:
        out = self.folder / "quote"
        status, _, done = self.run(self.command, "simulate", "quote", "--out", out, "--mrenclave", mrenclave, "--reportdata",
                                   hashlib.sha256(hashed).hexdigest())
        assert status == 0, done.stderr
        return out.read_bytes()

    def certificate(self, extensions, key=None, form: str = "PEM") -> Path:
        config, out = self.folder / "config", self.folder / "certificate"
        lines = "".join(f"{oid}=DER:{value.hex()}\n" for oid, value in extensions)
        config.write_text(f"[req]\ndistinguished_name=n\nx509_extensions=e\nprompt=no\n[n]\nCN=maker\n[e]\n{lines}")
        openssl("req", "-x509", "-key", key or self.key, "-config", config, "-outform", form, "-out", out, "-days", "30")
        return out


def check_made(run, expect, command, folder: Path, judge_with) -> None:
    """`judge_with`: the arguments that judge quotes of this simulation."""
    maker = Maker(run, command, folder)
    nonce = bytes(range(32))
    claims = make_claims(maker.public_key, nonce)
    quote = maker.quote(claims)
    bare = maker.quote(maker.public_key)
    open_enclave = b"\1\0\0\0\2\0\0\0" + len(bare).to_bytes(8, "little") + bare

    def verify(certificate: Path, *more):
        return run(command, "verify", "--quote", certificate, *judge_with, *more, "--json")

    good = [(TAGGED, tagged(quote, claims))]
    for what, extensions, form in (("tagged", good, "PEM"), ("in DER", good, "DER"), ("Gramine's", good + [(GRAMINE, bare)], "PEM"),
                                   ("Intel's", good + [(INTEL, quote)], "PEM"), ("Open Enclave's", [(OPEN_ENCLAVE, open_enclave)], "PEM")):
        certificate = maker.certificate(extensions, form=form)
        status, answer, done = verify(certificate)
        expect(status == 0 and answer["verified"] and answer["status"] == "UpToDate", f"{what}: {status} {done.stdout} {done.stderr}")
        expect(answer["certificate"]["public_key_sha256"] == hashlib.sha256(maker.public_key).hexdigest(), f"{what}: the key")
        expect(len(answer["evidence"]) == len(extensions) and all(one["bound"] for one in answer["evidence"]), f"{what}: bound")
        status, answer, done = run(command, "inspect", certificate, "--json")
        expect(status == 0 and answer["kind"] == "certificate" and answer["quote"]["version"] == 3, f"inspect {what}: {done.stdout}")
    certificate = maker.certificate(good)
    status, answer, _ = verify(certificate, "--nonce", nonce.hex())
    expect(status == 0 and answer["evidence"][0]["claims"]["nonce"] == nonce.hex(), f"nonce: {status} {answer}")
    status, answer, _ = verify(certificate, "--nonce", "00" * 32)
    expect(status == 1 and "another nonce" in answer["error"] and not answer["verified"], f"another nonce: {status} {answer}")
    expect(verify(maker.folder / "quote", "--nonce", "00")[0] == 2, "a nonce for a quote")
    for form in ((), ("--json",)):
        _, _, done = run(command, "verify", "--quote", certificate, *judge_with, *form)
        lines = done.stdout.splitlines() if not form else []
        expect(all(line.startswith("simulation: ") for line in lines), f"a line without the word: {done.stdout}")

    other = folder / "other.pem"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", other)
    text = certificate.read_text()
    place = len(text) // 2
    flipped = text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1:]

    def written(data) -> Path:
        out = folder / "tampered"
        out.write_bytes(data if isinstance(data, bytes) else data.encode())
        return out
    refusals = (
        ("another key", lambda: maker.certificate(good, key=other), 1, "another public key"),
        ("another quote", lambda: maker.certificate([(TAGGED, tagged(bare, claims))]), 1, "other claims"),
        ("another enclave's quote beside it",
         lambda: maker.certificate(good + [(GRAMINE, maker.quote(maker.public_key, "cd" * 32))]), 1, "different enclaves"),
        ("another copy", lambda: maker.certificate(good + [(INTEL, bare)]), 1, "tagged evidence"),
        ("no evidence", lambda: maker.certificate([("1.2.3", b"\5\0")]), 2, "carries no evidence"),
        ("another tag", lambda: maker.certificate([(TAGGED, b"\xd9\xea\x61" + tagged(quote, claims)[3:])]), 2, "REPORT"),
        ("a flipped bit", lambda: written(flipped), 1, "signature"),
        ("half of it", lambda: written(text[:len(text) // 2]), 2, "PEM"),
        ("half of it in DER", lambda: written(maker.certificate(good, form="DER").read_bytes()[:3000]), 2, "DER"),
        ("two of them", lambda: written(text + text), 2, "PEM"),
        ("too large", lambda: written(b"\x30\x83" + (300_000).to_bytes(3, "big") + bytes(300_000)), 2, "256 KiB"),
        ("far too large", lambda: written(b"\x30" + bytes(1_000_000)), 2, "larger than"))
    for what, make, wanted, word in refusals:
        status, answer, done = verify(make())
        expect(status == wanted and word in answer["error"] and word in done.stderr and not answer.get("verified"),
               f"{what}: {status} {done.stdout} {done.stderr}")
    late = [*judge_with, "--time", "4000000000"]
    status, answer, _ = run(command, "verify", "--quote", maker.certificate(good), *late, "--json")
    expect(status == 1 and answer["error"] == "the certificate is expired", f"expired: {answer}")


def check_published(run, expect, command, vectors: Path) -> int:
    collateral = vectors / "collateral"
    judge_with = ["--trusted-root", collateral / "certs/Intel_SGX_Root_CA.pem",
                  "--tcb-info", collateral / "tcb/sgx-00606a000000-v3-eval15-20230515T140811Z-9eca11.json",
                  "--qe-identity", collateral / "identity/qe-v2-eval15-20230515T144840Z-5caf22.json",
                  "--pck-crl", collateral / "crl/pck-platform-20230513T210003Z-ec43d1.der",
                  "--root-crl", collateral / "crl/root-20230403T102251Z-f64b58.der",
                  "--tcb-signing-cert", collateral / "certs/Intel_SGX_TCB_Signing-2018-2025.pem"]
    signature = "the certificate's signature does not verify with its own key"
    expected = {"ccc-gramine-cert.pem": (MAY_2023, 0, "OutOfDate", None), "ccc-rats-tls-cert.pem": (MAY_2023, 0, "OutOfDate", None),
                # There is no collateral for this kind of platform.
                "ccc-intel-sgxsdk-cert.pem": (MAY_2023, 1, None, "the PCK certificate was issued in the future"),
                "oe-sgx_cert_ec_bad.der": (MAY_2023, 1, None, signature),
                "oe-sgx_cert_rsa_bad.der": (MAY_2023, 1, None, signature),
                "oe-plugin-evidence.bin": (MAY_2023, 2, None, "the quote's version is none of 3, 4 and 5"),
                "oe-plugin-endorsements.bin": (MAY_2023, 2, None, "the quote's version is none of 3, 4 and 5")}
    names = {path.name for path in (vectors / "ratls").iterdir() if path.suffix != ".md"}
    expect(names == set(expected), f"vectors without a verdict: {sorted(names ^ set(expected))}")
    for name, (time, wanted, verdict, error) in expected.items():
        status, answer, done = run(command, "verify", "--quote", vectors / "ratls" / name, *judge_with, "--time", time, "--json")
        said = (answer.get("error") or "").removeprefix(f"{vectors / 'ratls' / name}: ") or None
        expect((status, answer["status"], said) == (wanted, verdict, error), f"{name}: {status} {json.dumps(answer)[:300]}")
        status, _, _ = run(command, "inspect", vectors / "ratls" / name, "--json")
        expect(status == (2 if wanted == 2 else 0), f"inspect {name}: {status}")
    status, answer, _ = run(command, "verify", "--quote", vectors / "ratls/ccc-rats-tls-cert.pem", *judge_with, "--json")
    expect(status == 1 and answer["error"] == "the certificate is expired", f"today: {answer}")
    return len(expected)

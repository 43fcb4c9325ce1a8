# SPDX-License-Identifier: Apache-2.0
"""CAS's certificate with evidence: what third parties learn from it, and that it opens nothing."""
import http.client
import json
import re
import ssl
import subprocess
from pathlib import Path
from typing import Optional, Tuple

from attacker import DENY, connect, evidence, hello
from reader import Reader
from replay_and_relay import denied
from services import Services
from suite import Context, Test, expect

TAGGED = "2.23.133.5.4.9"


def openssl(*arguments, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, input=stdin, timeout=60).stdout


def key_of_port(at: str, *options: str) -> bytes:
    """The public key of whoever answers, by OpenSSL's client."""
    shown = openssl("s_client", "-connect", at, *options)
    return openssl("x509", "-pubkey", "-noout", stdin=shown)


def fetch(services: Services, *options: str, status: int = 0) -> Tuple[Path, str]:
    out = services.owner_side / "evidence.pem"
    return out, services.owner("cas", "evidence", services.api, "--out", str(out), *options, status=status)


def extension_of(certificate: Path) -> bytes:
    """The evidence as it stands in the certificate."""
    lines = openssl("asn1parse", "-in", certificate).decode().splitlines()
    place = next(i for i, line in enumerate(lines) if line.rstrip().endswith(":" + TAGGED))
    return bytes.fromhex(re.search(r"\[HEX DUMP\]:([0-9A-F]+)", lines[place + 1]).group(1))


def quote_in(value: bytes) -> bytes:
    expect(value[:5] == bytes.fromhex("d9ea608259"), f"not tagged evidence: {value[:8].hex()}")
    return value[7:7 + int.from_bytes(value[5:7], "big")]


def for_third_parties(context: Context) -> None:
    services = Services(context)
    services.start()
    nonce = "5a" * 32
    certificate, said = fetch(services, "--nonce", nonce, "--json")
    answer = json.loads(said)
    expect(answer["nonce"] == nonce and not answer["verified"] and answer["simulation"], said)
    expect(answer["public_key_sha256"] == services.cas_key_hash(), f"another key than {services.cas_key_hash()}: {said}")
    judge_with = ("--quote", str(certificate), "--trusted-root", str(services.root()), "--pccs", f"https://{services.collateral}",
                  "--pccs-ca", str(services.simulation / "attestation" / "pccs.pem"), "--json")
    verdict = json.loads(services.owner("quote", "verify", *judge_with, "--nonce", nonce))
    expect(verdict["verified"] and verdict["status"] == "UpToDate" and verdict["simulation"], f"{verdict}")
    expect(verdict["mrenclave"] == json.loads(services.owner("cas", "measure", "--json"))["mrenclave"], "MRENCLAVE")
    expect(verdict["configid"].startswith(services.owner_key_hash()), "CONFIGID names another owner")
    expect(bytes.fromhex(verdict["evidence"][0]["claims"]["cloister-purpose"]) == b"cloister-cas-certificate-v1", f"{verdict}")
    said = services.owner("quote", "verify", *judge_with, "--nonce", "00" * 32, status=1)
    expect("another nonce" in said, f"another nonce: {said}")
    # Who serves: the same key at both ports, by OpenSSL alone.
    key = openssl("x509", "-pubkey", "-noout", "-in", certificate)
    expect(key_of_port(services.api) == key, "the API has another key")
    expect(key_of_port(services.enclaves, "-alpn", "cloister-cas/1") == key, "the enclaves' port has another key")
    openssl("verify", "-check_ss_sig", "-CAfile", certificate, certificate)
    # It pins nothing.
    said = services.owner("cas", "list", "--json")
    expect(json.loads(said) == [], f"something is trusted: {said}")
    services.owner("cas", "evidence", services.las, "--out", str(certificate) + ".none", status=2)
    expect(not Path(str(certificate) + ".none").exists(), "a file without an answer")


def ask_api(api: str, certificate: Path, key: Path, method: str, path: str, body: Optional[str] = None) -> Tuple[int, bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(certificate, key)
    connection = http.client.HTTPSConnection(api, timeout=20, context=context)
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def opens_nothing(context: Context) -> None:
    reader = Reader(context)
    services = reader.services
    certificate, _ = fetch(services)
    value = extension_of(certificate)
    denied(reader, "the quote of CAS's certificate", hello("shop/reader"), evidence(quote_in(value)), "REPORTDATA")
    # CAS's evidence in a certificate of the attacker's, as a client's: one unknown client like another.
    folder = services.host_side
    for name, line in (("plain", ""), ("copied", f"{TAGGED}=DER:{value.hex()}\n")):
        config = folder / f"{name}.cnf"
        config.write_text(f"[req]\ndistinguished_name=n\nx509_extensions=e\nprompt=no\n[n]\nCN=Cloister CAS\n"
                          f"[e]\nbasicConstraints=CA:FALSE\n{line}")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                folder / f"{name}.key", "-config", config, "-out", folder / f"{name}.pem", "-days", "9")
    said = services.owner("quote", "verify", "--quote", str(folder / "copied.pem"), "--trusted-root", str(services.root()), "--json",
                          status=1)
    expect("another public key" in said, f"copied evidence is believed: {said}")
    asked = (("GET", "/v1/audit", None), ("GET", "/v1/sessions", None), ("GET", "/v1/sessions/shop", None),
             ("POST", "/v1/sessions", "name: mine\nversion: 0.3.11\n"), ("PUT", "/v1/sessions/shop", reader.text),
             ("POST", "/v1/clock:reset?time=1", None))
    for method, path, body in asked:
        plain, copied = (ask_api(services.api, folder / f"{name}.pem", folder / f"{name}.key", method, path, body)
                         for name in ("plain", "copied"))
        expect(copied == plain, f"{method} {path}: {copied} with evidence, {plain} without")
        expect(plain[0] in (401, 403, 404) or plain[1].split() == [b'{"sessions":[]}'], f"{method} {path}: {plain}")
    # The enclaves' port asks for no certificate, and hears of none.
    cas = connect(services.enclaves, client=(folder / "copied.pem", folder / "copied.key"))
    cas.send(hello("shop/reader"))
    expect(cas.receive() is not None, "no CHALLENGE")
    cas.send(evidence(quote_in(value)))
    answer = cas.receive()
    expect(answer is not None and answer[0] == DENY, f"with a client certificate CAS answers {answer!r}")
    reader.works()


TESTS = [Test("certificate_for_third_parties", for_third_parties, 120), Test("certificate_opens_nothing", opens_nothing, 120)]

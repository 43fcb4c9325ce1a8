# SPDX-License-Identifier: Apache-2.0
"""Strangers at CAS's two ports: thousands who say nothing, some who say it slowly, and requests that are too much."""
import http.client
import resource
import select
import socket
import ssl
import struct
import subprocess
import threading
import time
from typing import List

from api_client import ApiClient
from attacker import DENY, address, connect, evidence, hello
from reader import Reader
from services import Services
from suite import Context, Test, expect

WANTED = 10000


def silent(at: str, count: int) -> List[socket.socket]:
    """Connections on which nothing is ever sent."""
    return [socket.create_connection(address(at), 20) for _ in range(count)]


def wait_until_closed(connections: List[socket.socket], seconds: float, what: str) -> float:
    began = time.monotonic()
    poll, left = select.poll(), {connection.fileno(): connection for connection in connections}
    for descriptor in left:
        poll.register(descriptor, select.POLLIN)
    while left:
        expect(time.monotonic() - began < seconds, f"{what}: {len(left)} of {len(connections)} are open after {seconds:.0f} s")
        for descriptor, _ in poll.poll(500):
            try:
                said = left[descriptor].recv(65536)
            except OSError:
                said = b""
            if not said:
                poll.unregister(descriptor)
                left.pop(descriptor).close()
    return time.monotonic() - began


def idle_connections(context: Context) -> None:
    """As many as there are descriptors for, up to 10,000, at each port in turn: the next client is served nevertheless."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(WANTED, (hard - 500) // 2)
    reader = Reader(context)
    services = reader.services
    client = ApiClient(services.api)
    for name, at in (("enclaves' port", services.enclaves), ("API", services.api)):
        began = time.monotonic()
        connections = silent(at, count)
        opened = time.monotonic() - began
        began = time.monotonic()
        reader.works()
        start = time.monotonic() - began
        client.close()
        began = time.monotonic()
        expect(client.ask("GET", "/v1/health")[0] == 200, "the API is not served")
        request = time.monotonic() - began
        last = wait_until_closed(connections, 60, name)
        print(f"# {name}: {count} silent connections in {opened:.1f} s; an enclave started in {start:.1f} s, a request took "
              f"{request * 1000:.0f} ms; all were closed after {last:.1f} s more", flush=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def few_descriptors(context: Context) -> None:
    """CAS with 1024 descriptors, as most systems give: who takes all that the enclaves' port has does not close the API."""
    services = Services(context, trace=lambda name, argv: ["prlimit", "--nofile=1024:1024", *argv] if name == "cas" else argv)
    services.start()
    services.attest()
    reader = Reader(context, services)
    connections = silent(services.enclaves, 1100)
    client = ApiClient(services.api, timeout=5)
    began = time.monotonic()
    expect(client.ask("GET", "/v1/health")[0] == 200, "the API is not served")
    expect(time.monotonic() - began < 4, "the API waits for descriptors")
    wait_until_closed(connections, 60, "few descriptors")
    reader.works()


def slow_clients(context: Context) -> None:
    """A byte now and then keeps no connection open, inside TLS or before it, and nobody else waits."""
    reader = Reader(context)
    services = reader.services
    dripping = []
    for at, protocol, said in ((services.enclaves, "cloister-cas/1", b"\x40\0\0\0\1\1\0"),
                               (services.api, "", b"GET /v1/health HTTP/1.1\r\nHost: cas\r\nX-Slow: " + b"x" * 200)):
        for _ in range(50):
            dripping.append((connect(at, protocol).connection, said))
        for _ in range(50):  # the same at TLS's own beginning
            dripping.append((socket.create_connection(address(at), 20), b"\x16\x03\x01\x02\0\x01" + bytes(500)))
    began, at, open_ = time.monotonic(), 0, list(dripping)
    slowest = 0.0
    while open_:
        expect(time.monotonic() - began < 60, f"{len(open_)} slow clients are there after a minute")
        still = []
        for connection, said in open_:
            try:
                connection.settimeout(0.001)
                connection.sendall(said[at % len(said):at % len(said) + 1])
                try:
                    gone = connection.recv(4096) == b""
                except (TimeoutError, ssl.SSLWantReadError):
                    gone = False
            except (OSError, ssl.SSLError):
                gone = True
            if not gone:
                still.append((connection, said))
        open_, at = still, at + 1
        if at == 3:
            reader.works()
        asked = time.monotonic()
        ApiClient(services.api).ask("GET", "/v1/health")
        slowest = max(slowest, time.monotonic() - asked)
        time.sleep(0.5)
    print(f"# {len(dripping)} slow clients were gone after {time.monotonic() - began:.0f} s; others waited {slowest * 1000:.0f} ms at most",
          flush=True)


def too_much(context: Context) -> None:
    """Input of every wrong size at the API: a 4xx that says what, and CAS goes on."""
    reader = Reader(context)
    services = reader.services
    identity = services.owner_side / "config" / "cloister"
    head = 'name: x\nversion: "0.3.10"\n'
    bombs = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    cases = {
        "5 MiB": (413, head + "#" * (5 << 20)), "deep sequences": (400, head + "services: " + "[" * 100000),
        "deep mappings": (400, head + "services: " + "{a: " * 100000), "deep blocks": (400, head + "".join(
            " " * i + "a:\n" for i in range(1, 1500))), "aliases": (400, head + bombs), "a NUL": (400, head + "\0"),
        "no UTF-8": (400, head.encode() + b"\xff\xfe"), "nothing": (400, ""), "many services": (400, head + "services:\n" + "".join(
            f"- {{name: s{i}, command: x}}\n" for i in range(20000))), "a long name": (400, head.replace("x", "x" * 100000)),
        "4 MiB of services": (400, (head + "services:\n" + "".join(f"- {{name: s{i}, command: x}}\n" for i in range(150000)))[:4 << 20]),
        "a long secret": (400, head + "secrets:\n- {name: s, kind: ascii, size: 99999999999999999999}\n"),
    }
    slowest = ("", 0.0)
    for name, (status, text) in cases.items():
        client = ApiClient(services.api, identity)
        began = time.monotonic()
        try:
            found, said = client.ask("POST", "/v1/sessions", text if isinstance(text, bytes) else text.encode())
        except (OSError, http.client.HTTPException) as error:
            expect(False, f"{name}: no answer: {error}")
        took = time.monotonic() - began
        slowest = max(slowest, (name, took), key=lambda pair: pair[1])
        expect(400 <= found < 500 and (status == 400 or found == status) and '"error"' in said and len(said) < 20000,
               f"{name}: {found} {said[:200]}")
        client.close()
    expect(slowest[1] < 15, f"the slowest answer was {slowest[0]} with {slowest[1]:.1f} s")
    client = ApiClient(services.api)
    for path, status in (("/" + "a" * 20000, 431), ("/v1/sessions/" + "a/" * 1000, 404), ("/v1/audit?from=" + "9" * 30, 400),
                         ("/v1/attest?nonce=00", 400)):
        found, said = client.ask("GET", path)
        expect(400 <= found < 500 and '"error"' in said, f"{path[:30]}: {found}, not {status}: {said[:200]}")
        client.close()
    reader.works()
    print(f"# {len(cases)} sessions that are too much; the slowest answer was {slowest[0]} with {slowest[1]:.1f} s", flush=True)


def junk_evidence(context: Context) -> None:
    """Strangers whose quotes are none: they fill no disk, and whoever has a quote is granted or refused with a row as ever."""
    reader = Reader(context)
    services = reader.services
    before = len(services.audit())
    began, references = time.monotonic(), []
    for _ in range(200):
        stranger = connect(services.enclaves)
        stranger.send(hello("shop/reader"))
        expect(stranger.receive() is not None, "no CHALLENGE")
        stranger.send(evidence(b"junk"))
        answer = stranger.receive()
        expect(answer is not None and answer[0] == DENY and struct.unpack("<I", answer[1:5])[0] == 1, f"junk: {answer!r}")
        references.append(answer[9:].decode())
        stranger.close()
    took = time.monotonic() - began
    unwritten = references.count("not-written")
    rows = len(services.audit()) - before
    expect(rows == 200 - unwritten and rows <= 60 + took / 10 + 1, f"{rows} rows, {unwritten} of 200 not written, in {took:.0f} s")
    reader.refusal("a service that is not there", "has no service", config_id="shop/nobody")
    reader.works()
    kinds = [row["kind"] for row in services.audit()[before:]]
    expect(kinds.count("attestation_granted") == 1, f"{kinds.count('attestation_granted')} grants")
    print(f"# 200 strangers in {took:.1f} s are {rows} rows", flush=True)


def many_keys(context: Context) -> None:
    """As many RSA keys as a session may have, in as many sessions as CAS works on and more: who reads does not wait for them."""
    services = Services(context)
    services.start()
    services.attest()
    identity = services.owner_side / "config" / "cloister"

    def session(name: str, count: int) -> bytes:
        keys = "".join(f"- {{name: k{i}, kind: private-key, key_type: RSA-3072}}\n" for i in range(count))
        return f'name: {name}\nversion: "0.3.10"\nsecrets:\n{keys}'.encode()

    stranger = services.owner_side / "stranger"
    stranger.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                    "-keyout", stranger / "owner.key", "-out", stranger / "owner.crt"], check=True, capture_output=True)
    for who, count, status, word in ((None, 2000, 401, "certificate"), (stranger, 8, 403, "may not create"),
                                     (stranger, 2000, 422, "256"), (identity, 9, 422, "more than 8")):
        began = time.monotonic()
        found, said = ApiClient(services.api, who).ask("POST", "/v1/sessions", session("many", count))
        took = time.monotonic() - began
        expect(found == status and word in said, f"{count} keys: {found} {said[:200]}")
        expect(took < 8, f"{count} keys: refused after {took:.1f} s")
    answers = []

    def create(name: str) -> None:
        began = time.monotonic()
        status, _ = ApiClient(services.api, identity, timeout=300).ask("POST", "/v1/sessions", session(name, 8))
        answers.append((status, time.monotonic() - began))

    makers = [threading.Thread(target=create, args=(f"rsa{i}",)) for i in range(5)]
    for maker in makers:
        maker.start()
    latencies = []
    while any(maker.is_alive() for maker in makers):
        began = time.monotonic()
        reading = ApiClient(services.api, identity)
        expect(reading.ask("GET", "/v1/sessions")[0] == 200, "the sessions cannot be listed")
        reading.close()
        latencies.append(time.monotonic() - began)
        time.sleep(0.05)
    expect(len(answers) == 5 and all(status == 201 for status, _ in answers), f"{answers}")
    longest = max(took for _, took in answers)
    expect(max(latencies) < max(1.0, longest / 4), f"who reads waits {max(latencies):.1f} s while keys are made for {longest:.1f} s")
    latencies.sort()
    print(f"# 5 sessions of 8 RSA-3072 keys in {longest:.1f} s; {len(latencies)} readers meanwhile waited "
          f"{latencies[len(latencies) // 2] * 1000:.0f} ms, at most {latencies[-1] * 1000:.0f} ms", flush=True)


TESTS = [Test("too_much", too_much, 120), Test("junk_evidence", junk_evidence, 120),
         Test("many_keys", many_keys, 300, slow=True), Test("few_descriptors", few_descriptors, 120, slow=True),
         Test("slow_clients", slow_clients, 120, slow=True), Test("idle_connections", idle_connections, 240, slow=True, alone=True)]

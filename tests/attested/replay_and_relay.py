# SPDX-License-Identifier: Apache-2.0
"""Quotes of honest enclaves in the wrong hands: recorded and sent again, relayed, reflected, and messages out of order."""
import http.client
import json
import ssl
import struct

import attacker
from attacker import DENY, EVIDENCE, GRANT, connect, evidence, hello
from reader import Reader
from suite import Context, Test, expect


def denied(reader: Reader, what: str, first: bytes, second: bytes, word: str) -> None:
    """Both messages on a new connection to CAS: DENY with a reference, whose row has `word`."""
    before = len(reader.services.audit())
    cas = connect(reader.services.enclaves)
    cas.send(first)
    challenge = cas.receive()
    expect(challenge is not None, f"{what}: no CHALLENGE")
    cas.send(second)
    answer = cas.receive()
    expect(answer is not None and answer[0] == DENY, f"{what}: CAS answers {answer!r}")
    code, size = struct.unpack("<II", answer[1:9])
    expect(code == 1 and size == 16 and len(answer) == 9 + size, f"{what}: {answer!r}")
    reader.check_row(what, before, f"reference {answer[9:].decode()}", word)
    expect(cas.receive() is None, f"{what}: CAS says more than DENY")


def own_evidence(api: str) -> bytes:
    """CAS's own quote, which anybody may ask for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(api, timeout=20, context=context)
    connection.request("GET", "/v1/attest?nonce=" + "00" * 32)
    return bytes.fromhex(json.loads(connection.getresponse().read())["quote"])


def replayed(context: Context) -> None:
    reader = Reader(context)
    listener = attacker.Listener(reader.services.las)
    reader.works(CLOISTER_LAS_ADDR=listener.address)
    expect(len(listener.quotes) == 1, f"{len(listener.quotes)} quotes for one start")
    quote = listener.quotes[0]
    first = hello("shop/reader")
    denied(reader, "a quote of another connection", first, evidence(quote), "REPORTDATA")
    denied(reader, "the same again", first, evidence(quote), "REPORTDATA")
    denied(reader, "for another service", hello("shop/clerk"), evidence(quote), "REPORTDATA")
    denied(reader, "CAS's own quote", first, evidence(own_evidence(reader.services.api)), "REPORTDATA")
    denied(reader, "a changed quote", first, evidence(quote[:200] + bytes([quote[200] ^ 1]) + quote[201:]), "REPORTDATA")
    denied(reader, "half a quote", first, evidence(quote[:len(quote) // 2]), "the quote")
    denied(reader, "no quote", first, evidence(b""), "the quote")
    listener.close()


def relayed(context: Context) -> None:
    """The enclave speaks to the attacker, whose other connection ends in CAS. Either the enclave sees another key than in
    CONFIGID, or CAS sees a quote that was made for another connection."""
    reader = Reader(context)
    relay = attacker.Relay(reader.services.enclaves, context.scratch)
    reader.refusal("relayed by the CAS that CONFIGID names", "REPORTDATA", CLOISTER_CAS_ADDR=relay.address)
    kinds = [message[0] for message in relay.recorded]
    expect(kinds == [attacker.HELLO, attacker.CHALLENGE, EVIDENCE, DENY], f"the relay passed on {kinds}")
    recorded_hello, recorded_evidence = relay.recorded[0], relay.recorded[2]
    denied(reader, "HELLO and EVIDENCE of another connection", recorded_hello, recorded_evidence, "REPORTDATA")
    reader.stopped("in the middle before the real CAS", "another key", CLOISTER_CAS_ADDR=relay.address,
                   options=("--cas-key", reader.services.cas_key_hash()))
    expect(len(relay.recorded) == 4, "the enclave said something to another key")
    relay.close()


def out_of_order(context: Context) -> None:
    """What is not the next message, or too long, ends the connection without a word."""
    reader = Reader(context)
    at = reader.services.enclaves
    before = len(reader.services.audit())
    for what, message in (("EVIDENCE first", evidence(b"x" * 100)), ("GRANT from a client", bytes([GRANT]) + bytes(20)),
                          ("EXIT first", bytes([6]) + bytes(12)), ("an empty frame", b""), ("a long frame", bytes([1]) * 65537),
                          ("bytes after HELLO", hello("shop/reader") + b"x"), ("a NUL in a name", hello("shop/reader\0"))):
        cas = connect(at)
        try:
            cas.send(message)
        except (OSError, ssl.SSLError):
            pass
        expect(cas.receive() is None, f"{what}: CAS answers")
    cas = connect(at)
    cas.send(hello("shop/reader"))
    expect(cas.receive() is not None, "no CHALLENGE")
    cas.send(hello("shop/reader"))
    expect(cas.receive() is None, "a second HELLO is answered")
    for protocol in ("", "http/1.1"):
        try:
            answer = connect(at, protocol)
            answer.send(hello("shop/reader"))
            said = answer.receive()
        except (OSError, ssl.SSLError):
            said = None
        expect(said is None, f"ALPN {protocol!r} is served")
    expect(len(reader.services.audit()) == before, "strangers' noise is in the audit log")
    reader.works()


TESTS = [Test("replayed", replayed, 120), Test("relayed", relayed, 120), Test("out_of_order", out_of_order, 120)]

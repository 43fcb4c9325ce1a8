#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Quotes of the simulation from end to end: `cloister las serve`, programs in enclaves that ask for quotes, verification with
the collateral that the service publishes; services that lie; peers that are wrong or slow."""
import hashlib
import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import suite  # noqa: E402
from suite import Context, Test, expect, inside_only, need  # noqa: E402

HERE = Path(__file__).resolve().parent
LABEL = hashlib.sha256(b"cloister-evidence-v1").hexdigest()
PYTHON = """
import sys
place = '/dev/attestation/'
assert open(place + 'attestation_type').read() == 'dcap'
with open(place + 'user_report_data', 'wb') as file: file.write(bytes.fromhex(sys.argv[1]))
sys.stdout.buffer.write(open(place + 'quote', 'rb').read())
"""
REPORT = """
import sys
place = '/dev/attestation/'
with open(place + 'target_info', 'wb') as file: file.write(bytes.fromhex(sys.argv[1]))
sys.stdout.buffer.write(open(place + 'report', 'rb').read())
"""


def environment(simulation: Path, **more: str) -> dict:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "CLOISTER_IMAGE", "XDG_CACHE_HOME") if name in os.environ}
    return {**kept, "CLOISTER_SIM_DIR": str(simulation), **more}


class Service:
    """A LAS of its own; `simulation` is its directory."""

    def __init__(self, context: Context, *options: str, simulation: Path = None):
        self.context = context
        self.simulation = simulation or context.scratch / "sim"
        # PATH and HOME alone: it writes nowhere but into its directory.
        self.process = subprocess.Popen(
            [context.cloister, "las", "serve", "--dir", self.simulation, "--listen", "127.0.0.1:0", "--collateral-listen",
             "127.0.0.1:0", "--json", *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=context.scratch, env={"PATH": os.environ["PATH"], "HOME": str(context.scratch / "home")})
        context.processes.append(self.process)
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if ready else b""
        expect(line != b"", f"the service does not start: {self.process.poll()}")
        self.says = json.loads(line)
        self.address = self.says["listen"]

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def verify(self, quote: bytes, root: str = None):
        """Exit status and verdict of `cloister quote verify` with the collateral of this service."""
        file = self.context.scratch / "quote.bin"
        file.write_bytes(quote)
        done = subprocess.run([self.context.cloister, "quote", "verify", "--json", "--quote", file, "--trusted-root",
                               root or self.says["root"], "--pccs", self.says["collateral"], "--pccs-ca",
                               self.says["tls_certificate"]], capture_output=True, text=True, timeout=60)
        expect(done.stdout != "", f"no verdict: {done.stderr}")
        return done.returncode, json.loads(done.stdout)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


def helper(context: Context) -> str:
    folder = context.options.build / "tests" / "las"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "quoted"
    if not program.exists() or program.stat().st_mtime < (HERE / "quoted.c").stat().st_mtime:
        temporary = folder / f"quoted.{context.test.name}.tmp"
        subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", HERE / "quoted.c", "-o", temporary], check=True, timeout=60)
        os.replace(temporary, program)
    return str(program)


def run_inside(context: Context, simulation: Path, argv, *options: str, timeout: float = 60, **more: str):
    return subprocess.run([context.cloister, "run", *context.options.run_option, *options, "--", *argv], capture_output=True,
                          timeout=timeout, cwd=context.scratch, stdin=subprocess.DEVNULL, env=environment(simulation, **more))


def ask(context: Context, service: Service, address: str, data: str = "5a", count: int = 1, *options: str):
    """The helper's lines, the runtime's lines, and the last quote."""
    done = run_inside(context, service.simulation, [helper(context), data, str(count)], "--las", address, *options)
    lines = done.stderr.decode().splitlines()
    return ([line for line in lines if not line.startswith("cloister: ")],
            [line for line in lines if "no quote" in line], done.stdout)


# -- the whole way ----------------------------------------------------------------------------------------------------
@inside_only
def quote_verifies(context: Context) -> None:
    need("python3")
    service = Service(context)
    data = os.urandom(64).hex()
    done = run_inside(context, service.simulation, ["/usr/bin/python3", "-c", PYTHON, data], "--las", service.address)
    expect(done.returncode == 0, f"python: {done.returncode} {done.stderr[-300:]!r}")
    status, verdict = service.verify(done.stdout)
    expect(status == 0 and verdict["status"] == "UpToDate" and verdict["simulation"] and verdict["verified"], f"{status} {verdict}")
    measured = subprocess.run([context.cloister, "measure", "--", "/usr/bin/python3"], capture_output=True, text=True, timeout=60,
                              env=environment(service.simulation)).stdout.split()[1]
    expect(verdict["mrenclave"] == measured, f"MRENCLAVE {verdict['mrenclave']}, measured {measured}")
    expect(verdict["reportdata"] == data and not verdict["debug"], f"{verdict}")
    other = Service(context, simulation=context.scratch / "other")
    status, verdict = service.verify(done.stdout, other.says["root"])
    expect(status == 1 and "untrusted root" in verdict["error"], f"another simulation's root: {status} {verdict}")
    expect(service.end() == 0 and other.end(signal.SIGINT) == 0, "SIGTERM and SIGINT end it")
    expect(not (context.scratch / "home").exists(), "it wrote elsewhere than into its directory")
    rights = {path.name: path.stat().st_mode & 0o777 for path in (service.simulation / "attestation").iterdir()}
    expect(all(mode == 0o600 for name, mode in rights.items() if "key" in name), f"keys that others may read: {rights}")
    expect(len([name for name in rights if "key" in name]) == 5, f"{rights}")


@inside_only
def debug_enclave_shows(context: Context) -> None:
    service = Service(context)
    _, _, quote = ask(context, service, service.address, "01", 1, "--debug")
    status, verdict = service.verify(quote)
    expect(status == 0 and verdict["debug"], f"{verdict}")


@inside_only
def levels_and_revocation(context: Context) -> None:
    service = Service(context)
    lines, _, quote = ask(context, service, service.address)
    expect(lines == ["type dcap", f"quote {len(quote)} bytes"], f"{lines}")
    service.end()
    for options, exit_status, wanted in ((("--tcb-level", "2"), 0, "OutOfDate"), (("--revoke",), 1, "Revoked"), ((), 0, "UpToDate")):
        service = Service(context, *options)
        status, verdict = service.verify(quote)
        expect(status == exit_status and verdict["status"] == wanted, f"{options}: {status} {verdict}")
        service.end()


@inside_only
def evidence_is_refused(context: Context) -> None:
    """No program gets what could be taken for the runtime's own evidence; everything beside it it gets."""
    service = Service(context)
    for data, wanted in (("11" * 32 + LABEL, "write EPERM"), ("00" * 32 + LABEL, "write EPERM")):
        lines, _, quote = ask(context, service, service.address, data)
        expect(lines == ["type dcap", wanted] and not quote, f"{data}: {lines}")
    near = bytearray(bytes.fromhex(LABEL))
    near[31] ^= 1
    for data in ("11" * 32 + near.hex(), LABEL, LABEL + "00" * 32, "11" * 32 + "00" * 32, ""):
        lines, _, quote = ask(context, service, service.address, data)
        expect(quote[368:432] == bytes.fromhex(data).ljust(64, b"\0"), f"{data}: {lines}")


@inside_only
def closed_root(context: Context) -> None:
    """With a manifest the device is there, too."""
    service = Service(context)
    manifest = context.scratch / "instance"
    done = subprocess.run([context.cloister, "measure", "--policy", "--out", manifest, "--", helper(context), "77"],
                          capture_output=True, text=True, timeout=120, env=environment(service.simulation))
    expect(done.returncode == 0, done.stderr)
    done = subprocess.run([context.cloister, "run", "--memory", "plain", "--las", service.address, "--manifest", manifest],
                          capture_output=True, timeout=60, env=environment(service.simulation), cwd=context.scratch)
    expect(done.returncode == 0 and done.stdout[368:370] == b"\x77\0", f"{done.returncode} {done.stderr}")
    expect(service.verify(done.stdout)[1]["status"] == "UpToDate", "verdict")


@inside_only
def names_of_the_service(context: Context) -> None:
    service = Service(context)
    program = [helper(context), "5a"]
    for name in ("CLOISTER_LAS_ADDR", "SCONE_LAS_ADDR"):
        done = run_inside(context, service.simulation, program, **{name: service.address})
        expect(done.stdout != b"", f"{name}: {done.stderr}")
    done = run_inside(context, service.simulation, program, "--las", service.address, CLOISTER_LAS_ADDR="[::1]:1")
    expect(done.stdout != b"", f"--las comes first: {done.stderr}")
    done = run_inside(context, service.simulation, program)
    expect(b"type none\nquote ENODEV\n" in done.stderr, f"without a service: {done.stderr}")
    port = service.address.rsplit(":", 1)[1]
    done = run_inside(context, service.simulation, program, "--las", f"localhost:{port}")
    expect(done.stdout != b"", f"the host part resolves names: {done.stderr}")
    for options, more in ((("--las", "localhost:0"), {}), ((), {"SCONE_LAS_ADDR": "no-such-host.invalid"})):
        done = run_inside(context, service.simulation, program, *options, **more)
        expect(done.returncode == 2 and (options or ("SCONE_LAS_ADDR",))[0].encode() in done.stderr and
               done.stderr.count(b"\n") == 1, f"{done.stderr}")


@inside_only
def another_simulation(context: Context) -> None:
    """An enclave of one simulated machine and the quoting enclave of another."""
    service = Service(context)
    done = run_inside(context, context.scratch / "elsewhere", [helper(context), "5a"], "--las", service.address)
    expect(b"quote EREMOTEIO\n" in done.stderr and b"refuses the report" in done.stderr, f"{done.stderr}")


# -- a service that lies ----------------------------------------------------------------------------------------------
class Liar:
    """Between the enclave and a real service: `change` gets each answer's frame and gives what is sent; None: silence, b"": the
    connection is closed."""

    def __init__(self, service: Service, change):
        self.service, self.change = service, change
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while True:
            try:
                asker, _ = self.listener.accept()
            except OSError:
                return
            with asker, socket.create_connection(("127.0.0.1", self.service.port)) as real:
                try:
                    self.serve(asker, real)
                except OSError:
                    pass

    def serve(self, asker, real) -> None:
        while True:
            request = receive_frame(asker)
            if request is None:
                return
            real.sendall(request)
            said = self.change(receive_frame(real))
            if said is None:  # until the other end gives up
                asker.recv(1)
                return
            if said == b"":
                return
            asker.sendall(said)

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.listener.close()


def receive(connection, size: int):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            return None
        data += part
    return data


def receive_frame(connection):
    prefix = receive(connection, 4)
    return None if prefix is None else prefix + receive(connection, struct.unpack("<I", prefix)[0])


def on_quotes(change):
    """Applies to QUOTE answers: `change` gets the quote and the QE report, and gives both."""
    def apply(frame: bytes) -> bytes:
        if frame[5] != 0x82:
            return frame
        size = struct.unpack_from("<I", frame, 6)[0]
        quote, report = change(frame[10:10 + size], frame[10 + size:])
        body = bytes([1, 0x82]) + struct.pack("<I", len(quote)) + quote + report
        return struct.pack("<I", len(body)) + body
    return apply


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


@inside_only
def lies(context: Context) -> None:
    service = Service(context)
    seen = {}

    def replay(quote, report):
        return seen.setdefault("first", (quote, report))
    _, _, foreign = ask(context, service, service.address, "0badc0de")
    cases = [
        ("another enclave's quote", on_quotes(lambda quote, report: (foreign, report)), "EBADMSG", "is over another report"),
        ("a changed signature", on_quotes(lambda quote, report: (flipped(quote, 440), report)), "EBADMSG", "not about this quote"),
        ("a changed report body", on_quotes(lambda quote, report: (flipped(quote, 50), report)), "EBADMSG", "over another report"),
        ("the debug bit", on_quotes(lambda quote, report: (quote[:96] + bytes([quote[96] | 2]) + quote[97:], report)), "EBADMSG",
         "over another report"),
        ("a changed PCK certificate", on_quotes(lambda quote, report: (flipped(quote, 2000), report)), "EBADMSG", "not about this quote"),
        ("a short quote", on_quotes(lambda quote, report: (quote[:-1], report)), "EBADMSG", "no quote"),
        ("a padded quote", on_quotes(lambda quote, report: (quote + bytes(10), report)), "EBADMSG", "no quote"),
        ("no quote", on_quotes(lambda quote, report: (b"", report)), "EBADMSG", "no quote"),
        ("no QE report", on_quotes(lambda quote, report: (quote, b"")), "EBADMSG", "does not vouch"),
        ("a changed QE report", on_quotes(lambda quote, report: (quote, flipped(report, 330))), "EBADMSG", "not made on this machine"),
        ("a frame too large", lambda frame: b"\xff\xff\xff\x7f" + frame[4:], "EPROTO", "no message"),
        ("a frame of another version", lambda frame: frame[:4] + b"\2" + frame[5:], "EPROTO", "no message"),
        ("no frame", lambda frame: b"HTTP/1.1 400 Bad Request\r\n\r\n", "EPROTO", "no message"),
        ("another answer", lambda frame: struct.pack("<I", 10) + b"\1\x82" + struct.pack("<I", 4) + b"none", "EPROTO", "another request"),
        ("half of an answer", lambda frame: frame[:100] if len(frame) > 600 else frame, "ETIMEDOUT", "does not answer"),
        ("its end", lambda frame: b"", "ECONNRESET", "closed the connection"),
        ("busy", lambda frame: struct.pack("<I", 9) + b"\1\xff\3\0later", "EBUSY", "busy"),
        ("escape sequences", lambda frame: struct.pack("<I", 9) + b"\1\xff\4\0\x1b[31m", "EPROTO", "no message"),
    ]
    for what, change, error, cause in cases:
        began = time.monotonic()
        with Liar(service, change) as liar:
            lines, complaints, quote = ask(context, service, liar.address)
        expect(lines == ["type dcap", f"quote {error}"] and not quote, f"{what}: {lines}")
        expect(len(complaints) == 1 and cause in complaints[0] and liar.address in complaints[0], f"{what}: {complaints}")
        expect(time.monotonic() - began < 40, f"{what}: {time.monotonic() - began:.0f} s")
    with Liar(service, on_quotes(replay)) as liar:
        lines, complaints, _ = ask(context, service, liar.address, "5a", 3)
    expect(lines[2:] == ["quote EBADMSG"] * 2 and lines[1].endswith("bytes") and len(complaints) == 1, f"replay: {lines} {complaints}")


@inside_only
def silence(context: Context) -> None:
    """Nobody there, nobody who speaks, and nobody who can be reached: an errno within the time limit, then all is well again."""
    service = Service(context)
    with Liar(service, lambda frame: None) as liar:
        began = time.monotonic()
        lines, complaints, _ = ask(context, service, liar.address)
        seconds = time.monotonic() - began
    expect(lines[1:] == ["quote ETIMEDOUT"] and len(complaints) == 1 and 9 < seconds < 40, f"{lines} {complaints} {seconds:.1f} s")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    lines, complaints, _ = ask(context, service, f"127.0.0.1:{port}", "5a", 3)
    expect(lines[1:] == ["quote ECONNREFUSED"] * 3 and len(complaints) == 1 and "cloister las serve" in complaints[0], f"{lines} {complaints}")


@inside_only
def a_signal_ends_the_wait(context: Context) -> None:
    service = Service(context)
    with Liar(service, lambda frame: None) as liar:
        process = subprocess.Popen([context.cloister, "run", *context.options.run_option, "--las", liar.address, "--", helper(context), "5a"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(service.simulation), cwd=context.scratch)
        context.processes.append(process)
        line = b"-"
        while line and b"type" not in line:
            line = process.stderr.readline()
        time.sleep(1)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        expect(process.wait(20) == -signal.SIGTERM and time.monotonic() - began < 5, f"{process.returncode} after {time.monotonic() - began:.1f} s")


# -- the service against its peers ------------------------------------------------------------------------------------
def exchange(connection, message: bytes) -> bytes:
    body = b"\1" + message
    connection.sendall(struct.pack("<I", len(body)) + body)
    return receive_frame(connection)


@inside_only
def refused_reports(context: Context) -> None:
    """Over the wire: what is no report for this quoting enclave has a code and a text; the connection goes on."""
    service = Service(context)
    target = subprocess.run([context.cloister, "quote", "simulate", "target-info", "--out", context.scratch / "target"],
                            env=environment(service.simulation), capture_output=True, timeout=60)
    expect(target.returncode == 0, target.stderr.decode())
    with socket.create_connection(("127.0.0.1", service.port), 20) as connection:
        answer = exchange(connection, b"\1")
        expect(answer[5] == 0x81 and answer[6:518] == (context.scratch / "target").read_bytes(), "TARGETINFO")
        expect(answer[6:38].hex() == service.says["qe_mrenclave"], "MRENCLAVE of the quoting enclave")
        for what, message, code in (("a report of zeros", b"\2" + bytes(432), 2), ("a short report", b"\2" + bytes(431), 1),
                                    ("a long report", b"\2" + bytes(433), 1), ("no such request", b"\7", 1),
                                    ("a nonce without a target", b"\2" + bytes(432 + 16), 1)):
            answer = exchange(connection, message)
            expect(answer[5] == 0xff and struct.unpack_from("<H", answer, 6)[0] == code and re.fullmatch(rb"[ -~]+", answer[8:]),
                   f"{what}: {answer!r}")
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 64, os.urandom(4096)):
        with socket.create_connection(("127.0.0.1", service.port), 20) as connection:
            connection.sendall(junk)
            try:
                expect(receive(connection, 1) is None, f"an answer to {junk[:20]!r}")
            except ConnectionResetError:
                pass


@inside_only
def flipped_reports(context: Context) -> None:
    """A real report is quoted; with any byte changed, the debug bit among them, it is not."""
    need("python3")
    service = Service(context)
    with socket.create_connection(("127.0.0.1", service.port), 20) as connection:
        target = exchange(connection, b"\1")[6:518]
    done = run_inside(context, service.simulation, ["/usr/bin/python3", "-c", REPORT, target.hex()])
    expect(len(done.stdout) == 432, f"no report: {done.stderr}")
    with socket.create_connection(("127.0.0.1", service.port), 20) as connection:
        answer = exchange(connection, b"\2" + done.stdout)
        expect(answer[5] == 0x82 and answer[10 + 48:10 + 432] == done.stdout[:384], "the report as it is")
        changed = [flipped(done.stdout, at) for at in range(432)]
        changed.append(done.stdout[:48] + bytes([done.stdout[48] | 2]) + done.stdout[49:])
        codes = {exchange(connection, b"\2" + report)[5:8] for report in changed}
        expect(codes == {b"\xff\2\0"}, f"{codes}")
        expect(exchange(connection, b"\2" + done.stdout)[5] == 0x82, "and again as it is")


@inside_only
def slow_peers(context: Context) -> None:
    service = Service(context)
    silent = [socket.create_connection(("127.0.0.1", service.port), 20) for _ in range(200)]
    tls = int(service.says["collateral"].split(":")[2].split("/")[0])
    silent += [socket.create_connection(("127.0.0.1", tls), 20) for _ in range(100)]
    for connection in silent[::2]:
        connection.send(b"\x16")
    lines, _, quote = ask(context, service, service.address)
    expect(quote != b"", f"beside silent peers: {lines}")
    expect(service.verify(quote)[1]["status"] == "UpToDate", "collateral beside silent peers")
    for connection in silent:
        connection.settimeout(20)
        try:
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass
        connection.close()
    began = time.monotonic()
    expect(service.end() == 0 and time.monotonic() - began < 5, "SIGTERM")


@inside_only
def collateral_paths(context: Context) -> None:
    service = Service(context)
    trust = ssl.create_default_context(cafile=service.says["tls_certificate"])

    def get(path: str):
        try:
            with urllib.request.urlopen(service.says["collateral"] + path, context=trust, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, b""
    status, headers, body = get("/tcb?fmspc=53494d000000")
    expect(status == 200 and json.loads(body)["tcbInfo"]["fmspc"] == "53494d000000" and headers["TCB-Info-Issuer-Chain"], f"{status}")
    identity = json.loads(get("/qe/identity")[2])["enclaveIdentity"]
    expect(identity["mrsigner"] == service.says["qe_mrsigner"], "QE identity")
    expect(get("/pckcrl?ca=platform&encoding=der")[2][:1] == b"\x30" and get("/rootcacrl")[2][:2] == b"30", "CRLs")
    expect([get(path)[0] for path in ("/tcb", "/tcb?fmspc=00906ed50000", "/x", "/rootcacrl/..")] == [400, 404, 404, 404], "statuses")
    with socket.create_connection(("127.0.0.1", int(service.says["collateral"].split(":")[2].split("/")[0])), 20) as raw:
        with trust.wrap_socket(raw, server_hostname="localhost") as stream:
            stream.sendall(b"POST /sgx/certification/v4/rootcacrl HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            expect(b" 405 " in stream.recv(100), "POST")


@inside_only
def usage(context: Context) -> None:
    service = Service(context)

    def serve(*options: str):
        done = subprocess.run([context.cloister, "las", "serve", *options], capture_output=True, text=True, timeout=60,
                              env=environment(context.scratch / "sim"), cwd=context.scratch)
        expect(done.stderr.count("\n") == 1, f"{options}: not one line: {done.stderr}")
        return done.returncode, done.stderr
    free = "127.0.0.1:0"
    for options, status, text in ((("--listen", service.address, "--collateral-listen", free), 1, "Address already in use"),
                                  (("--listen", free, "--collateral-listen", service.address), 1, "Address already in use"),
                                  (("--listen", "localhost:1"), 2, "numeric address"), (("--listen", "127.0.0.1"), 2, "numeric address"),
                                  (("--dir", "/proc/nowhere"), 1, "/proc/nowhere")):
        got, said = serve(*options)
        expect(got == status and text in said, f"{options}: {got} {said}")
    line = subprocess.Popen([context.cloister, "las", "serve", "--listen", free, "--collateral-listen", free], text=True,
                            stdout=subprocess.PIPE, env=environment(context.scratch / "sim"))
    context.processes.append(line)
    said = line.stdout.readline()
    line.terminate()
    expect(said.startswith("simulation: LAS at 127.0.0.1:") and line.stdout.read() == "" and line.wait(15) == 0, said)


TESTS = [Test("quote_verifies", quote_verifies, 180), Test("debug_enclave_shows", debug_enclave_shows),
         Test("levels_and_revocation", levels_and_revocation, 120), Test("evidence_is_refused", evidence_is_refused, 120),
         Test("closed_root", closed_root, 180), Test("names_of_the_service", names_of_the_service, 120),
         Test("another_simulation", another_simulation), Test("lies", lies, 400), Test("silence", silence, 120),
         Test("a_signal_ends_the_wait", a_signal_ends_the_wait), Test("refused_reports", refused_reports), Test("flipped_reports", flipped_reports),
         Test("slow_peers", slow_peers, 120), Test("collateral_paths", collateral_paths), Test("usage", usage)]

if __name__ == "__main__":
    sys.exit(suite.main(suite.prepare(suite.arguments(__doc__).parse_args()), TESTS))

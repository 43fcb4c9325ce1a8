# SPDX-License-Identifier: Apache-2.0
"""Debian's servers and network clients under load: nginx, memcached, openssl, curl, node. The other side is always native."""
import hashlib
import http.client
import http.server
import os
import signal
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from suite import Context, Fail, Test, expect, free_port, need, wait_for_port


def sides(context: Context):
    return [False] if context.options.native_only else [False, True]


def in_parallel(count: int, work) -> None:
    problems = []

    def run(number: int) -> None:
        try:
            work(number)
        except Exception as problem:  # shown by the test
            problems.append(f"client {number}: {problem!r}")
    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not problems, "; ".join(problems[:3]))


def end(process: subprocess.Popen, inside: bool, statuses=(0, -signal.SIGTERM)) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(20)
    except subprocess.TimeoutExpired:
        raise Fail(f"inside {inside}: does not end at SIGTERM") from None
    expect(status in statuses, f"inside {inside}: ends with {status}")


NGINX = """daemon off; master_process off; pid {folder}/pid; error_log stderr warn;
events {{ worker_connections 256; }}
http {{ access_log {folder}/access.log; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; {extra}
  server {{ listen 127.0.0.1:{port}; root {folder}/www;
    location /proxied/ {{ proxy_pass http://127.0.0.1:{port}/; }} }}
  server {{ listen 127.0.0.1:{tls_port} ssl; root {folder}/www; ssl_certificate {certificate}; ssl_certificate_key {certificate}; }} }}
"""


def nginx_test(certificate) -> Test:
    def run(context: Context) -> None:
        need("/usr/sbin/nginx")
        big = os.urandom(1 << 20) * 3
        for inside in sides(context):
            folder, port, tls_port = context.fresh_directory(f"nginx-{inside}"), free_port(), free_port()
            (folder / "www").mkdir()
            (folder / "www" / "small").write_text("small\n")
            (folder / "www" / "big").write_bytes(big)
            configuration = folder / "nginx.conf"
            configuration.write_text(NGINX.format(folder=folder, port=port, tls_port=tls_port, certificate=certificate(context),
                                                  extra="sendfile on; tcp_nopush on;"))
            process = context.start(["/usr/sbin/nginx", "-c", str(configuration), "-e", "stderr"], inside,
                                    stderr=subprocess.DEVNULL)
            wait_for_port(port, process, 30)

            def client(number: int) -> None:
                tls = ssl.create_default_context()
                tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
                connection = (http.client.HTTPSConnection("127.0.0.1", tls_port, timeout=30, context=tls) if number % 4 == 3
                              else http.client.HTTPConnection("127.0.0.1", port, timeout=30))
                for i in range(40):
                    path = ("/small", "/big", "/missing", "/proxied/small")[i % 4 if number % 4 != 3 else i % 3]
                    if path == "/big" and i > 10:
                        path = "/small"
                    connection.request("GET", path)
                    reply = connection.getresponse()
                    data = reply.read()
                    wanted = {"/big": (200, big), "/missing": (404, None)}.get(path, (200, b"small\n"))
                    if reply.status != wanted[0] or wanted[1] not in (None, data):
                        raise Fail(f"{path}: {reply.status}, {len(data)} bytes")
                connection.close()
            in_parallel(8, client)
            end(process, inside)
            lines = (folder / "access.log").read_text().splitlines()
            expect(len(lines) >= 320, f"inside {inside}: {len(lines)} lines in the log")
    return Test("nginx", run, 120)


def memcached_test() -> Test:
    def run(context: Context) -> None:
        need("/usr/bin/memcached")
        for inside in sides(context):
            port = free_port()
            process = context.start(["/usr/bin/memcached", "-u", "root", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-t", "4",
                                     "-m", "64"], inside)
            wait_for_port(port, process, 30)

            def client(number: int) -> None:
                with socket.create_connection(("127.0.0.1", port), 30) as connection, connection.makefile("rwb") as file:
                    for i in range(400):
                        value = b"%d-%d " % (number, i) * (1 + i % 300)
                        file.write(b"set k%d_%d 0 0 %d\r\n%s\r\nget k%d_%d\r\nincr c%d 1\r\n"
                                   % (number, i, len(value), value, number, i, number))
                        file.flush()
                        lines = [file.readline(), file.readline()]
                        if lines[0] != b"STORED\r\n" or file.read(len(value) + 2) != value + b"\r\n":
                            raise Fail(f"{lines}")
                        if file.readline() != b"END\r\n" or file.readline() != b"NOT_FOUND\r\n":
                            raise Fail("the replies are out of step")
            in_parallel(8, client)
            end(process, inside)
    return Test("memcached", run, 90)


def openssl_server_test(certificate) -> Test:
    def run(context: Context) -> None:
        need("/usr/bin/openssl", "/usr/bin/curl")
        for inside in sides(context):
            port = free_port()
            process = context.start(["/usr/bin/openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", str(certificate(context)),
                                     "-cert", str(certificate(context)), "-www", "-quiet"], inside)
            wait_for_port(port, process, 30)
            for version in ("--tlsv1.2", "--tlsv1.3"):
                done = context.run(["/usr/bin/curl", "-sk", "-m", "20", version, f"https://127.0.0.1:{port}/"], False)
                expect(done.status == 0 and b"Cipher" in done.stdout, f"inside {inside}: {version}: {done.status}")
            end(process, inside)
    return Test("openssl:s_server", run, 60)


def openssl_client_test(certificate) -> Test:
    def run(context: Context) -> None:
        need("/usr/bin/openssl")
        port, path = free_port(), str(certificate(context))
        server = context.start(["/usr/bin/openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", path, "-cert", path, "-rev",
                                "-quiet"])
        wait_for_port(port, server, 30)
        for inside in sides(context):
            client = context.start(["/usr/bin/openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", path, "-quiet",
                                    "-verify_return_error", "-servername", "localhost"], inside, stdin=subprocess.PIPE)
            for i in range(20):
                client.stdin.write(b"line %d\n" % i)
                client.stdin.flush()
                reply = client.stdout.readline()
                expect(reply == (b"line %d" % i)[::-1] + b"\n", f"inside {inside}: {reply}")
            end(client, inside)
    return Test("openssl:s_client", run, 60)


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        reply = hashlib.sha256(data).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


def curl_test() -> Test:
    def run(context: Context) -> None:
        need("/usr/bin/curl")
        folder = context.fresh_directory("served")
        (folder / "big").write_bytes(os.urandom(1 << 20) * 4)
        (folder / "small").write_text("small\n")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Handler(*a, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        try:
            context.both(["/usr/bin/curl", "-sS", f"{base}/big"], native_status=0)
            context.both(["/usr/bin/curl", "-sS", *[f"{base}/small"] * 30], native_status=0)
            context.both(["/usr/bin/curl", "-sS", "--data-binary", "@-", base], stdin=os.urandom(500_000), native_status=0)
            context.both(["/usr/bin/curl", "-sS", "-o", "got", "-w", "%{http_code} %{size_download}\\n", f"{base}/big"], native_status=0)
            expect((context.scratch / "native" / "got").read_bytes() == (folder / "big").read_bytes(), "native: what was stored differs")
            if not context.options.native_only:
                expect((context.scratch / "inside" / "got").read_bytes() == (folder / "big").read_bytes(), "what was stored differs")
            context.both(["/usr/bin/curl", "-sf", f"{base}/missing"], native_status=22)
            context.both(["/usr/bin/curl", "-s", "-m", "5", f"http://127.0.0.1:{free_port()}/"], native_status=7)
        finally:
            server.shutdown()
            server.server_close()
    return Test("curl", run, 90)


def python_server_test() -> Test:
    def run(context: Context) -> None:
        need("/usr/bin/python3")
        folder = context.fresh_directory("served")
        big = os.urandom(1 << 20) * 2
        (folder / "big").write_bytes(big)
        for inside in sides(context):
            port = free_port()
            process = context.start(["/usr/bin/python3", "-m", "http.server", str(port), "--bind", "127.0.0.1"], inside, cwd=folder)
            wait_for_port(port, process, 30)

            def client(_: int) -> None:
                for _ in range(5):
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    connection.request("GET", "/big")
                    if connection.getresponse().read() != big:
                        raise Fail("the file differs")
                    connection.close()
            in_parallel(6, client)
            end(process, inside)
    return Test("python:http_server", run, 90)


def node_test() -> Test:
    def run(context: Context) -> None:
        need("/usr/bin/node")
        context.both(["/usr/bin/node", str(Path(__file__).resolve().parent / "load.js")], native_status=0,
                     run_options=["--allow", "insecure_dynamic_code"])
    return Test("node", run, 90, slow=True)


def tests(certificate):
    return [nginx_test(certificate), memcached_test(), openssl_server_test(certificate), openssl_client_test(certificate),
            curl_test(), python_server_test(), node_test()]

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""redis, nginx, memcached and a Python program inside, at once and for long, under clients that behave badly.

Clients check every answer; others break off in the middle of requests, reset connections, are killed, or open more
connections than nginx may have files. The Python program fills a memory file system and all of the enclave's memory, again
and again. nginx and memcached get SIGTERM under load and begin anew. At the end nothing may have grown: resident memory, open
files and threads of what ran all the time, and no answer may have been wrong or late.

30 minutes with --long, else 1; --minutes N.
"""
import http.client
import os
import random
import signal
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import suite  # noqa: E402
from suite import Context, Fail, Test, expect, free_port, need, wait_for_port  # noqa: E402

HERE = Path(__file__).resolve().parent
ANSWER_LIMIT = 60  # seconds; the machine may be busy with other things
NGINX = """daemon off; master_process off; pid /run/pid; error_log /run/error.log crit; worker_rlimit_nofile 64;
events {{ worker_connections 512; }}
http {{ access_log off; sendfile {sendfile}; client_header_timeout 5; send_timeout 5;
  server {{ listen 127.0.0.1:{port}; root {folder}; }} }}
"""


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Server:
    """A program inside that is started again after every SIGTERM. `command` of a port: argv, and options of `cloister run`."""

    def __init__(self, context: Context, name: str, command, status_at_term=(0, -signal.SIGTERM)):
        self.context, self.name, self.command, self.statuses = context, name, command, status_at_term
        self.starts = 0
        self.lock = threading.Lock()  # held while there is no server
        self.begin()

    def begin(self) -> None:
        self.port = free_port()
        argv, options = self.command(self.port)
        self.process = self.context.start(argv, True, run_options=options, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for_port(self.port, self.process, ANSWER_LIMIT)
        self.starts += 1

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(ANSWER_LIMIT)
        except subprocess.TimeoutExpired:
            raise Fail(f"{self.name} does not end at SIGTERM") from None
        expect(status in self.statuses, f"{self.name} ends with {status} at SIGTERM: {suite.tail(self.process.stderr.read())}")

    def restart(self) -> None:
        with self.lock:
            self.terminate()
            self.begin()

    def check(self) -> None:
        if self.process.poll() is not None and not self.lock.locked():
            raise Fail(f"{self.name} ended with {self.process.returncode}: {suite.tail(self.process.stderr.read())}")


def measure(pid: int):
    """(resident KiB, open files, threads)"""
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(fields["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(fields["Threads"])


class Load:
    def __init__(self, context: Context, minutes: float):
        self.context, self.end = context, time.monotonic() + minutes * 60
        self.problems, self.counts = [], {}
        folder = context.fresh_directory("nginx")
        self.pages = {}
        for name in ("host/page", "measured/page", "measured/long"):
            self.pages[name] = os.urandom((100 if name.endswith("long") else 10) * 1024)
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(self.pages[name])

        def nginx(port: int):
            """In a closed root, but for one folder; files are sent in both ways in turn."""
            configuration, manifest = folder / "nginx.conf", folder / "nginx.yaml"
            configuration.write_text(NGINX.format(folder=folder, port=port, sendfile=("on", "off")[port % 2]))
            text = subprocess.run([context.cloister, "manifest", "new", "--", "/usr/sbin/nginx", "-c", str(configuration), "-e", "stderr"],
                                  capture_output=True, text=True, check=True).stdout
            manifest.write_text(text.replace("\nfiles:\n", f"\ninsecure_host_paths: [{folder}/host]\nfiles:\n"
                                             f"  - tree: {folder}/measured\n", 1))
            return [], ["--manifest", str(manifest)]
        self.redis = Server(context, "redis", lambda port: (["/usr/bin/redis-server", "--port", str(port), "--save", "", "--maxmemory", "64mb",
                                                             "--maxmemory-policy", "allkeys-lru", "--timeout", "20"], []))
        self.nginx = Server(context, "nginx", nginx)
        self.memcached = Server(context, "memcached", lambda port: (["/usr/bin/memcached", "-u", "root", "-l", "127.0.0.1", "-p", str(port),
                                                                     "-U", "0", "-t", "2", "-m", "32"], []))
        self.filler = context.start(["/usr/bin/python3", "-I", "-u", str(HERE / "fill.py")], True, run_options=["--heap", "384M"],
                                    stderr=subprocess.PIPE)
        self.filler_lines = 0

    # -- clients ---------------------------------------------------------------------------------------------------
    def connect(self, server: Server) -> socket.socket:
        return socket.create_connection(("127.0.0.1", server.port), ANSWER_LIMIT)

    def redis_client(self, chooser: random.Random) -> None:
        with self.connect(self.redis) as connection, connection.makefile("rb") as answers:
            for _ in range(chooser.randrange(1, 200)):
                key, value = b"k%d" % chooser.getrandbits(64), chooser.randbytes(chooser.choice((1, 100, 5000, 40000)))
                connection.sendall(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n"
                                   % (len(key), key, len(value), value, len(key), key))
                expect(answers.readline() == b"+OK\r\n", "redis: SET")
                size = int(answers.readline()[1:])
                expect(answers.read(size + 2) == value + b"\r\n", "redis: another value")

    def nginx_client(self, chooser: random.Random) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.nginx.port, timeout=ANSWER_LIMIT)
        try:
            for _ in range(chooser.randrange(1, 100)):
                name, page = chooser.choice(list(self.pages.items()))
                connection.request("GET", "/" + name)
                reply = connection.getresponse()
                expect(reply.status == 200 and reply.read() == page, f"nginx: {name}: {reply.status}")
        finally:
            connection.close()

    def memcached_client(self, chooser: random.Random) -> None:
        with self.connect(self.memcached) as connection, connection.makefile("rb") as answers:
            for _ in range(chooser.randrange(1, 200)):
                key, value = b"k%d" % chooser.getrandbits(64), chooser.randbytes(chooser.choice((1, 100, 5000))).hex().encode()
                connection.sendall(b"set %s 0 0 %d\r\n%s\r\nget %s\r\n" % (key, len(value), value, key))
                expect(answers.readline() == b"STORED\r\n", "memcached: set")
                line = answers.readline()
                if line == b"END\r\n":
                    continue  # evicted
                expect(answers.read(len(value) + 2) == value + b"\r\n" and answers.readline() == b"END\r\n", "memcached: another value")

    def rude_client(self, chooser: random.Random) -> None:
        """Breaks off somewhere in a request or an answer."""
        server, text = chooser.choice(((self.redis, b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100000\r\n" + b"x" * 100000 + b"\r\n"),
                                       (self.nginx, b"GET /measured/page HTTP/1.1\r\nHost: h\r\n\r\n" * 20),
                                       (self.memcached, b"set a 0 0 50000\r\n" + b"x" * 50000 + b"\r\n" + b"get a\r\n" * 20)))
        connection = self.connect(server)
        try:
            connection.settimeout(0.5)
            connection.sendall(text[:chooser.randrange(1, len(text))])
            if chooser.random() < 0.3:
                connection.recv(chooser.randrange(1, 3000))
        except OSError:
            pass
        if chooser.random() < 0.5:
            reset(connection)
        else:
            connection.close()

    def killed_client(self, chooser: random.Random) -> None:
        process = subprocess.Popen(["/usr/bin/redis-benchmark", "-p", str(self.redis.port), "-q", "-l", "-t", "get,set,lrange_100",
                                    "-c", "10", "-P", "16", "-d", "1000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chooser.random())
        process.kill()
        process.wait()

    def crowd(self, chooser: random.Random) -> None:
        """More connections than nginx may have files; those that it took in are served, and it goes on afterwards."""
        connections = []
        try:
            for _ in range(90):
                connections.append(self.connect(self.nginx))
            time.sleep(chooser.random() * 2)
        finally:
            for connection in connections:
                connection.close()
        self.nginx_client(chooser)

    def repeat(self, name: str, work, server, pause: float = 0) -> None:
        chooser = random.Random(name)
        done = 0
        while time.monotonic() < self.end and not self.problems:
            starts = server.starts if server else 0
            try:
                work(chooser)
                done += 1
            except (OSError, http.client.HTTPException, ValueError, Fail) as problem:
                # Only a server that was just told to end may break off.
                if server is None or (server.starts == starts and not server.lock.locked()):
                    self.problems.append(f"{name}: {problem!r}")
            time.sleep(pause * chooser.random())
        self.counts[name] = done

    def restart_now_and_then(self) -> None:
        chooser = random.Random(1)
        done = 0
        while time.monotonic() < self.end - 15 and not self.problems:
            time.sleep(5 + chooser.random() * 10)
            try:
                chooser.choice((self.nginx, self.memcached)).restart()
                done += 1
            except Fail as problem:
                self.problems.append(str(problem))
        self.counts["SIGTERM under load"] = done

    def follow_filler(self) -> None:
        for line in self.filler.stdout:
            if not line.startswith(b"round "):
                self.problems.append(f"fill.py: {line!r}")
            self.filler_lines += 1

    # -- the whole ---------------------------------------------------------------------------------------------------
    def run(self) -> None:
        work = [("redis", self.redis_client, self.redis, 0)] * 2 + [("nginx", self.nginx_client, self.nginx, 0)] * 2 + \
            [("memcached", self.memcached_client, self.memcached, 0)] * 2 + \
            [("killed client", self.killed_client, None, 2), ("crowd", self.crowd, self.nginx, 4)]
        threads = [threading.Thread(target=self.repeat, args=(f"{name} {i}", *rest)) for i, (name, *rest) in enumerate(work)]
        # Whom a rude client visits may be about to end.
        threads += [threading.Thread(target=self.repeat, args=("rude client", self.quietly(self.rude_client), None, 0.1)),
                    threading.Thread(target=self.restart_now_and_then), threading.Thread(target=self.follow_filler, daemon=True)]
        for thread in threads:
            thread.start()
        samples = {"redis": [], "fill.py": []}
        while time.monotonic() < self.end and not self.problems:
            time.sleep(1)
            try:
                for server in (self.redis, self.nginx, self.memcached):
                    server.check()
                expect(self.filler.poll() is None, f"fill.py ended with {self.filler.returncode}")
                samples["redis"].append(measure(self.redis.process.pid))
                samples["fill.py"].append(measure(self.filler.pid))
            except Fail as problem:
                self.problems.append(str(problem))
        for thread in threads[:-1]:
            thread.join(3 * ANSWER_LIMIT)
            if thread.is_alive():
                self.problems.append(f"{thread} hangs")
        expect(not self.problems, "; ".join(self.problems[:3]))
        self.check_growth(samples)
        for server in (self.redis, self.nginx, self.memcached):
            server.terminate()
        print("# mixed load: " + ", ".join(f"{name}: {count}" for name, count in sorted(self.counts.items())) +
              f", fill.py: {self.filler_lines} rounds", flush=True)
        expect(self.filler_lines > 1, "fill.py did not get through a round")

    @staticmethod
    def quietly(work):
        def run(chooser: random.Random) -> None:
            try:
                work(chooser)
            except OSError:
                pass
        return run

    def check_growth(self, samples) -> None:
        for name, values in samples.items():
            third = len(values) // 3
            early, late = values[third:2 * third], values[2 * third:]
            for index, what, slack in ((0, "KiB resident", 16 << 10), (1, "open files", 60), (2, "threads", 2)):
                # The highest of each: a leak shows in both, a single burst in one.
                before, after = max(v[index] for v in early), max(v[index] for v in late)
                middle = statistics.median(v[index] for v in late) - statistics.median(v[index] for v in early)
                expect(middle <= slack and after <= before * 1.25 + slack,
                       f"{name} grew: {what} {before} to {after} at most, {middle:+.0f} in the middle")


def main() -> int:
    parser = suite.arguments(__doc__)
    parser.add_argument("--minutes", type=float, help="how long (30 with --long, else 1)")
    options = suite.prepare(parser.parse_args())
    minutes = options.minutes or (30 if options.long else 1)

    def run(context: Context) -> None:
        need("/usr/bin/redis-server", "/usr/sbin/nginx", "/usr/bin/memcached", "/usr/bin/redis-benchmark")
        Load(context, minutes).run()
    return suite.main(options, [Test("mixed_load", run, minutes * 60 + 600)])


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Debian's redis-server: the same conversation with a native server and one inside; the replies must be the same."""
import hashlib
import signal
import socket
import subprocess
import threading
import time

from suite import Context, Fail, Test, expect, free_port, inside_only, need, wait_for_port, wait_for_unix_socket, wait_until


class Client:
    """A minimal RESP client: errors come back as text that starts with '-'."""

    def __init__(self, port: int, timeout: float = 30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    @staticmethod
    def encode(*words) -> bytes:
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts += [b"$%d\r\n" % len(data), data, b"\r\n"]
        return b"".join(parts)

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise Fail("connection ended inside a reply")
        kind, rest = line[:1], line[1:-2]
        if kind in b"+-":
            return (kind + rest).decode() if kind == b"-" else rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.file.read(size + 2)[:-2]
        if kind == b"*":
            return None if int(rest) < 0 else [self.reply() for _ in range(int(rest))]
        raise Fail(f"bad reply {line!r}")

    def __call__(self, *words):
        self.socket.sendall(self.encode(*words))
        return self.reply()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Server:
    def __init__(self, context: Context, inside: bool, *arguments: str, directory: str = "", run_options=()):
        need("redis-server")
        self.port = free_port()
        folder = context.scratch / (directory or f"redis-{self.port}")
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.process = context.start(["/usr/bin/redis-server", "--port", str(self.port), "--save", "",
                                      "--auto-aof-rewrite-percentage", "0", *arguments], inside, cwd=folder,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, run_options=run_options)
        wait_for_port(self.port, self.process, 30)
        probe = self.client()
        wait_until(lambda: probe("PING") == "PONG", 20, "redis has loaded its data", self.process)
        probe.close()

    def client(self) -> Client:
        return Client(self.port)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            raise Fail(f"does not end after {signal.Signals(number).name}") from None


def agree(context: Context, conversation, *arguments: str) -> None:
    """Runs conversation(client, server) with a native server and one inside; what it returns must be equal."""
    results = []
    for inside in (False, True):
        if inside and context.options.native_only:
            break
        server = Server(context, inside, *arguments)
        client = server.client()
        results.append(conversation(client, server))
        client.close()
        status = server.stop()
        expect(status == 0, f"{'inside' if inside else 'native'}: exit status {status} after SIGTERM")
    if len(results) == 2 and results[0] != results[1]:
        for i, (a, b) in enumerate(zip(results[0], results[1])):
            if a != b:
                raise Fail(f"reply {i}: native {str(a)[:100]}, inside {str(b)[:100]}")
        raise Fail(f"{len(results[0])} replies natively, {len(results[1])} inside")


def commands(context: Context) -> None:
    def talk(c: Client, server: Server):
        r = [c("PING"), c("SET", "a", "1"), c("GET", "a"), c("INCRBY", "a", 41), c("APPEND", "a", "x"), c("STRLEN", "a"),
             c("GET", "none"), c("NOSUCH"), c("SET", "b"), c("MSET", *sum([[f"k{i}", i] for i in range(50)], [])),
             c("MGET", *[f"k{i}" for i in range(60)]), c("DBSIZE"), c("EXISTS", "k1", "k2", "zz"), c("DEL", "k1", "k2"),
             c("RPUSH", "l", *range(100)), c("LRANGE", "l", 0, -1), c("LPOP", "l", 3), c("SADD", "s", *range(50)),
             sorted(c("SMEMBERS", "s"), key=int), c("ZADD", "z", *sum([[i * 1.5, f"m{i}"] for i in range(200)], [])),
             c("ZRANGE", "z", 0, -1, "WITHSCORES"), c("ZRANGEBYSCORE", "z", 10, 20), c("HSET", "h", *sum([[f"f{i}", i] for i in range(100)], [])),
             c("HGETALL", "h"), c("EXPIRE", "a", 100), c("TTL", "a"), c("PERSIST", "a"), c("TYPE", "z"), c("OBJECT", "ENCODING", "z"),
             c("SETBIT", "bits", 1000, 1), c("BITCOUNT", "bits"), c("PFADD", "hll", *range(1000)), c("PFCOUNT", "hll"),
             c("GEOADD", "g", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"), c("GEODIST", "g", "Palermo", "Catania", "km"),
             c("XADD", "x", "1-1", "f", "v"), c("XRANGE", "x", "-", "+"), c("SORT", "l", "DESC", "LIMIT", 0, 5), c("RENAME", "l", "ll"),
             c("COPY", "ll", "l3"), c("GETRANGE", "a", 0, 1), c("CONFIG", "GET", "appendonly"), c("OBJECT", "HELP")[0:1],
             c("SET", "px", "v", "PX", 30), c("SELECT", 3), c("DBSIZE"), c("SELECT", 0)]
        time.sleep(0.1)
        r += [c("GET", "px"), c("FLUSHALL"), c("DBSIZE")]
        t = c("TIME")
        expect(abs(int(t[0]) - time.time()) < 5, "TIME is off")
        expect(b"redis_version:" in c("INFO"), "INFO is empty")
        expect(b"addr=127.0.0.1:" in c("CLIENT", "LIST"), "CLIENT LIST does not know the address")
        return r
    agree(context, talk)


def values(context: Context) -> None:
    sizes = [1, 2, 7, 8, 9, 100, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 1 << 20, (1 << 20) + 1, 33 << 20]

    def talk(c: Client, server: Server):
        for size in sizes:
            data = hashlib.shake_128(str(size).encode()).digest(min(size, 1 << 20))
            data = (data * (size // len(data) + 1))[:size]
            expect(c("SET", f"v{size}", data) == "OK", f"SET of {size} bytes")
            expect(c("GET", f"v{size}") == data, f"GET of {size} bytes is not what was set")
        for size in sizes:
            expect(c("STRLEN", f"v{size}") == size, f"STRLEN of {size}")
        return [c("DBSIZE")]
    agree(context, talk)


def pipeline(context: Context) -> None:
    def talk(c: Client, server: Server):
        count = 20000
        batch = b"".join(Client.encode("SET", f"key:{i}", f"value {i}") + Client.encode("GET", f"key:{i}") for i in range(count))
        sender = threading.Thread(target=c.socket.sendall, args=(batch,), daemon=True)
        sender.start()
        digest = hashlib.sha256()
        for i in range(count):
            digest.update(str((c.reply(), c.reply())).encode())
        sender.join(10)
        return [digest.hexdigest(), c("DBSIZE")]
    agree(context, talk)


def publish_subscribe(context: Context) -> None:
    def talk(c: Client, server: Server):
        listeners = [server.client() for _ in range(5)]
        replies = [listener("SUBSCRIBE", "news") for listener in listeners]
        pattern = server.client()
        replies.append(pattern("PSUBSCRIBE", "n*"))
        for i in range(200):
            replies.append(c("PUBLISH", "news", f"message {i}"))
        for listener in [*listeners, pattern]:
            replies += [listener.reply() for _ in range(200)]
            listener.close()
        return replies
    agree(context, talk)


def transactions_and_scripts(context: Context) -> None:
    def talk(c: Client, server: Server):
        r = [c("MULTI"), c("SET", "a", 1), c("INCR", "a"), c("INCR", "notnumber"), c("EXEC")]
        other = server.client()
        r += [c("WATCH", "a"), other("SET", "a", 9), c("MULTI"), c("INCR", "a"), c("EXEC"), c("GET", "a")]
        other.close()
        r += [c("EVAL", "return {1, 'two', redis.call('SET', KEYS[1], ARGV[1]), {3}}", 1, "k", "v"),
              c("EVAL", "local s = 0; for i = 1, 200000 do s = s + i end; return s", 0),
              c("EVAL", "return redis.pcall('NOSUCH')", 0), c("EVAL", "error('boom')", 0), c("EVAL", "syntax error here", 0),
              c("SCRIPT", "LOAD", "return redis.call('GET', KEYS[1])")]
        r.append(c("EVALSHA", r[-1], 1, "k"))
        return r
    agree(context, talk)


def blocking(context: Context) -> None:
    def talk(c: Client, server: Server):
        began = time.monotonic()
        r = [c("BLPOP", "empty", "0.2")]
        expect(time.monotonic() - began >= 0.19, "BLPOP came back early")
        waiter = server.client()
        waiter.socket.sendall(Client.encode("BLPOP", "queue", "10"))
        time.sleep(0.1)
        return r + [c("RPUSH", "queue", "item"), waiter.reply(), waiter.close()]
    agree(context, talk)


def clients_200(context: Context) -> None:
    def talk(c: Client, server: Server):
        clients = [server.client() for _ in range(200)]
        for round_number in range(5):
            for i, client in enumerate(clients):
                client.socket.sendall(Client.encode("SET", f"c{i}", f"{round_number}:{i}"))
            for client in clients:
                expect(client.reply() == "OK", "a client got no OK")
            for i, client in enumerate(clients):
                expect(client("GET", f"c{i}") == f"{round_number}:{i}".encode(), "a client got another's value")
        for client in clients:
            client.close()
        return [c("DBSIZE")]
    agree(context, talk)


def append_only_file(context: Context) -> None:
    for inside in (False, True):
        if inside and context.options.native_only:
            continue
        options = ("--appendonly", "yes", "--appendfsync", "always")
        directory = "aof-inside" if inside else "aof-native"
        server = Server(context, inside, *options, directory=directory)
        c = server.client()
        for i in range(500):
            expect(c("SET", f"k{i}", "v" * i) == "OK", "SET")
        c("DEL", "k7")
        c.close()
        expect(server.stop() == 0, "exit status after SIGTERM")
        # What the enclave wrote, a native server reads, and the other way round.
        again = Server(context, not inside and not context.options.native_only, *options, directory=directory)
        c = again.client()
        expect(c("DBSIZE") == 499 and c("GET", "k499") == b"v" * 499 and c("GET", "k7") is None, "keys after the restart")
        c.close()
        again.process.kill()
        again.process.wait(10)
        third = Server(context, inside, *options, directory=directory)
        c = third.client()
        expect(c("DBSIZE") == 499, "keys after SIGKILL")
        c.close()
        third.stop()


def signals(context: Context) -> None:
    for number, want in ((signal.SIGTERM, 0), (signal.SIGINT, 0)):
        for inside in (False, True):
            if inside and context.options.native_only:
                continue
            server = Server(context, inside)
            c = server.client()
            expect(c("SET", "a", "b") == "OK", "SET")
            status = server.stop(number)
            expect(status == want, f"{'inside' if inside else 'native'}: {number.name} gave {status}")
            c.close()
    for inside in (False, True):
        if inside and context.options.native_only:
            continue
        server = Server(context, inside)
        c = server.client()
        try:
            c("SHUTDOWN", "NOSAVE")
        except Fail:
            pass
        expect(server.process.wait(10) == 0, "exit status after SHUTDOWN")


def threads(context: Context) -> None:
    def talk(c: Client, server: Server):
        clients = [server.client() for _ in range(40)]
        for i, client in enumerate(clients):
            client.socket.sendall(Client.encode("SET", f"t{i}", "x" * 20000) * 20)
        for client in clients:
            for _ in range(20):
                expect(client.reply() == "OK", "no OK")
            client.close()
        return [c("DBSIZE"), c("UNLINK", *[f"t{i}" for i in range(40)]), c("FLUSHALL", "ASYNC"), c("DBSIZE")]
    agree(context, talk, "--io-threads", "3", "--io-threads-do-reads", "yes")


def eviction(context: Context) -> None:
    def talk(c: Client, server: Server):
        for i in range(3000):
            expect(c("SET", f"e{i}", "x" * 10000) == "OK", "SET under maxmemory")
        info = c("INFO", "memory").decode()
        used = int(info.split("used_memory:")[1].split("\r")[0])
        expect(used < 12 << 20, f"used_memory {used}")
        expect(c("MEMORY", "PURGE") == "OK", "MEMORY PURGE")
        return [c("GET", "e2999"), c("DBSIZE") < 1500]
    agree(context, talk, "--maxmemory", "10mb", "--maxmemory-policy", "allkeys-lru")


def unix_socket_and_config(context: Context) -> None:
    for inside in (False, True):
        if inside and context.options.native_only:
            continue
        folder = context.scratch / f"unix-{inside}"
        folder.mkdir(exist_ok=True)
        (folder / "redis.conf").write_text(f"unixsocket {folder}/s\nlogfile log\nhz 50\n")
        port = free_port()
        process = context.start(["/usr/bin/redis-server", str(folder / "redis.conf"), "--port", str(port), "--save", ""],
                                inside, cwd=folder)
        wait_for_unix_socket(folder / "s", process)
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(f"{folder}/s")
        s.sendall(b"PING\r\n")
        expect(s.recv(100) == b"+PONG\r\n", "no PONG over the unix socket")
        s.close()
        process.terminate()
        expect(process.wait(10) == 0, "exit status")
        expect("Ready to accept connections" in (folder / "log").read_text(), "log file is empty")


def benchmark_defaults(context: Context) -> None:
    need("redis-benchmark")
    names = []
    for inside in (False, True):
        if inside and context.options.native_only:
            continue
        server = Server(context, inside)
        done = subprocess.run(["redis-benchmark", "-p", str(server.port), "-n", "5000", "--csv"], capture_output=True,
                              text=True, timeout=240)
        expect(done.returncode == 0, "redis-benchmark: " + done.stderr[-200:])
        lines = done.stdout.strip().splitlines()[1:]
        names.append([line.split(",")[0] for line in lines])
        expect(all(float(line.split(",")[1].strip('"')) > 0 for line in lines), "a rate of zero")
        expect(server.stop() == 0, "exit status")
    expect(len(names[0]) >= 15 and names[0] == names[-1], f"tests {names[-1]}")


@inside_only
def command_line_client(context: Context) -> None:
    """redis-cli inside talks to a redis-server inside."""
    need("redis-cli")
    server = Server(context, True)
    done = context.run(["/usr/bin/redis-cli", "-p", str(server.port), "SET", "x", "from inside"], True)
    expect(done.stdout == b"OK\n", f"redis-cli: {done.stdout!r} {done.stderr[-200:]!r}")
    expect(server.client()("GET", "x") == b"from inside", "value")


def tests():
    return [Test("redis:commands", commands), Test("redis:values", values, slow=True), Test("redis:pipeline", pipeline),
            Test("redis:pubsub", publish_subscribe), Test("redis:scripts", transactions_and_scripts),
            Test("redis:blocking", blocking), Test("redis:200_clients", clients_200), Test("redis:aof", append_only_file),
            Test("redis:signals", signals), Test("redis:io_threads", threads), Test("redis:eviction", eviction),
            Test("redis:unix_socket", unix_socket_and_config), Test("redis:cli", command_line_client),
            Test("redis:benchmark", benchmark_defaults, 300, slow=True)]

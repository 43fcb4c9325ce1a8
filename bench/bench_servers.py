# SPDX-License-Identifier: Apache-2.0
"""nginx and memcached under load, sqlite3 in memory and in a file: all on one CPU, restarted every round, beside native.

nginx: master_process off, one worker, no access log, no open_file_cache, a page of 10 KiB over connections that stay open, with
sendfile on and off, once with all files on the host and once in a closed root, where the page is measured as nginx is, and there with
tcp_nopush, too, as Debian configures it; the client is bench/request_loop.c. memcached: one worker thread; gets of 100-byte values, and nine gets to a set,
on 16 connections. sqlite3: the same statements in both worlds, timed by sqlite3 itself after a first pass.
"""
import re
import socket
import subprocess
import time

from bench_micro import build
from bench_redis import free_port
from measure import SLICES, Table, cpu_time

NGINX = """daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log error; worker_processes 1;
events {{ worker_connections 256; use epoll; }}
http {{ access_log off; keepalive_requests 100000000; sendfile {sendfile}; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
"""
PAGE = 10 * 1024
VALUE = 100
KEYS = 1000


def wait_for(process, port, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the server does not answer")


class Nginx:
    title = "nginx, 10 KiB, keep-alive, sendfile on"
    sendfile = "on"
    rows = {"50 connections": (["50"], 160000, 0.93), "1 connection": (["1"], 40000, None)}

    def start(self, setup, side):
        folder, port = setup.scratch / f"nginx-{side}", free_port()
        (folder / "www").mkdir(parents=True, exist_ok=True)
        (folder / "www" / "page").write_bytes(b"x" * PAGE)
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, sendfile=self.sendfile))
        return setup.start(side, ["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-e", "stderr"], setup.options.run_option), port

    def load(self, row, port, count):
        return ["http", str(port), *self.rows[row][0], str(count), "/page", str(PAGE)]


class NginxWithoutSendfile(Nginx):
    title = "nginx, 10 KiB, keep-alive, sendfile off"
    sendfile = "off"


class NginxInClosedRoot(Nginx):
    """What is not measured does not exist; what nginx writes is in memory."""
    title = "nginx, 10 KiB, keep-alive, sendfile on, closed root"

    def start(self, setup, side):
        if side != "inside" or setup.options.run:
            return super().start(setup, side)
        folder, port = setup.scratch / "nginx-closed", free_port()
        (folder / "www").mkdir(parents=True, exist_ok=True)
        (folder / "www" / "page").write_bytes(b"x" * PAGE)
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder="/tmp", port=port, sendfile=self.sendfile).replace("root /tmp/www", f"root {folder}/www"))
        manifest = folder / "nginx.yaml"
        text = subprocess.run([setup.prefix[0], "manifest", "new", "--", "/usr/sbin/nginx", "-c", str(configuration), "-e", "stderr"],
                              capture_output=True, text=True, check=True).stdout
        manifest.write_text(text.replace("\nfiles:\n", f"\nfiles:\n  - {folder}/www/page\n", 1))
        return setup.start(side, [], [*setup.options.run_option, "--manifest", str(manifest)]), port


class NginxAsDebianConfiguresIt(NginxInClosedRoot):
    title = "nginx, 10 KiB, keep-alive, sendfile and tcp_nopush on, closed root"
    sendfile = "on; tcp_nopush on"


class NginxInClosedRootWithoutSendfile(NginxInClosedRoot):
    title = "nginx, 10 KiB, keep-alive, sendfile off, closed root"
    sendfile = "off"


class Memcached:
    title = "memcached"
    rows = {"get": (["100"], 240000, 0.94), "get and set 9:1": (["90"], 240000, 0.94)}

    def start(self, setup, side):
        port = free_port()
        return setup.start(side, ["/usr/bin/memcached", "-u", "root", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-t", "1",
                                  "-m", "64"], setup.options.run_option), port

    def load(self, row, port, count):
        return ["memcached", str(port), "16", str(count), *self.rows[row][0], str(VALUE), str(KEYS)]


def run_server(setup, server):
    client = build(setup, "request_loop")
    goals = {row: ("ratio", goal) for row, (_, _, goal) in server.rows.items() if goal}
    rate = Table(server.title, "requests/s", True, goals)
    cost = Table(server.title + ", server CPU time", "ns/request", False)
    scale = 0.1 if setup.options.quick else 1

    def sample(row, process, port, factor):
        count = max(1000, int(server.rows[row][1] * factor))
        before = cpu_time(process.pid)
        done = subprocess.run(setup.command("native", [client, *server.load(row, port, count)]), capture_output=True, text=True,
                              timeout=120)
        if done.returncode:
            raise RuntimeError(f"{row}: {done.stderr.strip()}")
        return float(done.stdout), (cpu_time(process.pid) - before) / count
    for number in range(setup.rounds):
        servers = {}
        try:
            for side in setup.order(number):
                servers[side] = server.start(setup, side)
                wait_for(*servers[side])
            for place in servers.values():  # warm
                sample(next(iter(server.rows)), *place, scale * 0.05)
            for index, row in enumerate(server.rows):
                for turn in range(SLICES):
                    for side in setup.order(number + index + turn):
                        requests, nanoseconds = sample(row, *servers[side], scale / SLICES)
                        rate.add(row, side, requests)
                        cost.add(row, side, nanoseconds)
        finally:
            for process, _ in servers.values():
                setup.stop(process)
        print(f"# {server.title} round {number + 1}/{setup.rounds}", flush=True)
    return [rate, cost]


def run_nginx(setup):
    kinds = (Nginx, NginxWithoutSendfile, NginxInClosedRoot, NginxInClosedRootWithoutSendfile, NginxAsDebianConfiguresIt)
    return [table for kind in kinds for table in run_server(setup, kind())]


def run_memcached(setup):
    return run_server(setup, Memcached())


# Prepared once, then timed: inserts, a join by index, an aggregate over all, updates, a sort.
PREPARE = """create table t(a integer primary key, b integer, c text); create table u(a integer primary key, b text);
with recursive n(x) as (select 1 union all select x+1 from n where x<{rows}) insert into t select x, x*7919%{rows}, hex(x*x) from n;
insert into u select a, c from t; create index i on t(b); analyze;
"""
STATEMENTS = {
    "insert": "insert into t select a+1000000, b, c from t where a<=1000000 limit 20000; delete from t where a>1000000;",
    "select by index": "select count(*), sum(length(u.b)) from t join u on u.a=t.b where t.a%3=0;",
    "aggregate": "select b%100, count(*), sum(length(c)), max(c) from t group by b%100 limit 1;",
    "update": "update t set c=c||'x' where a%5=0; update t set c=substr(c,1,length(c)-1) where a%5=0;",
    "sort": "select c from t order by c desc, a limit 1;",
}


def run_sqlite(setup):
    rows = 40000 if setup.options.quick else 200000
    passes = 2 if setup.options.quick else 4
    in_memory = Table("sqlite3 in memory, after warm-up", "ms", False, {"all": ("ratio", 0.97)})
    in_file = Table("sqlite3 in a file (WAL), after warm-up", "ms", False)
    for number in range(setup.rounds):
        for table, journal in ((in_memory, ""), (in_file, "pragma journal_mode=wal; pragma synchronous=normal;")):
            for side in setup.order(number):
                database = ":memory:" if not journal else str(setup.scratch / f"{side}.db")
                for suffix in ("", "-wal", "-shm"):
                    if journal:
                        (setup.scratch / f"{side}.db{suffix}").unlink(missing_ok=True)
                script = journal + PREPARE.format(rows=rows)
                block = "".join(f".print ={name}\n{text}\n" for name, text in STATEMENTS.items())
                script += block + ".timer on\n" + block * passes
                file = setup.scratch / "script.sql"
                file.write_text(script)
                out = setup.run(side, ["/usr/bin/sqlite3", "-bail", database, f".read {file}"], setup.options.run_option)
                spent = dict.fromkeys(STATEMENTS, 0.0)
                name = ""
                for line in out.splitlines():
                    if line.startswith("="):
                        name = line[1:]
                    elif found := re.match(r"Run Time: real ([0-9.]+)", line):
                        spent[name] += float(found.group(1)) * 1000 / passes
                for name, value in spent.items():
                    table.add(name, side, value)
                table.add("all", side, sum(spent.values()))
        print(f"# sqlite round {number + 1}/{setup.rounds}", flush=True)
    return [in_memory, in_file]

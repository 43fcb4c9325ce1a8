# SPDX-License-Identifier: Apache-2.0
"""redis-server under redis-benchmark: all on one CPU, servers restarted every round, each sample beside a native one.

One pair of server processes is off by several percent (memory layout), so a round means new processes. Besides requests
per second, the server's CPU time per request is measured: it is the steadier instrument.
"""
import resource
import socket
import subprocess
import time

from measure import SLICES, Table, cpu_time

# name: redis-benchmark arguments, pipeline, requests, goal for the ratio. Every slice opens 50 connections, which cost some 15 calls
# each: a slice must be long beside them, or it measures accept(2) and not requests.
TESTS = {
    "GET P1": (["-t", "get"], 1, 200000, 0.96),
    "SET P1": (["-t", "set"], 1, 200000, 0.95),
    "GET P16": (["-t", "get"], 16, 2400000, 0.96),
    "SET P16": (["-t", "set"], 16, 2400000, 0.95),
    "GET 4 KiB": (["-t", "get", "-d", "4096"], 1, 160000, 0.94),
    "SET 4 KiB": (["-t", "set", "-d", "4096"], 1, 160000, 0.94),
    "GET P1, 800 idle": (["-t", "get"], 1, 200000, 0.96),
    "GET P16, 800 idle": (["-t", "get"], 16, 2400000, 0.96),
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_ready(process, port, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"redis-server ended with {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as s:
                s.sendall(b"PING\r\n")
                if s.recv(10).startswith(b"+PONG"):
                    return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("redis-server does not answer")


def sample(setup, process, port, name, scale):
    arguments, pipeline, count, _ = TESTS[name]
    count = max(1000, int(count * scale))
    command = setup.command("native", ["redis-benchmark", "-p", str(port), "-c", "50", "-n", str(count), "-P", str(pipeline),
                                       "--csv", *arguments])
    before = cpu_time(process.pid)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    rate = float(done.stdout.strip().splitlines()[-1].split(",")[1].strip('"'))
    return rate, (cpu_time(process.pid) - before) / count


def run(setup):
    options = setup.options
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, max(16384, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    names = [n for n in TESTS if not options.only or any(o in n for o in options.only)]
    rate = Table("redis", "requests/s", True, {n: ("ratio", TESTS[n][3]) for n in names})
    cost = Table("redis server CPU time", "ns/request", False)
    scale = 0.1 if options.quick else 1
    for number in range(setup.rounds):
        servers, idle = {}, []
        try:
            for side in setup.order(number):
                port = free_port()
                process = setup.start(side, ["/usr/bin/redis-server", "--port", str(port), "--save", "", "--appendonly", "no"],
                                      options.run_option)
                servers[side] = (process, port)
                wait_ready(process, port)
            for side, (process, port) in servers.items():
                for name in ("SET P1", "GET P16"):
                    sample(setup, process, port, name, 0.02)
            for index, name in enumerate(names):
                if "idle" in name and not idle:
                    for _, port in servers.values():
                        idle += [socket.create_connection(("127.0.0.1", port)) for _ in range(800)]
                    time.sleep(0.3)
                if "GET 4 KiB" == name:
                    for side, (process, port) in servers.items():
                        sample(setup, process, port, "SET 4 KiB", 0.005)
                if "GET P1, 800 idle" == name:
                    for side, (process, port) in servers.items():
                        sample(setup, process, port, "SET P1", 0.005)
                for turn in range(SLICES):
                    for side in setup.order(number + index + turn):
                        r, ns = sample(setup, *servers[side], name, scale / SLICES)
                        rate.add(name, side, r)
                        cost.add(name, side, ns)
        finally:
            for s in idle:
                s.close()
            for process, _ in servers.values():
                setup.stop(process)
        print(f"# redis round {number + 1}/{setup.rounds}", flush=True)
    return [rate, cost]

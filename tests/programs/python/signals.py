# SPDX-License-Identifier: Apache-2.0
"""Signals, timers, time, exceptions, recursion, generators, faulthandler, and what has no process support."""
import faulthandler
import os
import signal
import sys
import threading
import time

seen = []
signal.signal(signal.SIGUSR1, lambda n, f: seen.append(n))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGUSR1)
print(len(seen))
ticks = []
signal.signal(signal.SIGALRM, lambda n, f: ticks.append(time.monotonic()))
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
while len(ticks) < 5:
    time.sleep(1)
signal.setitimer(signal.ITIMER_REAL, 0)
print("ticks", ticks == sorted(ticks))


class Stop(Exception):
    pass


def stop(n, f):
    raise Stop


signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    os.read(os.pipe()[0], 1)
except Stop:
    print("interrupted read")
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    while True:
        pass
except Stop:
    print("interrupted loop")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
os.kill(os.getpid(), signal.SIGUSR1)
print(signal.sigpending() == {signal.SIGUSR1}, signal.sigwait({signal.SIGUSR1}) == signal.SIGUSR1)
threading.Timer(0.05, signal.pthread_kill, (threading.main_thread().ident, signal.SIGUSR1)).start()
print(signal.sigtimedwait({signal.SIGUSR1}, 5).si_signo == signal.SIGUSR1, signal.sigtimedwait({signal.SIGUSR1}, 0.05))


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


sys.setrecursionlimit(20000)
print(deep(5000))
sys.setrecursionlimit(1000)
try:
    deep(2000)
except RecursionError:
    print("RecursionError")
faulthandler.enable()
faulthandler.dump_traceback_later(100)
faulthandler.cancel_dump_traceback_later()
began = time.perf_counter()
time.sleep(0.1)
print(0.1 <= time.perf_counter() - began < 3, time.process_time() >= 0, time.thread_time() >= 0)
print(abs(time.time() - time.clock_gettime(time.CLOCK_REALTIME)) < 1, time.strftime("%Y", time.gmtime(0)))
print(os.getpid() == threading.get_native_id(), len(os.urandom(16)), os.uname().sysname)
print("done")

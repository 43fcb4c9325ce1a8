# SPDX-License-Identifier: Apache-2.0
"""Threads, locks, queues, pools, conditions, thread-local data."""
import concurrent.futures
import queue
import threading
import time

work, results = queue.Queue(), queue.Queue()
local = threading.local()


def worker(n):
    local.count = 0
    while (item := work.get()) is not None:
        local.count += 1
        results.put(item * item)
    results.put(("end", n))


threads = [threading.Thread(target=worker, args=(n,)) for n in range(8)]
for t in threads:
    t.start()
for i in range(2000):
    work.put(i)
for _ in threads:
    work.put(None)
for t in threads:
    t.join()
found = [results.get() for _ in range(2008)]
print(sum(r for r in found if isinstance(r, int)))
with concurrent.futures.ThreadPoolExecutor(10) as pool:
    print(sum(pool.map(lambda x: x ** 3 % 1000, range(500))))
    failing = pool.submit(lambda: 1 / 0)
    print(type(failing.exception()).__name__)
barrier = threading.Barrier(4)
order = []
lock = threading.RLock()


def meet(n):
    for r in range(50):
        barrier.wait()
        with lock, lock:
            order.append(r)


threads = [threading.Thread(target=meet, args=(n,)) for n in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(order), order == sorted(order))
event = threading.Event()
timer = threading.Timer(0.05, event.set)
timer.start()
began = time.monotonic()
print(event.wait(5), 0.04 < time.monotonic() - began < 4)
print(threading.Event().wait(0.05))
print(threading.Semaphore(0).acquire(timeout=0.05))
for _ in range(200):
    t = threading.Thread(target=lambda: None)
    t.start()
    t.join()
print(threading.active_count())
print("done")

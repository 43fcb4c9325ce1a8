# SPDX-License-Identifier: Apache-2.0
"""asyncio: streams, many tasks, time-outs, signals, executors, cancellation."""
import asyncio
import os
import signal
import time


async def echo(reader, writer):
    while data := await reader.read(10000):
        writer.write(data)
        await writer.drain()
    writer.close()


async def client(port, n):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    total = 0
    for i in range(20):
        writer.write(b"%d\n" % (n * i))
        total += int(await reader.readline())
    writer.close()
    return total


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(sum(await asyncio.gather(*[client(port, n) for n in range(60)])))
    server.close()
    began = time.monotonic()
    await asyncio.gather(*[asyncio.sleep(0.1) for _ in range(1000)])
    print(0.09 < time.monotonic() - began < 5)
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.05)
    except asyncio.TimeoutError:
        print("time-out")
    loop = asyncio.get_running_loop()
    got = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, got.set)
    loop.call_later(0.05, os.kill, os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(got.wait(), 5)
    print("signal")
    print(await loop.run_in_executor(None, lambda: sum(range(100000))))
    task = asyncio.create_task(asyncio.sleep(100))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")
    queue = asyncio.Queue(2)
    producer = asyncio.create_task(produce(queue))
    print([await queue.get() for _ in range(10)])
    await producer


async def produce(queue):
    for i in range(10):
        await queue.put(i)


asyncio.run(main())
print("done")

# SPDX-License-Identifier: Apache-2.0
"""CPU-bound pure-Python kernels, run natively and inside by tools/bench. Each runs twice in the process, for which it prints
`NAME_first SECONDS`, with the first touch of the memory that it needs, and `NAME_steady SECONDS`, with the memory that it has."""
import json
import re
import sys
import time


def nbody(n=50000):
    bodies = [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47], [4.84, -1.16, -0.10, 0.6, 2.8, -0.02, 0.037],
              [8.34, 4.12, -0.4, -1.01, 1.8, 0.008, 0.011], [12.89, -15.1, -0.22, 1.08, 0.86, -0.01, 0.0017]]
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1:]]
    for _ in range(n):
        for a, b in pairs:
            dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
            m = 0.001 * (dx * dx + dy * dy + dz * dz + 0.01) ** -1.5
            for body, other, sign in ((a, b, -1), (b, a, 1)):
                k = sign * m * other[6]
                body[3] += dx * k
                body[4] += dy * k
                body[5] += dz * k
        for body in bodies:
            body[0] += 0.001 * body[3]
            body[1] += 0.001 * body[4]
            body[2] += 0.001 * body[5]
    return bodies


def primes(n=4000000):
    sieve = bytearray([1]) * n
    for i in range(2, int(n ** 0.5) + 1):
        if sieve[i]:
            sieve[i * i::i] = bytes(len(range(i * i, n, i)))
    return sum(1 for i in range(n) if sieve[i])


def fannkuch(n=9):
    count, perm1, most, r = list(range(n)), list(range(n)), 0, n
    while True:
        while r != 1:
            count[r - 1] = r
            r -= 1
        perm, flips = perm1[:], 0
        while k := perm[0]:
            perm[:k + 1] = perm[k::-1]
            flips += 1
        most = max(most, flips)
        while r != n:
            perm1.insert(r, perm1.pop(0))
            count[r] -= 1
            if count[r] > 0:
                break
            r += 1
        else:
            return most
        if r == n:
            return most


def strings(n=700000):
    words = {}
    for i in range(n):
        word = "w%d" % (i * 7919 % 5003)
        words[word] = words.get(word, 0) + 1
    return ",".join(sorted(words))


def objects(n=500000):
    class Node:
        __slots__ = ("value", "next")

        def __init__(self, value, following):
            self.value, self.next = value, following

        def get(self):
            return self.value
    head = None
    for i in range(n):
        head = Node(i, head)
    total = 0
    while head:
        total += head.get()
        head = head.next
    return total


def documents(n=200):
    document = [{"id": i, "name": "n%d" % i, "tags": ["a", "b", str(i)]} for i in range(500)]
    for _ in range(n):
        document = json.loads(json.dumps(document))
    return document


def patterns(n=150):
    text = "the quick brown fox 12345 jumps over 678 lazy dogs " * 400
    return [len(re.findall(r"(\w+) (\d+)", text)) for _ in range(n)]


def allocation(n=120):
    return [sum(map(len, [bytes(i % 3000) for i in range(8000)])) for _ in range(n)]


for function in (nbody, primes, fannkuch, strings, objects, documents, patterns, allocation):
    if len(sys.argv) > 1 and function.__name__ not in sys.argv[1:]:
        continue
    for run in ("first", "steady"):
        began = time.perf_counter()
        function()
        print(f"{function.__name__}_{run}", time.perf_counter() - began, flush=True)

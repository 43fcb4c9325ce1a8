# SPDX-License-Identifier: Apache-2.0
"""Pure computing and the C extension modules: json, hashlib, zlib, bz2, lzma, decimal, re, struct, random, pickle, big numbers."""
import array
import bz2
import collections
import datetime
import decimal
import fractions
import hashlib
import hmac
import itertools
import json
import lzma
import math
import pickle
import random
import re
import statistics
import struct
import unicodedata
import uuid
import zlib

random.seed(42)
data = random.randbytes(20 << 20)
for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
    print(name, hashlib.new(name, data).hexdigest()[:32])
print(hmac.new(b"key", data[:1000], "sha256").hexdigest()[:32], hashlib.scrypt(b"p", salt=b"s", n=1024, r=8, p=1).hex()[:32])
text = "".join(random.choices("abcdefgh ", k=500000)).encode()
for module in (zlib, bz2, lzma):
    packed = module.compress(text)
    print(module.__name__, len(packed), module.decompress(packed) == text)
print(zlib.crc32(data), zlib.adler32(data))
document = {"list": list(range(1000)), "nested": [{"k": i, "v": str(i) * 5} for i in range(500)], "f": 1.1, "u": "ümlaut ☃"}
print(hashlib.sha256(json.dumps(document).encode()).hexdigest()[:16], json.loads(json.dumps(document)) == document)
print(len(pickle.dumps(document)), pickle.loads(pickle.dumps(document)) == document)
decimal.getcontext().prec = 100
print(decimal.Decimal(2).sqrt())
print(fractions.Fraction(1, 3) + fractions.Fraction(1, 7), math.factorial(500) % (10 ** 9 + 7), pow(3, 10 ** 6, 10 ** 18 + 9))
print(len(re.findall(rb"a[b-d]+e", text)), re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"))
print(struct.pack("<IhQd", 1, -2, 3, 4.5).hex(), array.array("d", [1.5] * 3).tobytes().hex()[:16])
print(statistics.mean(range(100)), round(statistics.stdev(range(100)), 6), sum(itertools.accumulate(range(1000))))
print(collections.Counter(text).most_common(3))
print(datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc).isoformat(), datetime.timedelta(days=1, seconds=5))
print(unicodedata.normalize("NFD", "é").encode(), uuid.uuid5(uuid.NAMESPACE_DNS, "x"), len({uuid.uuid4() for _ in range(100)}))
print([round(random.gauss(0, 1), 6) for _ in range(3)], math.fsum([0.1] * 10), 0.1 + 0.2)
matrix = [[(i * j) % 7 for j in range(60)] for i in range(60)]
print(sum(sum(a * b for a, b in zip(row, column)) for row in matrix for column in zip(*matrix)))
memory = [bytearray(1 << 20) for _ in range(60)]
print(sum(len(m) for m in memory))
del memory
print("done")

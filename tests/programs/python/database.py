# SPDX-License-Identifier: Apache-2.0
"""sqlite3 on a file: two connections, locks, WAL, many rows, integrity."""
import os
import sqlite3
import threading
import time

a = sqlite3.connect("test.db", timeout=0.2, isolation_level=None)
b = sqlite3.connect("test.db", timeout=0.2, isolation_level=None)
a.execute("create table t(id integer primary key, text, number real)")
a.execute("begin immediate")
a.executemany("insert into t(text, number) values (?, ?)", ((f"row {i}", i / 7) for i in range(5000)))
try:
    b.execute("begin immediate")
except sqlite3.OperationalError as e:
    print("b:", e)
print(b.execute("select count(*) from t").fetchone())
a.execute("commit")
print(b.execute("select count(*), round(sum(number), 3) from t").fetchone())
b.execute("begin exclusive")
try:
    a.execute("select * from t").fetchone()
except sqlite3.OperationalError as e:
    print("a:", e)
b.execute("rollback")


def late_commit():
    c = sqlite3.connect("test.db", isolation_level=None)
    c.execute("begin immediate")
    ready.set()
    time.sleep(0.1)
    c.execute("update t set text = 'late' where id = 1")
    c.execute("commit")


ready = threading.Event()
waiting = sqlite3.connect("test.db", timeout=10, isolation_level=None)
t = threading.Thread(target=late_commit)
t.start()
ready.wait()
waiting.execute("begin immediate")
print(waiting.execute("select text from t where id = 1").fetchone())
waiting.execute("commit")
t.join()
print(a.execute("pragma journal_mode=wal").fetchone())
a.execute("begin immediate")
a.execute("delete from t where id % 2")
print(b.execute("select count(*) from t").fetchone())
a.execute("commit")
print(b.execute("select count(*) from t").fetchone())
print(a.execute("pragma integrity_check").fetchone(), a.execute("pragma wal_checkpoint(truncate)").fetchone())
a.close(), b.close(), waiting.close()
print(sorted(os.listdir(".")), os.path.getsize("test.db") > 50000)
m = sqlite3.connect(":memory:")
m.create_function("double", 1, lambda x: x * 2)
print(m.execute("select double(21)").fetchone())
print("done")

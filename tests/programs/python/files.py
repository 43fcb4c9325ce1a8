# SPDX-License-Identifier: Apache-2.0
"""os, stat, shutil, tempfile, mmap, pathlib, glob, fcntl, resource limits."""
import fcntl
import glob
import mmap
import os
import pathlib
import shutil
import stat
import tempfile

root = pathlib.Path("tree")
(root / "a" / "b").mkdir(parents=True)
for i in range(30):
    (root / "a" / f"f{i:02}").write_text("x" * i * 100)
(root / "link").symlink_to("a/f05")
os.link(root / "a/f06", root / "hard")
for where, folders, names in sorted(os.walk(root)):
    print(where, sorted(folders), len(names))
s = os.stat(root / "hard")
print(s.st_size, s.st_nlink, stat.filemode(s.st_mode), stat.filemode(os.lstat(root / "link").st_mode))
os.chmod(root / "hard", 0o640)
os.utime(root / "hard", ns=(10 ** 18, 2 * 10 ** 18 + 1))
print(oct(os.stat(root / "hard").st_mode), os.stat(root / "hard").st_mtime_ns)
print(sorted(glob.glob("tree/**/f0*", recursive=True))[:3])
shutil.copytree(root, "copy", symlinks=True)
print(len(list(pathlib.Path("copy").rglob("*"))))
shutil.move("copy/a", "moved")
shutil.rmtree("copy")
print(sorted(os.listdir(".")))
with tempfile.NamedTemporaryFile(dir=".") as t:
    t.write(b"0123456789" * 1000)
    t.flush()
    with mmap.mmap(t.fileno(), 0, access=mmap.ACCESS_READ) as m:
        print(m.find(b"9012"), len(m), m[9990:])
with open("data", "w+b") as f:
    f.truncate(8192)
    with mmap.mmap(f.fileno(), 8192) as m:
        m[4096:4101] = b"hello"
        m.flush()
    f.seek(4096)
    print(f.read(5))
with open("data") as f, open("data") as g:
    fcntl.flock(f, fcntl.LOCK_EX)
    try:
        fcntl.flock(g, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("locked")
r, w = os.pipe()
os.set_blocking(r, False)
try:
    os.read(r, 1)
except BlockingIOError:
    print("would block")
print(os.path.realpath("tree/link").endswith("tree/a/f05"), os.getcwd() == os.path.realpath("."))
for path in ("/nonexistent", "/etc/passwd/x", "tree"):
    try:
        open(path)
    except OSError as e:
        print(type(e).__name__)
with os.scandir("tree/a") as entries:
    print(sum(e.stat().st_size for e in entries if e.is_file()))
fd = os.open("tree", os.O_DIRECTORY)
print(sorted(os.listdir(fd)), os.stat("hard", dir_fd=fd).st_size)
print(os.get_terminal_size.__name__, os.isatty(0), os.cpu_count() >= 1)
print("done")

# SPDX-License-Identifier: Apache-2.0
"""Imports much of the standard library: every extension module is loaded, rewritten and initialised."""
import importlib

names = """abc argparse ast asyncio base64 bisect bz2 calendar cmath cmd code codecs collections concurrent.futures
configparser contextlib copy csv ctypes curses datetime dbm decimal difflib dis email enum errno fcntl filecmp fnmatch
fractions ftplib functools gc getopt getpass gettext glob grp gzip hashlib heapq hmac html http imaplib inspect io
ipaddress itertools json keyword linecache locale logging lzma mailbox math mimetypes mmap multiprocessing netrc numbers
operator os pathlib pdb pickle platform plistlib poplib posix pprint profile pwd py_compile queue quopri random re
readline resource sched secrets select selectors shelve shlex shutil signal smtplib socket socketserver sqlite3 ssl stat
statistics string struct subprocess symtable syslog tarfile tempfile termios textwrap threading time timeit token trace
traceback tty types typing unicodedata unittest urllib.request uuid venv warnings wave weakref xml.etree.ElementTree
xml.sax xmlrpc.client zipfile zlib zoneinfo""".split()
for name in names:
    importlib.import_module(name)
print(len(names))
import platform
import pwd
import logging
print(pwd.getpwuid(0).pw_name, platform.machine(), platform.python_implementation())
logging.basicConfig(format="%(levelname)s %(message)s", stream=__import__("sys").stdout)
logging.warning("logged")
print("done")

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's own programs, unchanged, native against inside: redis, python3, busybox, command-line tools, C++.

redis tests are in redis_tests.py, of other servers in server_tests.py, Python scripts in python/ (each prints what both sides must agree on).
"""
import shutil
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import redis_tests  # noqa: E402
import server_tests  # noqa: E402
import suite  # noqa: E402
from suite import Context, Fail, Test, expect, need  # noqa: E402

HERE = Path(__file__).resolve().parent
_lock = threading.Lock()


def certificate(context: Context) -> Path:
    """A certificate and key for the TLS tests, made once per build folder."""
    folder = context.options.build / "tests" / "programs"
    folder.mkdir(parents=True, exist_ok=True)
    with _lock:
        path = folder / "certificate.pem"
        if not path.exists():
            need("openssl")
            temporary = folder / "certificate.tmp"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj",
                            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(temporary),
                            "-out", str(folder / "certificate.out")], check=True, capture_output=True, timeout=60)
            temporary.write_bytes(temporary.read_bytes() + (folder / "certificate.out").read_bytes())
            temporary.rename(path)
        return path


def python_test(script: Path) -> Test:
    first = script.read_text().splitlines()[:8]
    allow = [word for line in first if line.startswith("# allow: ") for word in line[9:].split()]

    def run(context: Context) -> None:
        need("/usr/bin/python3")
        environment = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        native = context.both(["/usr/bin/python3", str(script), str(certificate(context))], env=environment,
                              native_status=0, run_options=[o for a in allow for o in ("--allow", a)])
        expect(b"done" in native.stdout.splitlines()[-1], "native: does not end with done")
    return Test(f"python:{script.stem}", run, 90, slow="# slow" in first)


def command_test(name: str, argv, stdin: bytes = b"", status: int = 0, prepare=None, slow: bool = False) -> Test:
    def run(context: Context) -> None:
        need(argv[0])
        if context.options.native_only:
            folders = ["native"]
        else:
            folders = ["native", "inside"]
        results = []
        for folder in folders:
            path = context.fresh_directory(folder)
            if prepare:
                prepare(path)
            results.append(context.run(argv, folder == "inside", stdin=stdin, cwd=path))
        expect(results[0].status == status, f"native: {results[0].describe_status()} {suite.tail(results[0].stderr)}")
        if len(results) == 2:
            suite.compare(results[0], results[1])
    return Test(name, run, 60, slow=slow)


TEXT = b"".join(b"line %d of the text, %d\n" % (i, i * 7919 % 1000) for i in range(3000))


def some_files(path: Path) -> None:
    (path / "a.txt").write_bytes(TEXT)
    (path / "b.txt").write_bytes(TEXT.replace(b"line 7 ", b"LINE seven "))
    (path / "sub").mkdir()
    (path / "sub" / "c.bin").write_bytes(bytes(range(256)) * 40)


def busybox_tests():
    box = "/bin/busybox"
    cases = [
        ("sha256sum", ["sha256sum"], TEXT, 0), ("md5sum", ["md5sum", "a.txt", "sub/c.bin"], b"", 0),
        ("sort", ["sort", "-k6", "-n"], TEXT, 0), ("uniq", ["uniq", "-c"], b"a\na\nb\n", 0),
        ("awk", ["awk", "{s+=$NF; n++} END {print s, n, s/n; for (i=0;i<5;i++) print i*i}"], TEXT, 0),
        ("sed", ["sed", "-n", "s/line \\([0-9]*5\\) /[\\1] /p"], TEXT, 0), ("grep", ["grep", "-c", "99"], TEXT, 0),
        ("grep_none", ["grep", "nothing"], TEXT, 1), ("wc", ["wc"], TEXT, 0), ("od", ["od", "-x", "sub/c.bin"], b"", 0),
        ("tr", ["tr", "a-z", "A-Z"], TEXT, 0), ("cut", ["cut", "-d ", "-f2,6"], TEXT, 0),
        ("base64", ["base64", "sub/c.bin"], b"", 0), ("gzip", ["gzip", "-c"], TEXT, 0), ("bzip2", ["bzip2", "-c"], TEXT, 0),
        ("seq", ["seq", "1", "2", "99"], b"", 0), ("factor", ["factor", "600851475143"], b"", 0),
        ("expr", ["expr", "6", "*", "7"], b"", 0), ("printf", ["printf", "%05d %s\\n", "42", "text"], b"", 0),
        ("date", ["date", "-u", "-d", "@1000000000"], b"", 0), ("find", ["find", ".", "-name", "*.txt"], b"", 0),
        ("diff", ["diff", "a.txt", "b.txt"], b"", 1), ("cmp", ["cmp", "a.txt", "b.txt"], b"", 1),
        ("dd", ["dd", "if=a.txt", "bs=1000", "count=3", "skip=1"], b"", 0), ("head", ["head", "-n", "3", "a.txt"], b"", 0),
        ("tail", ["tail", "-n", "3", "a.txt"], b"", 0), ("cat", ["cat", "-", "a.txt"], b"first\n", 0),
        ("tac", ["tac"], TEXT, 0), ("true", ["true"], b"", 0), ("false", ["false"], b"", 1),
        ("test", ["test", "-d", "sub"], b"", 0), ("missing_file", ["cat", "not-there"], b"", 1),
        ("ls", ["ls", "-1", "-F", "."], b"", 0), ("stat", ["stat", "-c", "%n %s %F %a", "a.txt", "sub"], b"", 0),
        ("mkdir", ["mkdir", "-p", "x/y/z"], b"", 0), ("cp", ["cp", "-r", "sub", "copy"], b"", 0),
        ("rm", ["rm", "-r", "sub"], b"", 0), ("mv", ["mv", "a.txt", "moved.txt"], b"", 0), ("touch", ["touch", "new"], b"", 0),
        ("ln", ["ln", "-s", "a.txt", "link"], b"", 0), ("chmod", ["chmod", "600", "a.txt"], b"", 0),
        ("sleep", ["sleep", "0.2"], b"", 0), ("id", ["id", "-u"], b"", 0), ("pwd_end", ["basename", "/x/y.txt", ".txt"], b"", 0),
        ("sh", ["sh", "-c", "for i in 1 2 3; do echo $((i*i)); done; cd /; pwd; test -f etc/passwd && echo yes; "
                            "read line; echo \"<$line>\"; case $line in in*) echo case;; esac; exit 9"], b"input\n", 9),
        ("sh_redirect", ["sh", "-c", "echo one >out; echo two >>out; while read l; do echo \"[$l]\"; done <out; exec 3<out; "
                                     "read x <&3; echo $x"], b"", 0),
        ("xxd", ["xxd", "sub/c.bin"], b"", 0), ("cal", ["cal", "2", "2024"], b"", 0),
    ]
    return [command_test(f"busybox:{name}", [box, *argv], stdin, status, some_files) for name, argv, stdin, status in cases]


# Pages of the file are read through mappings while it is changed by calls.
DATABASE = b"""pragma journal_mode=MODE; pragma mmap_size=10000000; create table t(a integer primary key, b text);
begin; with recursive n(x) as (select 1 union all select x+1 from n where x<20000) insert into t select x, hex(x*x) from n; commit;
update t set b='x'||a where a%3=0; delete from t where a%7=0; create index i on t(b);
select count(*), sum(a), sum(length(b)) from t; begin; delete from t; rollback; select count(*) from t where b like 'x1%';
pragma integrity_check; vacuum; select count(*), max(a) from t; pragma wal_checkpoint(truncate);
"""
PERL = """use strict; use IO::Socket::INET; use IO::Select; $SIG{ALRM} = sub { print "alarm\\n" }; alarm 1; sleep 3;
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die;
for my $i (1 .. 50) { my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport) or die;
my $a = $server->accept; print $c "hello $i\\n"; $c->flush; IO::Select->new($a)->can_read(5) or die; print scalar <$a>; }
open(my $f, '>', 'file') or die; print $f "line $_\\n" for 1 .. 5000; close $f; print -s 'file', "\\n";"""


def script_tests():
    def script(name: str, text: str, *arguments: str) -> Test:
        def run(context: Context) -> None:
            path = context.fresh_directory("scripts") / "script"
            path.write_text(text)
            path.chmod(0o755)
            context.both([str(path), *arguments], env={"PATH": suite.BASE_ENVIRONMENT["PATH"]}, native_status=3)
        return Test(f"script:{name}", run, 60)

    def musl(context: Context) -> None:
        need("musl-gcc")
        program = context.scratch / "musl"
        done = subprocess.run(["musl-gcc", "-O1", "-pthread", str(HERE.parent / "linux_abi" / "threads.c"), "-o", str(program)],
                              capture_output=True, text=True, timeout=60)
        expect(done.returncode == 0, done.stderr[:300])
        context.both([str(program)], native_status=0)
    return [script("sh", "#!/bin/busybox sh\necho \"$0\" \"$@\"; exit 3\n", "a", "b c"),
            script("argument", "#! /usr/bin/perl -w \nprint \"@ARGV $^W\\n\"; exit 3;\n", "x"),
            script("env", "#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:], sys.executable)\nsys.exit(3)\n", "y"),
            script("env_split", "#!/usr/bin/env -S perl -w\nprint \"@ARGV $^W\\n\"; exit 3;\n", "z"), Test("musl_dynamic", musl, 60)]


def tool_tests():
    big = TEXT * 40
    return [
        command_test("coreutils:sort_parallel", ["/usr/bin/sort", "--parallel=4", "-S", "1M", "-k6", "-n"], big),
        command_test("coreutils:sha512sum", ["/usr/bin/sha512sum"], big),
        command_test("coreutils:ls", ["/bin/ls", "-laR", "--time-style=+", "--block-size=1", "sub"], b"", 0, some_files),
        command_test("coreutils:cp", ["/bin/cp", "-r", "sub", "copy"], b"", 0, some_files),
        command_test("coreutils:dd", ["/bin/dd", "if=/dev/zero", "bs=64k", "count=100", "status=none"]),
        command_test("coreutils:date", ["/bin/date", "-u", "-d", "@86400", "+%F %T %Z"]),
        command_test("grep", ["/bin/grep", "-n", "9[0-4]9"], TEXT),
        command_test("sed", ["/bin/sed", "s/line/LINE/;10q"], TEXT),
        command_test("gzip", ["/bin/gzip", "-nc"], big),
        command_test("tar", ["/bin/tar", "cf", "-", "--mtime=@0", "--owner=0", "--group=0", "--sort=name", "a.txt", "sub"], b"",
                     0, some_files),
        command_test("find", ["/usr/bin/find", ".", "-type", "f", "-size", "+1k"], b"", 0, some_files),
        command_test("perl", ["/usr/bin/perl", "-e", "my %h; while (<>) { $h{length $_}++ } print map { \"$_ $h{$_}\\n\" } "
                              "sort { $a <=> $b } keys %h; sleep 1; print eval { die 'x' } || $@;"], TEXT),
        command_test("sqlite3", ["/usr/bin/sqlite3", "db"], b"create table t(a integer primary key, b text);\n"
                     b"with recursive n(x) as (select 1 union all select x+1 from n where x<20000)\n"
                     b"insert into t select x, hex(x*x) from n;\nselect count(*), sum(length(b)) from t;\n"
                     b"pragma journal_mode=wal; begin; delete from t where a%3=0; commit; select count(*) from t;\n"
                     b"pragma integrity_check; vacuum; select max(a) from t;\n"),
        *[command_test(f"sqlite3:{mode}", ["/usr/bin/sqlite3", "db"], DATABASE.replace(b"MODE", mode.encode()))
          for mode in ("wal", "delete", "truncate", "memory")],
        command_test("gawk", ["/usr/bin/gawk", "{ s += $6; n[length($2)]++ } END { c = asorti(n, k); for (i = 1; i <= c; i++) "
                              "print k[i], n[k[i]]; printf \"%.3f %s\\n\", s / NR, toupper(\"x\") }"], TEXT),
        command_test("lua", ["/usr/bin/lua5.4", "-"], b"local t = {} for i = 1, 100000 do t[i] = (i * 7919) % 100003 end table.sort(t)\n"
                     b"print(#t, t[1], t[#t], string.format('%5.2f', math.pi))\n"
                     b"local f = io.open('file', 'w') f:write(('x'):rep(100000)) f:close() print(#io.open('file'):read('a'))\n"
                     b"local c = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) print(c(), c(), c())\n"
                     b"print(pcall(error, 'e')) os.exit(7)\n", 7),
        command_test("perl:sockets", ["/usr/bin/perl", "-e", PERL]),
        command_test("openssl:dgst", ["/usr/bin/openssl", "dgst", "-sha256"], big),
        command_test("openssl:enc", ["/usr/bin/openssl", "enc", "-aes-256-cbc", "-K", "00" * 32, "-iv", "00" * 16], big),
        command_test("openssl:ecparam", ["/usr/bin/openssl", "ecparam", "-name", "prime256v1", "-text", "-noout"]),
    ]


def cxx_test(link: str) -> Test:
    def run(context: Context) -> None:
        folder = context.options.build / "tests" / "programs"
        folder.mkdir(parents=True, exist_ok=True)
        source, program = HERE / "work_pool.cc", folder / f"work_pool-{link}"
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            flags = {"pie": [], "static-pie": ["-static-pie"], "static": ["-static"]}[link]
            done = subprocess.run(["g++", "-std=c++20", "-O2", "-pthread", *flags, str(source), "-o", str(program) + ".tmp"],
                                  capture_output=True, text=True, timeout=120)
            if done.returncode:
                raise Fail("does not compile: " + done.stderr[:400])
            shutil.move(str(program) + ".tmp", program)
        context.both([str(program)], native_status=0)
    return Test(f"cxx:work_pool/{link}", run, 60)


def main() -> int:
    options = suite.prepare(suite.arguments(__doc__).parse_args())
    tests = redis_tests.tests()
    tests += [python_test(script) for script in sorted((HERE / "python").glob("*.py"))]
    tests += busybox_tests() + tool_tests() + [cxx_test(link) for link in ("pie", "static-pie", "static")]
    tests += script_tests() + server_tests.tests(certificate)
    return suite.main(options, tests)


if __name__ == "__main__":
    sys.exit(main())

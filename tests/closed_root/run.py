#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hostile host against closed roots: launch manifests, and files that are edited, replaced, added, removed or swapped.

The host's files are changed for real, but in a mount namespace of the test's own with overlays on /etc and /usr: only the
process under test sees it. What the program prints must be what it prints on the untouched host, or the launch or the
program ends with the file's name.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import suite  # noqa: E402
from suite import Context, Skip, Test, expect, need  # noqa: E402

PYTHON = """
import ssl, pwd, grp, locale, codecs, json, os, site, sys, ctypes, time
context = ssl.create_default_context()
print(json.dumps({
  'ciphers': [c['name'] for c in context.get_ciphers()], 'cas': len(context.get_ca_certs()), 'level': context.security_level,
  'root': pwd.getpwuid(0).pw_shell, 'users': len(pwd.getpwall()), 'groups': len(grp.getgrall()),
  'modules': sorted(m for m in sys.modules if 'hostile' in m), 'path': sys.path, 'json': json.__file__,
  'codec': 'x'.encode('utf-16').hex(), 'zone': time.tzname, 'libc': ctypes.CDLL('libc.so.6').strlen(b'abc'),
  'locale': locale.setlocale(locale.LC_ALL, 'C.UTF-8'), 'etc': sorted(os.listdir('/etc')), 'hostile': os.path.exists('/etc/hostile'),
}, sort_keys=True))
"""

# What a hostile host does, as a shell script in the namespace. Overlays lie on /etc and /usr.
MUTATIONS = {
    "edit openssl.cnf": "sed -i 's/.*/# hostile/; 1i openssl_conf = x\\n[x]\\nssl_conf = y\\n[y]\\nsystem_default = z\\n[z]\\n"
                        "CipherString = NULL-SHA256:@SECLEVEL=0' /etc/ssl/openssl.cnf",
    "remove openssl.cnf": "rm /etc/ssl/openssl.cnf",
    "swap openssl.cnf for a link": "rm /etc/ssl/openssl.cnf; ln -s /proc/self/environ /etc/ssl/openssl.cnf",
    "edit nsswitch.conf": "echo 'passwd: hostile files' > /etc/nsswitch.conf",
    "edit passwd": "sed -i 's,^root:.*,root:x:0:0:root:/root:/bin/hostile,' /etc/passwd",
    "remove passwd": "rm /etc/passwd",
    "edit ld.so.cache": "head -c 4096 /dev/urandom > /etc/ld.so.cache",
    "add ld.so.preload": "echo /usr/lib/hostile.so > /etc/ld.so.preload",
    "add a file to /etc": "echo x > /etc/hostile",
    "add a .pth": "mkdir -p /usr/lib/python3/dist-packages; echo 'import hostile_pth' > /usr/lib/python3/dist-packages/hostile.pth; "
                  "echo > /usr/lib/python3/dist-packages/hostile_pth.py",
    "add sitecustomize": "echo 'print(\"hostile\")' > /usr/lib/python3.11/sitecustomize.py; "
                         "echo 'print(\"hostile\")' > /usr/lib/python3/dist-packages/sitecustomize.py",
    "edit a module": "echo 'print(\"hostile\")' >> /usr/lib/python3.11/json/__init__.py",
    "edit bytecode": "printf hostile >> /usr/lib/python3.11/json/__pycache__/__init__.cpython-311.pyc",
    "shadow a module": "mkdir /usr/lib/python3.11/json_hostile; echo 'print(\"hostile\")' > /usr/lib/python3.11/ssl/__init__.py || true",
    "replace a library": "cp /usr/lib/x86_64-linux-gnu/libz.so.1 /usr/lib/x86_64-linux-gnu/libcrypto.so.3",
    "flip a bit in libc": "printf '\\x90' | dd of=/usr/lib/x86_64-linux-gnu/libc.so.6 bs=1 seek=400000 conv=notrunc status=none",
    "swap two libraries": "cd /usr/lib/x86_64-linux-gnu; cp libm.so.6 m; cp libz.so.1 libm.so.6; mv m libz.so.1",
    "truncate a library": "truncate -s 100000 /usr/lib/x86_64-linux-gnu/libssl.so.3",
    "edit gconv-modules": "echo 'module HOSTILE// INTERNAL hostile 1' > /usr/lib/x86_64-linux-gnu/gconv/gconv-modules; "
                          "rm -f /usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache",
    "replace the locale": "head -c 3000 /dev/urandom > /usr/lib/locale/C.utf8/LC_CTYPE",
    "edit the CA bundle": "echo hostile > /etc/ssl/certs/ca-certificates.crt",
    "edit the time zone": "rm -f /etc/localtime; printf 'TZif2' > /etc/localtime",
    "redirect a folder": "mv /usr/lib/python3.11 /usr/lib/python3.11.away; mkdir /usr/lib/python3.11; "
                         "ln -s ../python3.11.away/json /usr/lib/python3.11/json",
    "put a socket of nscd": "mkdir -p /run/nscd 2>/dev/null; python3.11.away -c 1 2>/dev/null; true",
}


def hostile(context: Context, script: str, argv, timeout: float = 60) -> subprocess.CompletedProcess:
    """Runs argv where `script` has changed the host's files."""
    layers = context.fresh_directory("layers")
    prepare = f"""set -e
mount -t tmpfs none {layers}
for name in etc usr; do
  mkdir {layers}/$name {layers}/$name-work
  mount -t overlay overlay -o lowerdir=/$name,upperdir={layers}/$name,workdir={layers}/$name-work /$name
done
set +e
cd /
{script}
cd {context.scratch}
exec "$@"
"""
    return subprocess.run(["unshare", "-m", "--propagation", "private", "/bin/sh", "-c", prepare, "sh", *argv], capture_output=True,
                          text=True, timeout=timeout, stdin=subprocess.DEVNULL, cwd=context.scratch)


def need_overlays(context: Context) -> None:
    if os.geteuid():
        raise Skip("needs root, to change files in a mount namespace")
    done = hostile(context, "true", ["/bin/true"])
    if done.returncode:
        raise Skip(f"no overlays in mount namespaces here: {done.stderr.strip()[-120:]}")


def cloister(context: Context, *argv, status: int = 0) -> str:
    done = subprocess.run([context.cloister, *argv], capture_output=True, text=True, timeout=120, cwd=context.scratch,
                          stdin=subprocess.DEVNULL)
    expect(done.returncode == status, f"cloister {' '.join(argv[:3])}: exit status {done.returncode}: {done.stderr[-300:]}")
    return done.stdout


def policy(context: Context, name: str, *argv) -> Path:
    """A pinned manifest of a program, closed root."""
    path = context.scratch / f"{name}.yaml"
    path.write_text(cloister(context, "measure", "--policy", "--", *argv))
    return path


def measured(context: Context, manifest: Path) -> Path:
    out = manifest.with_suffix(".measured")
    cloister(context, "measure", "--manifest", str(manifest), "--out", str(out))
    return out


def python_policy(context: Context) -> None:
    need("unshare")
    need_overlays(context)
    manifest = policy(context, "python", "/usr/bin/python3.11", "-c", PYTHON)
    files = {"yaml": manifest, "measured": measured(context, manifest)}
    good = json.loads(cloister(context, "run", "--manifest", str(manifest)))
    expect(good["hostile"] is False and "shadow" not in good["etc"], f"the root is not closed: {good['etc']}")
    counts = {"unchanged": 0, "refused": 0}
    for name, script in MUTATIONS.items():
        for kind, file in files.items():
            done = hostile(context, script, [context.cloister, "run", "--manifest", str(file)])
            if done.returncode == 0:
                seen = {key: value for key, value in json.loads(done.stdout).items() if value != good[key]}
                expect(not seen, f"{name} ({kind}): the program saw it: {seen}")
                counts["unchanged"] += 1
                continue
            said = [line for line in done.stderr.splitlines() if line.startswith("cloister: ") and "/" in line]
            expect(bool(said) and "hostile" not in done.stdout, f"{name} ({kind}): exit status {done.returncode}, no file is "
                   f"named: {done.stderr[-300:]}")
            counts["refused"] += 1
    print(f"# {len(MUTATIONS)} changes of the host, twice each: {counts['unchanged']} not seen, {counts['refused']} refused with the "
          "file's name", flush=True)
    expect(counts["unchanged"] >= 8 and counts["refused"] >= 8, f"too few of one kind: {counts}")


def redis_policy(context: Context) -> None:
    need("redis-server", "redis-cli")
    port = suite.free_port()
    manifest = policy(context, "redis", "redis-server", "--save", "", "--port", str(port))
    expect("mrenclave " in manifest.read_text().splitlines()[0], "no MRENCLAVE at the head of the manifest")
    serve(context, manifest, lambda: subprocess.run(["redis-cli", "-p", str(port), "set", "a", "b"], capture_output=True,
                                                    text=True).stdout == "OK\n")


def nginx_policy(context: Context) -> None:
    need("nginx", "curl")
    port = suite.free_port()
    manifest = policy(context, "nginx", "nginx", "-g", "daemon off; master_process off;")
    text = manifest.read_text()
    pages = context.scratch / "pages"
    pages.mkdir(exist_ok=True)
    data = random.Random(10).randbytes(300_000)
    for name, size in (("short", 10_000), ("long", len(data))):
        (pages / name).write_bytes(data[:size])
    site = f"server {{ listen 127.0.0.1:{port}; root /srv; location /pages {{ root {context.scratch}; }} }}\n"
    (context.scratch / "site").write_text(site)
    begin = text.index("files:\n")
    text = text[:begin] + "files:\n  - path: /srv/index.html\n    contents: \"inside\\n\"\n" \
        f"  - tree: {pages}\n  - path: /etc/nginx/sites-enabled/default\n    source: site\n" + text[begin + 7:]
    text = "".join(line for line in text.splitlines(True) if "/etc/nginx/sites-enabled/default\":" not in line)
    manifest.write_text(text)

    def get(*names: str) -> bytes:
        return subprocess.run(["curl", "-s", *(f"http://127.0.0.1:{port}/{name}" for name in names)], capture_output=True).stdout

    def answers() -> bool:
        if get("") != b"inside\n":
            return False
        for turn in range(4):  # on one connection; from the third on nothing of it comes from the host
            if turn == 3:
                (pages / "short").unlink()
                (pages / "long").write_bytes(b"x" * len(data))
            expect(get("pages/short", "pages/long", "pages/short") == data[:10_000] + data + data[:10_000], f"turn {turn}")
        return True
    serve(context, manifest, answers)


def serve(context: Context, manifest: Path, answers) -> None:
    process = subprocess.Popen([context.cloister, "run", "--manifest", str(manifest)], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, cwd=context.scratch, stdin=subprocess.DEVNULL, start_new_session=True)
    context.processes.append(process)
    end = time.monotonic() + 20
    while not answers():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            expect(False, f"no answer: {process.communicate()[0][-400:]!r}")
        time.sleep(0.1)
    process.terminate()
    expect(process.wait(10) == 0, f"exit status {process.returncode} after SIGTERM")


SMALL = """manifest: 1
program: /bin/sh
args: [-c, "{script}"]
files:
  - tree: /usr/share/terminfo
  - /usr/bin/dash
{libraries}  - path: /etc/motd
    contents: "hello\\n"
links: {{/bin: usr/bin, /usr/bin/sh: dash, /lib64: usr/lib64, /lib: usr/lib}}
directories: [/empty]
tmpfs: [/mem, /var/more]
{more}"""


def small(context: Context, script: str, more: str = "") -> Path:
    libraries = "".join(f"  - {path}\n" for path in ("/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"))
    path = context.scratch / "small.yaml"
    path.write_text(SMALL.format(script=script.replace("\\", "\\\\").replace('"', '\\"'), libraries=libraries, more=more))
    return path


def root(context: Context) -> None:
    """Embedded files, memory file systems, directories, links, and nothing else."""
    script = "read -r line < /etc/motd; echo $line; cd /; echo *; echo > /mem/a; echo /mem/*; [ -d /empty ] && echo empty; " \
             "echo > /empty/x || echo read-only; echo > /etc/motd || echo read-only; [ -e /etc/passwd ] || echo absent; " \
             "[ -e /etc/../mem/./../bin/sh ] && echo links; pwd"
    out = cloister(context, "run", "--manifest", str(small(context, script)))
    expect(out.split("\n")[0] == "hello", out)
    expect(out.split("\n")[1] == "bin dev empty etc lib lib64 mem proc sys tmp usr var", out)
    expect(out.split("\n")[2:] == ["/mem/a", "empty", "read-only", "read-only", "absent", "links", "/", ""], out)


def without_its_loader(context: Context) -> None:
    """What a manifest forgot is named: the dynamic loader that the program asks for."""
    manifest = small(context, "true")
    manifest.write_text("".join(line for line in manifest.read_text().splitlines(True) if "ld-linux" not in line))
    done = subprocess.run([context.cloister, "run", "--manifest", str(manifest)], capture_output=True, text=True, timeout=60)
    expect(done.returncode == 127 and "its dynamic loader /lib64/ld-linux-x86-64.so.2: " in done.stderr, done.stderr)


def limits_of_the_host(context: Context) -> None:
    """Arguments, environment and directory are fixed unless the manifest leaves them to the host."""
    script = "echo \"$0 $1 ($SECRET) ($LANG) $PWD\""
    environment = {**os.environ, "SECRET": "host", "LANG": "host"}

    def run(manifest: Path, *argv, status: int = 0) -> str:
        done = subprocess.run([context.cloister, "run", "--manifest", str(manifest), *argv], capture_output=True, text=True,
                              timeout=60, env=environment, cwd="/tmp", stdin=subprocess.DEVNULL)
        expect(done.returncode == status, f"exit status {done.returncode}: {done.stderr[-300:]}")
        return done.stdout + done.stderr
    expect("/bin/sh  () (fixed) /\n" in run(small(context, script, "env: {LANG: fixed}\n")), "fixed environment")
    fixed = small(context, script)
    expect("fixes the program's arguments" in run(fixed, "--", "-c", "echo hostile", status=2), "arguments were taken")
    expect("written into" not in run(fixed, "--heap", "1G", status=2), "limits were taken")
    open_one = small(context, "unused", "insecure_host_environment: [SECRET]\ninsecure_host_arguments: true\n"
                     "insecure_host_directory: true\ninsecure_host_paths: [/tmp]\n")
    open_one.write_text(open_one.read_text().replace('args: [-c, "unused"]\n', ""))
    said = run(open_one, "--", "-c", script, "name", "argument")
    expect("name argument (host) () /tmp\n" in said, said)
    for word in ("simulation", "insecure_host_arguments", "insecure_host_directory", "insecure_host_environment", "insecure_host_paths"):
        expect(word in said, f"the start line does not say {word}: {said}")


def locations_on_the_host(context: Context) -> None:
    """Files of a host path may lie elsewhere on the host; where is not measured, and a measured file is judged by its bytes."""
    place = context.scratch / "place"
    place.mkdir(exist_ok=True)
    (place / "in").write_text("from the place\n")
    manifest = small(context, "read -r line < /data/in; echo $line; echo $line > /data/out; echo /data/*; cat /other 2>&1 || echo $?",
                     "insecure_host_paths: [/data]\n")
    out = cloister(context, "run", "--host-location", f"/data={place}", "--manifest", str(manifest))
    expect(out.split("\n")[:2] == ["from the place", "/data/in /data/out"], out)
    expect((place / "out").read_text() == "from the place\n", "not written")
    cloister(context, "run", "--host-location", "data", "--manifest", str(manifest), status=2)
    cloister(context, "run", "--host-location", "/data=/nowhere", "--manifest", str(manifest), status=2)
    moved = context.scratch / "moved"
    moved.mkdir(exist_ok=True)
    (moved / "dash").write_bytes(Path("/usr/bin/dash").read_bytes()[:-1] + b"x")
    done = subprocess.run([context.cloister, "run", "--host-location", f"/usr/bin={moved}", "--manifest", str(manifest)],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    expect(done.returncode in (121, 126) and "measured file changed: /usr/bin/dash" in done.stderr, done.stderr)


def check_and_explain(context: Context) -> None:
    manifest = small(context, "true", "insecure_host_paths: [/data]\n")
    expect(": ok, /usr/bin/dash" in cloister(context, "manifest", "check", str(manifest)), "check")
    expect(json.loads(cloister(context, "manifest", "check", "--json", str(manifest)))["ok"] is True, "check --json")
    words = cloister(context, "manifest", "explain", str(manifest))
    expect("below /data at any moment" in words and "it follows them" in words and "signals: The host delivers TERM" in words, words)
    keys = [one["key"] for one in json.loads(cloister(context, "manifest", "explain", "--json", str(manifest)))["influences"]]
    expect("insecure_host_paths" in keys and "insecure_dynamic_code" not in keys, str(keys))
    bad = context.scratch / "bad.yaml"
    for text, said in (("manifest: 1\nprogamm: x\n", "bad.yaml:2:1: unknown key progamm in a launch manifest (did you mean program?)"),
                       ("manifest: 1\na: &b 1\n", "bad.yaml:2:4: anchor"), ("manifest: 1\nmanifest: 1\n", "bad.yaml:2:1: duplicate key"),
                       ("manifest: [1\n", "bad.yaml:2:1:")):
        bad.write_text(text)
        for verb in (["manifest", "check", str(bad)], ["run", "--manifest", str(bad)], ["measure", "--manifest", str(bad)]):
            done = subprocess.run([context.cloister, *verb], capture_output=True, text=True, timeout=30)
            expect(done.returncode == (1 if verb[0] == "manifest" else 2), f"{verb[0]}: exit status {done.returncode}")
            expect(said in done.stderr and done.stderr.count("\n") == 1, f"{verb[0]}: {done.stderr}")


def named_from_here(context: Context) -> None:
    """A program or script that is named relatively has its full path inside; `new` takes no manifest."""
    script = context.scratch / "greet.sh"
    script.write_text("#!/bin/sh\necho \"$0 $1\"\n")
    script.chmod(0o755)
    made = context.scratch / "greet.yaml"
    for name, here in (("./greet.sh", context.scratch), (f"../{context.scratch.name}/./greet.sh", context.scratch)):
        done = subprocess.run([context.cloister, "manifest", "new", "--", name, "hello"], cwd=here, capture_output=True, text=True,
                              timeout=60)
        expect(done.returncode == 0, done.stderr)
        made.write_text(done.stdout)
        out = cloister(context, "run", "--manifest", str(made))
        expect(out == f"{script.resolve()} hello\n", out)
    # So do files that the arguments name.
    (context.scratch / "app").mkdir(exist_ok=True)
    (context.scratch / "app" / "words.txt").write_text("from the file\n")
    for word, here in (("words.txt", context.scratch / "app"), (str(context.scratch / "app" / "words.txt"), Path("/"))):
        done = subprocess.run([context.cloister, "measure", "--policy", "--", "busybox", "cat", word], cwd=here, capture_output=True,
                              text=True, timeout=60)
        expect(done.returncode == 0, done.stderr)
        made.write_text(done.stdout)
        out = cloister(context, "run", "--manifest", str(made))
        expect(out == "from the file\n", out)
    for words in (["manifest", "new", "--manifest", str(made)], ["run", "--env", "=x", "--", "true"], ["run", "--env", "", "--", "true"]):
        done = subprocess.run([context.cloister, *words], capture_output=True, text=True, timeout=30)
        expect(done.returncode == 2, f"{words}: exit status {done.returncode}")


def signed(context: Context) -> None:
    """The owner's signature travels with the manifest; another runtime image, debug or a changed byte is refused."""
    need("openssl")
    key = context.scratch / "key.pem"
    subprocess.run(["openssl", "genrsa", "-3", "-out", str(key), "3072"], capture_output=True, check=True)
    manifest, out = small(context, "echo signed"), context.scratch / "small.signed"
    said = cloister(context, "sign", "--manifest", str(manifest), "--key", str(key), "--out", str(out), "--isvprodid", "7")
    mrenclave = cloister(context, "measure", "--manifest", str(manifest)).splitlines()[0]
    expect(said.splitlines()[0] == mrenclave and "mrsigner" in said, said)
    expect(cloister(context, "measure", "--manifest", str(out)).splitlines()[0] == mrenclave, "measured from the signed file")
    expect(cloister(context, "run", "--manifest", str(out)) == "signed\n", "run")
    data = bytearray(out.read_bytes())
    data[data.index(b"echo signed") + 5] ^= 1
    out.write_bytes(data)
    done = subprocess.run([context.cloister, "run", "--manifest", str(out)], capture_output=True, text=True, timeout=30)
    expect(done.returncode == 125 and not done.stdout and "`cloister sign` it again" in done.stderr,
           f"a changed byte: {done.returncode} {done.stderr}")
    said = json.loads(cloister(context, "sign", "--manifest", str(manifest), "--key", str(key), "--out", str(out), "--isvsvn", "3",
                               "--json"))
    expect(f"mrenclave {said['mrenclave']}" == mrenclave and (said["isvprodid"], said["isvsvn"]) == (0, 3), str(said))
    done = subprocess.run([context.cloister, "sign", "--manifest", str(manifest), "--key", "/dev/null", "--out", str(out)],
                          capture_output=True, text=True, timeout=30)
    expect(done.returncode == 2 and "openssl genrsa -3 3072" in done.stderr, done.stderr)


def pinned(context: Context) -> None:
    """A manifest in YAML with a hash refuses another file before it starts, and says which."""
    data = context.scratch / "data"
    data.write_text("right\n")
    digest = subprocess.run(["sha256sum", str(data)], capture_output=True, text=True, check=True).stdout.split()[0]
    manifest = small(context, f"read -r line < {data}; echo $line")
    text = manifest.read_text().replace("  - path: /etc/motd", f"  - path: {data}\n    sha256: {digest}\n  - path: /etc/motd")
    manifest.write_text(text)
    expect(cloister(context, "run", "--manifest", str(manifest)) == "right\n", "right file")
    before = cloister(context, "measure", "--manifest", str(manifest)).splitlines()[0]
    data.write_text("wrong\n")
    done = subprocess.run([context.cloister, "run", "--manifest", str(manifest)], capture_output=True, text=True, timeout=30)
    expect(done.returncode == 126 and f"{data}: is not the file that the manifest pins" in done.stderr, done.stderr)
    manifest.write_text(text.replace(f"\n    sha256: {digest}", "\n", 1))
    expect(cloister(context, "measure", "--manifest", str(manifest)).splitlines()[0] != before, "MRENCLAVE did not follow the file")


def kept_files(context: Context) -> None:
    """What was read stays as it was, whatever the host does to the file; what was not read is gone with it."""
    data, other = context.scratch / "data", context.scratch / "other"
    data.write_text("right\n")
    other.write_text("never read in time\n")
    manifest = small(context, "while read -r name; do line=; read -r line < $name; echo \"($line)\"; done")
    manifest.write_text(manifest.read_text().replace("  - path: /etc/motd", f"  - {data}\n  - {other}\n  - path: /etc/motd"))
    process = subprocess.Popen([context.cloister, "run", "--manifest", str(manifest)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    context.processes.append(process)

    def ask(file: Path) -> str:
        process.stdin.write(f"{file}\n")
        process.stdin.flush()
        return process.stdout.readline()
    expect([ask(data) for _ in range(3)] == ["(right)\n"] * 3, "as measured")
    data.write_text("wrong\n")
    expect(ask(data) == "(right)\n", "edited")
    data.unlink()
    other.unlink()
    expect(ask(data) == "(right)\n", "deleted")
    ask(other)
    out, errors = process.communicate(timeout=20)
    expect("never read" not in out + errors and f"measured file changed: {other}" in errors, f"{out} {errors}")


TESTS = [Test("root", root), Test("without_its_loader", without_its_loader), Test("limits_of_the_host", limits_of_the_host),
         Test("locations_on_the_host", locations_on_the_host), Test("check_and_explain", check_and_explain),
         Test("named_from_here", named_from_here), Test("signed", signed), Test("pinned", pinned), Test("kept_files", kept_files),
         Test("redis_policy", redis_policy), Test("nginx_policy", nginx_policy),
         Test("python_policy", python_policy, 600, slow=True)]


def main() -> int:
    return suite.main(suite.prepare(suite.arguments(__doc__).parse_args()), TESTS)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Secrets only for the enclave that proves itself: LAS, CAS, sessions and unmodified servers, end to end.

LAS and CAS run as a host would run them, nginx and redis get their keys and passwords from a session, and what root on the
host sees meanwhile is searched for them. Then everything that must be refused is tried, one thing at a time (wrong_*.py,
replay_and_relay.py), and the services are killed, starved and beset (cas_*.py, many_clients.py, unreachable.py).
"""
import base64
import json
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import suite  # noqa: E402
import cas_killed  # noqa: E402
import cas_storage  # noqa: E402
import evidence_certificate  # noqa: E402
import exit_reasons  # noqa: E402
import large_configuration  # noqa: E402
import many_clients  # noqa: E402
import mutual_tls  # noqa: E402
import ordinary_user  # noqa: E402
import replay_and_relay  # noqa: E402
import security_version  # noqa: E402
import unreachable  # noqa: E402
import upgrade  # noqa: E402
import wrong_enclave  # noqa: E402
import wrong_platform  # noqa: E402
from host_view import Search, View  # noqa: E402
from services import Services, until  # noqa: E402
from suite import Context, Skip, Test, expect, need  # noqa: E402

NGINX = ("nginx",)
SESSION = """name: shop
version: "0.3.10"
access_policy:
  read: [CREATOR]
  update: [CREATOR]
security:
  attestation:
    mode: hardware
    insecure_simulation_root: {root}
services:
  - name: web
    image_name: web
    command: ["nginx", "-g", "daemon off; master_process off;"]
    pwd: /
    environment: {{SITE: shop, TOKEN: "$$SCONE::token:base64$$"}}
    attestation:
      - mrenclave: [{nginx}]
  - name: store
    image_name: store
    command: redis-server /etc/redis/store.conf
    pwd: /
    attestation:
      - mrenclave: [{redis}]
  - name: reader
    command:
      - /usr/bin/python3.11
      - -c
      - |
        import json, os, sys
        print(json.dumps({{"argv": sys.argv[1:], "environment": dict(os.environ), "directory": os.getcwd()}}))
      - "$$SCONE::password$$"
      - "$$SCONE::web-key:pem$$"
      - "$$SCONE::token:hex$$"
      - "@@1"
    pwd: /tmp
    environment: {{PASSWORD: "$$SCONE::password$$"}}
    attestation:
      - mrenclave: [{python}]
images:
  - name: web
    injection_files:
      - path: /etc/nginx/nginx.conf
        content: |
          error_log stderr;
          events {{}}
          http {{
            access_log off;
            server {{
              listen 127.0.0.1:{web_port} ssl;
              ssl_certificate /etc/nginx/tls/web.pem;
              ssl_certificate_key /etc/nginx/tls/web.key;
              root /srv/www;
              location /private {{ auth_basic shop; auth_basic_user_file /etc/nginx/passwords; }}
            }}
          }}
      - path: /etc/nginx/tls/web.pem
        content: $$SCONE::web:crt$$
        permission: 0o444
      - path: /etc/nginx/tls/web.key
        content: $$SCONE::web-key:pem$$
        permission: 0o400
      - path: /etc/nginx/passwords
        content: "guest:{{PLAIN}}$$SCONE::password$$\\n"
        permission: 0o400
      - path: /srv/www/index.html
        content: "the shop\\n"
        permission: 0o444
      - path: /srv/www/private/index.html
        content: "the back room\\n"
        permission: 0o444
  - name: store
    injection_files:
      - path: /etc/redis/store.conf
        content: |
          bind 127.0.0.1
          port {store_port}
          save ""
          requirepass $$SCONE::password$$
        permission: 0o400
secrets:
  - {{name: password, kind: ascii, size: 32}}
  - {{name: token, kind: binary, size: 24}}
  - {{name: ca-key, kind: private-key}}
  - {{name: ca, kind: x509-ca, private_key: ca-key, common_name: Shop CA, export_public: true}}
  - {{name: web-key, kind: private-key}}
  - {{name: web, kind: x509, private_key: web-key, issuer: ca, common_name: localhost, dns: localhost, endpoint: server}}
"""
PYTHON = ("/usr/bin/python3.11",)


def curl(*argv: str) -> str:
    return subprocess.run(["curl", "-s", "--max-time", "10", *argv], capture_output=True, text=True).stdout


class Shop:
    """Services with the session above, and what its tests need of it."""

    def __init__(self, context: Context, trace=None):
        need("nginx", "redis-server", "redis-cli", "curl", "openssl")
        self.services = Services(context, trace)
        self.web_port, self.store_port = suite.free_port(), suite.free_port()
        self.services.start()
        self.services.attest()
        self.text = SESSION.format(root=self.services.root_hash(), nginx=self.services.mrenclave(*NGINX),
                                   redis=self.services.mrenclave("redis-server"), python=self.services.mrenclave(*PYTHON),
                                   web_port=self.web_port, store_port=self.store_port)
        self.services.create("shop", self.text)
        self.authority = self.services.owner_side / "ca.pem"
        public = json.loads(curl("-k", f"https://{self.services.api}/v1/values/session=shop,secret=ca"))
        self.authority.write_text(public["value"])

    def web(self, path: str, *options: str) -> str:
        return curl("--cacert", str(self.authority), *options, f"https://localhost:{self.web_port}{path}")

    def store(self, password: str, *words: str) -> str:
        done = subprocess.run(["redis-cli", "-p", str(self.store_port), "--no-auth-warning", *(["-a", password] if password else []),
                               *words], capture_output=True, text=True)
        return done.stdout + done.stderr

    def read_secrets(self, *arguments: str) -> dict:
        """What the service that prints its secrets got; not while the host is being watched."""
        process = self.services.run_service("reader", "shop/reader", *PYTHON, arguments=arguments or ("one",))
        expect(process.wait(60) == 0, f"reader: exit status {process.returncode}: {self.services.log('reader')[-800:]}")
        lines = [line for line in self.services.log("reader").splitlines() if line.startswith("{")]
        return json.loads(lines[-1])


def key_bytes(pem: str) -> bytes:
    """The private scalar of a P-256 key."""
    done = subprocess.run(["openssl", "pkey", "-noout", "-text"], input=pem, capture_output=True, text=True, check=True)
    digits = done.stdout.split("priv:")[1].split("pub:")[0]
    return bytes.fromhex("".join(digits.split()).replace(":", ""))[-32:]


def end_to_end(context: Context) -> None:
    """nginx with TLS and a password file, redis with a password: unmodified, and only inside is anything to be read."""
    shop = Shop(context)
    services = shop.services
    web = services.run_service("web", "shop/web", *NGINX)
    until(services, web, "web", lambda: shop.web("/") == "the shop\n")
    expect("401" in shop.web("/private/", "-w", "%{http_code}", "-o", "/dev/null"), "the back room is open")
    store = services.run_service("store", "shop/store", "redis-server")
    until(services, store, "store", lambda: "NOAUTH" in shop.store("", "get", "x"))
    got = shop.read_secrets("from the host $$SCONE::token:hex$$")
    password, key, token, host_word = got["argv"]
    expect(len(password) == 32 and len(bytes.fromhex(token)) == 24, got)
    expect(host_word == "from the host $$SCONE::token:hex$$", f"the host's argument was not taken verbatim: {host_word}")
    expect(got["directory"] == "/tmp" and got["environment"]["PASSWORD"] == password, got)
    expect(sorted(name for name in got["environment"] if name not in ("LC_CTYPE",)) == ["PASSWORD"], got["environment"])
    expect("the back room" in shop.web("/private/", "-u", f"guest:{password}"), "the password does not open the back room")
    expect(shop.store(password, "set", "x", "1") == "OK\n", "the password does not open the store")
    fingerprint = subprocess.run(f"echo | openssl s_client -connect 127.0.0.1:{shop.web_port} 2>/dev/null | openssl x509 -pubkey -noout",
                                 shell=True, capture_output=True, text=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=key, capture_output=True, text=True).stdout
    expect(fingerprint == public, "nginx does not serve with the session's key")
    for name, process in (("web", web), ("store", store)):
        process.terminate()
        expect(process.wait(20) == 0, f"{name}: exit status {process.returncode} after SIGTERM: {services.log(name)[-400:]}")
    kinds = [entry["kind"] for entry in services.audit()]
    for kind, count in (("session_created", 1), ("attestation_granted", 3), ("service_exited", 3)):
        expect(kinds.count(kind) >= count, f"the audit log has {kinds.count(kind)} of {kind}: {kinds}")
    services.owner("cas", "audit", "verify", "--cas", services.api)


def view_of_the_host(context: Context) -> None:
    """Root on the host looks at everything while secrets are made, released and used, and finds none of them."""
    need("strace", "gdb", "gcore")
    if suite.os.geteuid():
        raise Skip("needs root, to look at everything that root sees")
    view = View(context.fresh_directory("view"))
    pids = []
    try:
        shop = Shop(context, view.traced)
        services = shop.services
        web = services.run_service("web", "shop/web", *NGINX)
        until(services, web, "web", lambda: shop.web("/") == "the shop\n", 120)
        store = services.run_service("store", "shop/store", "redis-server")
        until(services, store, "store", lambda: "NOAUTH" in shop.store("", "get", "x"), 120)
        planted = b"planted-" + base64.b16encode(suite.os.urandom(12))
        (services.host_side / "planted").write_bytes(b"..." + planted.hex().encode())
        pids = let_go([services.las_process, services.cas_process, web, store])
        expect(shop.web("/") == "the shop\n", "nginx does not outlive its tracer")
        seen = view.collect(pids, [services.host_side, Path("/tmp"), Path("/var/lib/cloister")], cores=True)
        view.close()
        services.trace = lambda name, argv: argv
        got = shop.read_secrets("x")
    finally:
        for pid in pids:
            suite.os.kill(pid, suite.signal.SIGKILL)
        view.close()
    password, key, token, _ = got["argv"]
    marker = Search({"planted": planted}, {})
    expect(any(marker.find(data) for data in seen.values()), "the search does not find what was planted")
    expect(all(len(seen[f"core of {pid}"]) > 1 << 20 for pid in pids), "there are no cores")
    search = Search({"password": password.encode(), "token": bytes.fromhex(token)}, {"web-key": key_bytes(key)})
    expect(search.find(b"x" + password.encode()[::-1]) and search.find(key_bytes(key)[3:19]), "the search is blind")
    found = {where: names for where, data in seen.items() if (names := search.find(data))}
    expect(not found, f"secrets are to be seen: {found}")
    size = sum(map(len, seen.values()))
    print(f"# {len(seen)} things of {size >> 20} MiB searched for {len(search.patterns)} patterns: none found", flush=True)


def let_go(tracers: list) -> list:
    """Ends strace, so that cores can be made of what it traced, which runs on. Those processes' ids."""
    pids = []
    for tracer in tracers:
        pids += map(int, subprocess.run(["pgrep", "-P", str(tracer.pid)], capture_output=True, text=True).stdout.split())
        tracer.kill()
        tracer.wait()
    return pids


TESTS = [Test("end_to_end", end_to_end, 300), *mutual_tls.TESTS, *wrong_enclave.TESTS, *wrong_platform.TESTS,
         *replay_and_relay.TESTS, *evidence_certificate.TESTS, *exit_reasons.TESTS, *large_configuration.TESTS,
         *cas_storage.TESTS, *cas_killed.TESTS, *many_clients.TESTS, *unreachable.TESTS, *upgrade.TESTS,
         *security_version.TESTS, *ordinary_user.TESTS,
         Test("view_of_the_host", view_of_the_host, 900, slow=True, alone=True)]


def main() -> int:
    return suite.main(suite.prepare(suite.arguments(__doc__).parse_args()), TESTS)


if __name__ == "__main__":
    sys.exit(main())

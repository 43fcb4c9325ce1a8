# SPDX-License-Identifier: Apache-2.0
"""Two sessions that know each other by an authority that one of them shares: TLS with certificates on both sides.

nginx of session `shop` and a client of session `customer` speak TLS by their own code. Neither session knows the other's
keys: `shop` exports its authority with its key, and `customer` issues its own certificate by that.
"""
import json
import ssl
import subprocess
from typing import List, Tuple

from suite import Context, Test, expect, free_port, need
from services import Services, until

NGINX, PYTHON = ("nginx",), ("/usr/bin/python3.11",)
SHOP = """name: shop
version: "0.3.10"
security: {{attestation: {{insecure_simulation_root: {root}}}}}
services:
  - name: web
    image_name: web
    command: ["nginx", "-g", "daemon off; master_process off;"]
    pwd: /
    attestation: [{{mrenclave: [{nginx}]}}]
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
              listen 127.0.0.1:{port} ssl;
              ssl_certificate /etc/nginx/tls/web.pem;
              ssl_certificate_key /etc/nginx/tls/web.key;
              ssl_client_certificate /etc/nginx/tls/ca.pem;
              ssl_verify_client on;
              return 200 "welcome, $ssl_client_s_dn\\n";
            }}
          }}
      - {{path: /etc/nginx/tls/ca.pem, content: "$$SCONE::ca:crt$$"}}
      - {{path: /etc/nginx/tls/web.pem, content: "$$SCONE::web:crt$$"}}
      - {{path: /etc/nginx/tls/web.key, content: "$$SCONE::web-key:pem$$", permission: 0o400}}
secrets:
  - {{name: ca-key, kind: private-key, migrate: {migrate}, export: {{session: customer}}}}
  - {{name: ca, kind: x509-ca, private_key: ca-key, common_name: Shop CA, export: {{session: customer}}, export_public: true}}
  - {{name: web-key, kind: private-key}}
  - {{name: web, kind: x509, private_key: web-key, issuer: ca, common_name: web, san: ["ip:127.0.0.1"], endpoint: server}}
"""
CUSTOMER = """name: customer
version: "0.3.10"
security: {{attestation: {{insecure_simulation_root: {root}}}}}
services:
  - name: buyer
    image_name: buyer
    command:
      - {program}
      - -c
      - |
        import http.client, ssl
        tls = ssl.create_default_context(cafile="/etc/buyer/ca.pem")
        tls.load_cert_chain("/etc/buyer/buyer.pem", "/etc/buyer/buyer.key")
        web = http.client.HTTPSConnection("127.0.0.1", {port}, context=tls, timeout=20)
        web.request("GET", "/")
        answer = web.getresponse()
        print("answer:", answer.status, answer.read().decode().strip())
    pwd: /
    attestation: [{{mrenclave: [{python}]}}]
images:
  - name: buyer
    injection_files:
      - {{path: /etc/buyer/ca.pem, content: "$$SCONE::ca:crt$$"}}
      - {{path: /etc/buyer/buyer.pem, content: "$$SCONE::buyer:crt$$"}}
      - {{path: /etc/buyer/buyer.key, content: "$$SCONE::buyer-key:pem$$", permission: 0o400}}
secrets:
  - {{name: ca, import: {{session: shop, secret: ca}}}}
  - {{name: buyer-key, kind: private-key}}
  - {{name: buyer, kind: x509, private_key: buyer-key, issuer: ca, common_name: buyer, endpoint: client}}
"""


class Pair:
    """Both sessions' texts, and their services: nginx runs, the client runs once each time."""

    def __init__(self, context: Context):
        need("nginx", "curl", "openssl")
        self.services = Services(context)
        self.port = free_port()
        self.services.start()
        self.services.attest()
        self.fields = {"root": self.services.root_hash(), "nginx": self.services.mrenclave(*NGINX), "program": PYTHON[0],
                       "python": self.services.mrenclave(*PYTHON), "port": self.port}
        self.customer = CUSTOMER.format(**self.fields)
        self.web = None

    def shop(self, migrate: str) -> str:
        return SHOP.format(**self.fields, migrate=migrate)

    def update(self, name: str, text: str) -> str:
        return self.services.owner("session", "update", str(self.services.session(name, text)), "--cas", self.services.api)

    def serve(self) -> None:
        """nginx, or a new one with what its session has now."""
        if self.web is not None:
            self.services.stop(self.web)
        self.web = self.services.run_service("web", "shop/web", *NGINX)
        until(self.services, self.web, "web", lambda: "400" in self.curl())

    def curl(self, *options: str) -> str:
        """Status and page, for somebody on the host who looks at no certificate."""
        done = subprocess.run(["curl", "-sk", "--max-time", "10", "-w", "%{http_code}", *options, f"https://127.0.0.1:{self.port}/"],
                              capture_output=True, text=True)
        return done.stdout

    def buy(self) -> Tuple[int, str]:
        process = self.services.run_service("buyer", "customer/buyer", *PYTHON)
        status = process.wait(60)
        return status, self.services.log("buyer").strip().splitlines()[-1]

    def buys(self, when: str) -> None:
        status, line = self.buy()
        expect(status == 0 and line == "answer: 200 welcome, CN=buyer", f"{when}: exit status {status}: {line}")


def stranger(pair: Pair) -> List[str]:
    """curl's options for a certificate that is the buyer's but for the key of the authority, which has the same name."""
    folder = pair.services.host_side / "stranger"
    folder.mkdir()
    for line in ("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=Shop CA' -keyout ca.key -out ca.pem",
                 "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=buyer -keyout buyer.key -out buyer.csr",
                 "x509 -req -in buyer.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out buyer.pem"):
        subprocess.run(f"openssl {line}", shell=True, cwd=folder, check=True, capture_output=True)
    return ["--cert", str(folder / "buyer.pem"), "--key", str(folder / "buyer.key")]


def mutual_tls(context: Context) -> None:
    """Who has no certificate of the shared authority is refused; and what a renewed authority means for who has imported it."""
    pair = Pair(context)
    services = pair.services
    path = services.session("customer", pair.customer)
    said = services.owner("session", "create", str(path), "--cas", services.api, status=1)
    expect("import of ca of session shop: that session exports no such secret" in said, f"the importer first: {said}")
    services.create("shop", pair.shop("true"))
    services.create("customer", pair.customer)
    pair.serve()
    pair.buys("at first")
    refused = pair.curl()
    expect("No required SSL certificate was sent" in refused and refused.endswith("400"), f"without a certificate: {refused}")
    refused = pair.curl(*stranger(pair))
    expect("The SSL certificate error" in refused and refused.endswith("400"), f"by another authority: {refused}")
    for value in json.loads(subprocess.run(["curl", "-sk", f"https://{services.api}/v1/values/session=shop"], capture_output=True,
                                           text=True).stdout)["values"].values():
        expect("PRIVATE" not in value["value"], f"a private key is public: {value}")

    # The authority's key stays, and with it all that was issued under it.
    said = pair.update("shop", pair.shop("true"))
    expect("is made anew" not in said, f"an authority with the same key: {said}")
    pair.serve()
    pair.buys("after an update that keeps the authority's key")

    # Another key: whoever updates is told who has the former one, and until they update, too, neither side trusts the other.
    said = pair.update("shop", pair.shop("false"))
    expect("secret ca is made anew" in said and "customer" in said, f"another authority: {said}")
    pair.serve()
    status, line = pair.buy()
    expect(status != 0 and ssl.SSLCertVerificationError.__name__ in line, f"a former authority: exit status {status}: {line}")
    pair.update("customer", pair.customer)
    pair.buys("after the importer's update")
    pair.services.stop(pair.web)


TESTS = [Test("mutual_tls", mutual_tls, 240)]

# SPDX-License-Identifier: Apache-2.0
"""Seeds of fuzz_cas_api: every request that openapi.json describes, by everybody who may ask, with sessions as bodies."""
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = "0123"  # nobody, the owner, two others (fuzz_cas_api.cc)
END_OF_REQUEST = "\x1e"
VALUES = {"nonce": "ab" * 32, "from": "1", "to": "2", "hash": "$HASH", "prefix": "s", "time": "1790000000",
          "name": "shop", "value": "session=shop,secret=open"}
WEB = """name: web
version: 0.3.11
services:
- name: nginx
  command: nginx -g 'daemon off;'
  mrenclaves: [0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f]
  environment: {PASSWORD: $$SCONE::password$$}
secrets:
- {name: password, kind: ascii, size: 12}
- {name: key, kind: private-key}
- {name: ca, kind: x509-ca, private_key: key, export_public: true}
access_policy: {read: ANY, update: [CREATOR]}
"""
UPDATE = """name: shop
version: 0.3.11
predecessor: $HASH
secrets: [{name: open, kind: ascii, export_public: true}, {name: more, kind: binary, size: 8, export: [{session: shop/part}]}]
access_policy: {create_sessions: ANY}
"""
IMPORT = """name: shop/part
version: 0.3.11
secrets: [{name: got, import: {session: shop, secret: more}}]
"""


def requests():
    """(method, target, has a body) of each operation."""
    description = json.loads((ROOT / "src/cas/api/openapi.json").read_text(encoding="utf-8"))
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":  # of all of them
                continue
            query = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
            name = path.partition("{")[2].rstrip("}")
            target = path.replace("{" + name + "}", VALUES["value" if "values" in path else "name"]) if name else path
            for asked in [[], *([one] for one in query), query]:
                mark = "?" if asked else ""
                yield method.upper(), target + mark + "&".join(f"{one}={VALUES[one]}" for one in asked), "requestBody" in operation


def make():
    """The seeds, as (name, bytes)."""
    bodies = [WEB, UPDATE, IMPORT] + [file.read_text(encoding="utf-8") for file in sorted((ROOT / "tests/session").glob("*.yaml"))]
    number = 0
    for method, target, has_body in requests():
        for client in CLIENTS:
            for body in bodies if has_body else [""]:
                number += 1
                yield f"{number}-{method}", f"{client} {method} {target}\n{body}".encode()
    steps = [f"1 PUT /v1/sessions/shop\n{UPDATE}", f"2 POST /v1/sessions\n{IMPORT}", "2 GET /v1/sessions/shop%2Fpart",
             "0 GET /v1/values/session=shop", "1 GET /v1/audit"]
    yield "conversation", END_OF_REQUEST.join(steps).encode()

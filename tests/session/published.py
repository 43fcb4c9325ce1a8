# SPDX-License-Identifier: Apache-2.0
"""Published sessions as whole sessions: templates filled, fragments put where they belong, what they lack added."""
import re
from pathlib import Path

MRENCLAVE = "0123456789abcdef" * 4
PLACEHOLDER = re.compile(r"\$\$SCONE::([A-Za-z0-9_~-]+)(?:[.:][^$|]*)?(?:\|[^$]*)?\$\$")


def fill(text: str, variables: dict) -> str:
    """Longest key first; a $NAME only where no word character follows and no $ precedes."""
    for key in sorted(variables, key=len, reverse=True):
        if re.fullmatch(r"\$\w+", key):
            text = re.sub(r"(?<!\$)" + re.escape(key) + r"(?!\w)", lambda _: variables[key], text)
        else:
            text = text.replace(key, variables[key])
    return text


def render_velocity(text: str) -> str:
    """As much of Velocity as the published templates use: comments, conditions that hold, loops with two rounds."""
    text = re.sub(r"#\*.*?\*#", "", text, flags=re.DOTALL)
    out, loop, rounds = [], None, 0
    for line in text.splitlines():
        word = line.strip()
        if word.startswith("#foreach"):
            loop = []
        elif word.startswith("#end"):
            if loop is not None:
                for number in range(2):
                    rounds += 1
                    out += [re.sub(r"\$\w+\.get\(\$key\)", "value", body).replace("$key", f"KEY_{rounds}")
                            for body in loop]
                loop = None
        elif not word.startswith("##") and not word.startswith("#if"):
            (out if loop is None else loop).append(line)
    text = "\n".join(out) + "\n"
    text = re.sub(r'\$env\.get\("(\w+)"\)', r"/\1", text)
    return text.replace("$TOLERATED_INSECURE_OPTIONS", "debug-mode").replace("$IGNORED_SGX_ADVISORIES", "INTEL-SA-00161")


def indent(text: str, by: int) -> str:
    return "".join(" " * by + line if line.strip() else line for line in text.splitlines(keepends=True))


def dedent(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    least = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return "".join(line[least:] if line[:least].isspace() or least == 0 else line
                   for line in text.splitlines(keepends=True))


def place(text: str, at) -> str:
    """A fragment inside of what surrounds it."""
    body = dedent(text)
    if not body.endswith("\n"):
        body += "\n"
    attestation = f"    mrenclaves: [{MRENCLAVE}]\n"
    if at == "services[]":
        own = "" if re.search(r"^(mrenclaves|attestation):", body, re.M) else attestation
        return "services:\n  - name: service\n" + own + indent(body, 4)
    if at == "images[]":
        return "images:\n  - name: image\n" + indent(body, 4)
    if at == "secrets[]":
        return "secrets:\n  - name: secret\n    kind: ascii\n" + indent(body, 4)
    if at == "secrets":
        return "secrets:\n" + indent(body, 2)
    if at == "scone-id":
        return "secrets:\n  - name: secret\n    kind: ascii\n    export:\n      - " + indent(body, 8).lstrip()
    if at == "file content":
        return "images:\n  - name: image\n    injection_files:\n      - path: /file\n        content: |\n" + indent(body, 10)
    return text


def add_attestation(text: str, service: str) -> str:
    """To a named service that lacks it, which is a list item of `services`."""
    pattern = re.compile(rf"^(\s*)- name: {re.escape(service)}\s*$", re.M)
    return pattern.sub(lambda m: m.group(0).rstrip() + f"\n{m.group(1)}  mrenclaves: [{MRENCLAVE}]\n", text, count=1)


def stubs(text: str, references, old: bool) -> str:
    """Descriptions of what a fragment uses and does not define: imports without a kind fit every use."""
    secrets = {name for name in PLACEHOLDER.findall(text) if name != "self"}
    secrets |= {ref.split(":", 1)[1] for ref in references if ref.startswith("secret:")}
    secrets = {re.sub(r"\.(crt|key|chain|hex)$", "", name) for name in secrets}
    missing = [name for name in sorted(secrets) if not re.search(rf"^\s*-?\s*name: [\"']?{re.escape(name)}\b", text, re.M)]
    if not missing:
        return text
    origin = "elsewhere" if old else "{session: elsewhere}"
    entries = "".join(f"- name: {name}\n  import: {origin}\n" for name in missing)
    if not re.search(r"^secrets:", text, re.M):
        return text + "secrets:\n" + indent(entries, 2)
    where = re.search(r"^secrets:[^\n]*\n(\s*)-", text, re.M)
    return re.sub(r"^secrets:[^\n]*\n", lambda m: m.group(0) + indent(entries, len(where.group(1).strip("\n"))), text,
                  count=1, flags=re.M)


def whole(case: dict, folder: Path, version=None) -> str:
    """The text to check. `version` overrides the version that a fragment gets."""
    text = (folder / case["file"]).read_text(encoding="utf-8")
    if case.get("template_engine") == "velocity":
        text = render_velocity(text)
    text = fill(text, case["variables"])
    if case["complete"]:
        return text
    fragment = case["fragment"]
    text = place(text, fragment["at"])
    missing = fragment["missing"] or (["name", "version"] if fragment["at"] != "top-level" else [])
    for one in missing:
        if match := re.fullmatch(r"services\[(.+)\]\.attestation", one):
            text = add_attestation(text, match.group(1))
    version = version or language_of(case)
    text = stubs(text, case.get("unresolved_references") or [], version in ("0.1", "0.2"))
    head = ""
    if "name" in missing:
        head += "name: published\n"
    if "version" in missing and version != "0.1":
        head += f'version: "{version}"\n'
    return head + text


def language_of(case: dict) -> str:
    """The version that a fragment is about: the oldest one that has it."""
    return str(case.get("min_language") or (case.get("applies_to") or "0.3").split(",")[-1])

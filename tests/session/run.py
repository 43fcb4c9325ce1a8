#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`cloister session` from outside: published sessions beside the source tree get their verdicts, the examples of the
documentation are valid, and the verbs' exit statuses and JSON are as promised.

  run.py --command build/release/bin/cloister [--only REGEX] [--show]

--show prints every refusal, so that its reason can be read. The last line is `N passed, N failed, N skipped`.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import published  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
SESSIONS = ROOT.parent / "shared" / "vectors" / "sessions"
totals = {"passed": 0, "failed": 0, "skipped": 0}

# Why each published session that must be refused is refused: part of the complaint.
REASONS = {
    "041": "unknown key mrsinger", "064": "illegal map value", "077": "not a credential", "120": "an empty credential",
    "130": "unknown key ...", "162": "illegal map value", "163": "illegal map value", "180": "end of map not found",
    "183": "an access policy must be a mapping", "184": "unknown key secrets",
    "185": "unknown key secrets", "186": "unknown key path", "187": "unknown key palaemons",
    "188": "unknown key palaemons", "190": "unknown version",
}


def count(name: str, good: bool, why: str = "") -> None:
    totals["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {name}: {why}", flush=True)


def run(command, *arguments, stdin: str = "", environment=None):
    return subprocess.run([command, "session", *map(str, arguments)], input=stdin, capture_output=True, text=True,
                          timeout=60, env={**os.environ, **(environment or {})})


def check_published(command, only, show: bool) -> None:
    if not (SESSIONS / "cases.json").is_file():
        print(f"skip: published sessions: no {SESSIONS}")
        totals["skipped"] += 1
        return
    cases = [case for case in json.loads((SESSIONS / "cases.json").read_text()) if "expected" in case]
    cases = [case for case in cases if only.search(case["file"])]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for case in cases:
            files.append(Path(folder) / Path(case["file"]).name)
            files[-1].write_text(published.whole(case, SESSIONS), encoding="utf-8")
        result = run(command, "check", "--json", *files) if files else None
        documents = json.loads(result.stdout) if files else []
        for case, document in zip(cases, documents):
            verdict(case, document, show)
        check_versions(command, cases, Path(folder))


def verdict(case, document, show: bool) -> None:
    name = Path(case["file"]).name
    complaints = "; ".join(f"{p['line']}:{p['column']} {p['what']} ({p['hint']})" for p in document["problems"])
    wanted = case["expected"] != "refuse"
    count(name, document["valid"] == wanted, f"expected {case['expected']}, {complaints or 'it is valid'}")
    if not wanted:
        reason = REASONS.get(name[:3])
        count(f"{name} reason", reason is None or reason in complaints, f"refused for {complaints}, not for {reason}")
        if show:
            print(f"{name}: {complaints}")


def check_versions(command, cases, folder: Path) -> None:
    """A fragment that needs a minor version is refused in the one before it, by the name of the version."""
    files, needed = [], []
    for case in cases:
        least = re.fullmatch(r"0\.3\.(\d+)", str(case.get("min_language")))
        if not least or case["complete"] or case["expected"] == "refuse" or "version" not in case["fragment"]["missing"]:
            continue
        older = int(least.group(1)) - 1
        text = published.whole(case, SESSIONS, f"0.3.{older}" if older else "0.2")
        files.append(folder / f"older-{Path(case['file']).name}")
        files[-1].write_text(text, encoding="utf-8")
        needed.append(least.group(0))
    if not files:
        return
    documents = json.loads(run(command, "check", "--json", *files).stdout)
    for file, version, document in zip(files, needed, documents):
        hints = " ".join(problem["hint"] for problem in document["problems"])
        count(file.name, not document["valid"] and f"version: {version}" in hints, f"wanted {version}: {document['problems']}")


def check_examples(command) -> None:
    """Every block of YAML in the documentation that is marked as a session."""
    text = (ROOT / "docs" / "session-language.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml session\n(.*?)^```", text, re.M | re.S)
    count("examples exist", len(blocks) >= 4, f"{len(blocks)} blocks")
    for number, block in enumerate(blocks):
        result = run(command, "check", "--json", "-", stdin=block)
        document = json.loads(result.stdout)[0]
        count(f"example {number + 1}", result.returncode == 0 and document["served"] and not document["warnings"], result.stdout)
    begin, end = "<!-- language begins -->\n", "<!-- language ends -->"
    reference = text[text.index(begin) + len(begin):text.index(end)]
    count("the reference is the table's", reference.strip() == run(command, "language").stdout.strip(),
          "replace it by the output of `cloister session language`")


GOOD = "name: s\nversion: 0.3.12\nservices:\n  - name: web\n    mrenclaves: [$M]\n    command: prog @@1\n"


def check_verbs(command) -> None:
    measurement = "ab" * 32
    with tempfile.TemporaryDirectory() as folder:
        good, bad = Path(folder) / "good", Path(folder) / "bad"
        good.write_text(GOOD)
        bad.write_text(GOOD + "    pwdd: /\n")
        fill = ("--set", f"M={measurement}")
        result = run(command, "check", good, *fill)
        count("valid", result.returncode == 0 and "ok, session s in version 0.3.12" in result.stdout, result.stdout)
        result = run(command, "check", good, "--use-env", environment={"M": measurement})
        count("from the environment", result.returncode == 0, result.stderr)
        result = run(command, "check", good)
        count("a variable that is left", result.returncode == 1 and "--set NAME=VALUE" in result.stderr, result.stderr)
        result = run(command, "check", good, bad, *fill)
        count("one of two", result.returncode == 1 and result.stderr ==
              f"cloister: {bad}:7:5: unknown key pwdd in a service (did you mean pwd?)\n", result.stderr)
        result = run(command, "check", Path(folder) / "none", good, *fill)
        count("unreadable", result.returncode == 2 and "No such file" in result.stderr, result.stderr)
        count("a wrong option", run(command, "check", good, "--set", "M").returncode == 2)
        document = json.loads(run(command, "check", "--json", good, *fill).stdout)[0]
        count("JSON", document["valid"] and document["session"]["services"] == ["web"] and document["served"] and
              any(f["name"] == "substitution @@N" and f["served"] and f["line"] == 6 for f in document["features"]),
              str(document))
        otp = Path(folder) / "otp"
        otp.write_text(GOOD.replace("version: 0.3.12", "version: 0.3.12\nsalt: " + "00" * 16))
        document = json.loads(run(command, "check", "--json", otp, *fill).stdout)[0]
        count("not served", document["valid"] and not document["served"] and
              any(f["name"] == "salt" and not f["served"] and f["at_create"] == "refused" for f in document["features"]),
              str(document))
        other = Path(folder) / "other"
        other.write_text(GOOD.replace("prog @@1", "prog --fast"))
        result = run(command, "diff", good, other, *fill)
        count("diff", result.returncode == 1 and
              "service web: command was: 'prog' '@@1'; is: 'prog' '--fast'" in result.stdout, result.stdout)
        count("no diff", run(command, "diff", good, good, *fill).returncode == 0)
        result = run(command, "explain", good, *fill)
        count("explain", result.returncode == 0 and "The host chooses the arguments @@1." in result.stdout, result.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", required=True)
    parser.add_argument("--only", type=re.compile, default=re.compile(""))
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    check_published(options.command, options.only, options.show)
    if not options.only.pattern:
        check_examples(options.command)
        check_verbs(options.command)
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

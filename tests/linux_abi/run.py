#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small programs, one family of system calls each, run natively and inside; stdout and exit status must agree.

The programs say in their first lines how they are built and run:
  // build: pie nopie static static-pie musl      how to link it, one test each (default: pie)
  // case: NAME ARGS…                             one test each (default: one without arguments)
  // flags: …                                     further compiler flags
  // env: NAME=VALUE …                            environment, the same on both sides
  // allow: insecure_NAME …                       passed to `cloister run --allow`
  // library: NAME.c                              built as NAME.so beside the program
  // timeout: SECONDS                             for one run (default 30)
  // alone: reason                                never beside another test
A file NAME.inside (or NAME.CASE.inside) holds the stdout expected inside where that legitimately differs from native;
its last line is `exit: STATUS` (negative: number of the signal), its lines that start with # say why.
"""
import collections
import os
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import suite  # noqa: E402

HERE = Path(__file__).resolve().parent
LINK = {"pie": ["-fPIE", "-pie"], "nopie": ["-fno-pie", "-no-pie"], "static": ["-fno-pie", "-no-pie", "-static"],
        "static-pie": ["-fPIE", "-static-pie"], "musl": ["-static"]}


def directives(source: Path) -> dict:
    found = {"build": ["pie"], "case": [], "flags": [], "env": {}, "allow": [], "library": [], "timeout": 30.0,
             "alone": False}
    for line in source.read_text().splitlines():
        if not line.startswith("//"):
            if line.strip():
                break
            continue
        key, colon, value = line[2:].strip().partition(": ")
        if not colon or key not in found:
            continue
        if key == "case":
            found["case"].append(shlex.split(value))
        elif key == "env":
            found["env"] = dict(item.split("=", 1) for item in shlex.split(value))
        elif key == "timeout":
            found["timeout"] = float(value)
        elif key == "alone":
            found["alone"] = True
        else:
            found[key] = shlex.split(value)
    return found


def expected_inside(source: Path, case: str):
    for name in (f"{source.stem}.{case}.inside", f"{source.stem}.inside"):
        path = source.with_name(name)
        if path.exists():
            lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
            status = int(lines.pop().split("exit: ")[1])
            return suite.Completed(status, "".join(line + "\n" for line in lines).encode(), b"")
    return None


def compile_program(source: Path, link: str, about: dict, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"{source.stem}-{link}"
    libraries = [HERE / name for name in about["library"]]
    inputs = [source, *HERE.glob("*.h"), Path(__file__), *libraries]
    for library in libraries:
        build_one(["gcc", "-O2", "-g", "-fPIC", "-shared", str(library)], folder / (library.stem + ".so"), inputs)
    compiler = "musl-gcc" if link == "musl" else "g++" if source.suffix == ".cc" else "gcc"
    if not shutil.which(compiler):
        raise suite.Skip(f"{compiler} is not installed (tools/install-deps)")
    standard = "-std=gnu++20" if source.suffix == ".cc" else "-std=gnu11"
    build_one([compiler, standard, "-O2", "-g", "-Wall", "-Wextra", "-pthread", *LINK[link], str(source),
               *about["flags"]], output, inputs)
    return output


_locks = collections.defaultdict(threading.Lock)


def build_one(command, output: Path, inputs) -> None:
    with _locks[output]:
        build_locked(command, output, inputs)


def build_locked(command, output: Path, inputs) -> None:
    if output.exists() and all(output.stat().st_mtime > i.stat().st_mtime for i in inputs):
        return
    temporary = output.with_name(f"{output.name}.tmp{os.getpid()}")
    done = subprocess.run([*command, "-o", str(temporary)], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise suite.Fail("does not compile: " + done.stderr.strip()[:500])
    os.replace(temporary, output)


def make_test(source: Path, link: str, about: dict, case) -> suite.Test:
    def run(context: suite.Context) -> None:
        program = compile_program(source, link, about, context.options.build / "tests" / "linux_abi")
        allow = [option for name in about["allow"] for option in ("--allow", name)]
        expected = expected_inside(source, case[0] if case else "")
        native = context.both([str(program), *case[1:]], env=about["env"], run_options=allow, expected=expected,
                              stdin=b"line from stdin\n")
        if b"FAILED" in native.stdout:
            raise suite.Fail("native: " + suite.tail(native.stdout))
    name = source.stem + (f":{case[0]}" if case else "") + (f"/{link}" if len(about["build"]) > 1 else "")
    return suite.Test(name, run, about["timeout"], alone=about["alone"])


def main() -> int:
    options = suite.prepare(suite.arguments(__doc__).parse_args())
    tests = []
    libraries = {name for s in HERE.glob("*.c*") for name in directives(s)["library"]}
    for source in sorted([*HERE.glob("*.c"), *HERE.glob("*.cc")]):
        if source.name in libraries:
            continue
        about = directives(source)
        for link in about["build"]:
            for case in about["case"] or [[]]:
                tests.append(make_test(source, link, about, case))
    return suite.main(options, tests)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""How programs end is in the audit log: their exit status, the signal, and that a runtime stopped before the program."""
from reader import Reader
from suite import Context, Test, expect

ENDS = (("seven", "import sys; sys.exit(7)", 7, 0, 7, "exit status 7"),
        ("killed", "import os; os.kill(os.getpid(), 9)", -9, 1, 9, "signal 9"),
        ("aborted", "import os; os.abort()", -6, 1, 6, "signal 6"))
PROGRAM = "import sys; print(sys.argv[1:])"


def exit_reasons(context: Context) -> None:
    reader = Reader(context)
    services = reader.services

    def row(name: str) -> dict:
        rows = [row for row in services.audit() if row["kind"] == "service_exited" and row["subject"] == f"{name}/reader"]
        expect(len(rows) == 1, f"{name}: {len(rows)} rows: {rows}")
        return rows[0]

    for name, program, status, code, value, words in ENDS:
        ended, lines = reader.run(reader.variant(name, PROGRAM, program))
        expect(ended == status, f"{name}: exit status {ended}: {lines[-3:]}")
        expect((row(name)["code"], row(name)["value"]) == (code, value), f"{name}: {row(name)}")
        shown = services.owner("cas", "audit", "tail", "--cas", services.api).splitlines()
        expect(any(f"{name}/reader" in line and words in line for line in shown), f"{name}: no {words!r} in {shown[-4:]}")
    # A host that lacks what the policy asks of it.
    ended, lines = reader.run(reader.variant("asking", '"@@1"', '"@@2"'))
    expect(ended == 126 and "argument 2" in lines[-1] and row("asking")["code"] == 2, f"{ended} {lines[-3:]} {row('asking')}")


TESTS = [Test("exit_reasons", exit_reasons, 180)]

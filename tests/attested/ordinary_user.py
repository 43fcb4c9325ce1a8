# SPDX-License-Identifier: Apache-2.0
"""LAS, CAS and a service run by an ordinary user, whose secrets root can read then: that must be asked for by name."""
import os
import subprocess

from reader import PYTHON, SECRET, Reader
from services import Services
from suite import Context, Skip, Test, expect, need

NOBODY = 65534


def ordinary_user(context: Context) -> None:
    if os.geteuid():
        raise Skip("we are an ordinary user already")
    need("setpriv")
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
    if subprocess.run([*user, "test", "-x", context.cloister]).returncode:
        raise Skip(f"user nobody cannot reach {context.cloister}")
    services = Services(context, lambda name, argv: [*user, *argv])
    for folder in (context.scratch, context.scratch.parent):
        folder.chmod(0o755)
    os.chown(services.host_side, NOBODY, NOBODY)
    services.memory = ["--memory", "plain"]
    services.start()
    services.attest()
    Reader(context, services)
    process = services.run_service("reader", "shop/reader", *PYTHON, arguments=("x",))
    expect(process.wait(60) == 0 and SECRET in services.log("reader"), f"{process.returncode}: {services.log('reader')[-600:]} {services.refusals()}")
    services.kill_cas()
    services.start_cas()  # what it has sealed opens
    services.owner("cas", "audit", "verify", "--cas", services.api)


TESTS = [Test("ordinary_user", ordinary_user, 180)]

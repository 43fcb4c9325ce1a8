# SPDX-License-Identifier: Apache-2.0
"""Updates of the processor's microcode, and going back: what CAS keeps, and what it refuses."""
import shutil
import subprocess

from api_client import ApiClient
from reader import Reader
from services import Services
from suite import Context, Test, expect
from upgrade import LosesTheAnswer, NextVersion, attest, authorise, make_kept

OLD, NEW = "01" * 16, "02" * 16


def microcode(services: Services, cpusvn: str) -> None:
    """The machine starts anew with another CPUSVN: its services have ended."""
    done = subprocess.run([services.context.cloister, "quote", "simulate", "platform", "--cpusvn", cpusvn], capture_output=True,
                          text=True, env=services.host_environment(), stdin=subprocess.DEVNULL)
    expect(done.returncode == 0, done.stderr)


def stop_all(services: Services) -> None:
    services.stop(services.cas_process)
    services.stop(services.las_process)


def refused(services: Services, *words: str, command=None) -> str:
    """CAS ends with one line that has all of `words`."""
    process = services.spawn("cas", command or services.cas_command(), services.host_environment())
    expect(process.wait(60) == 1, f"exit status {process.returncode}: {services.log('cas')[-600:]}")
    line = services.log("cas").splitlines()[-1]
    for word in words:
        expect(line.startswith("cloister-cas: ") and word in line, f"not {word!r} but {line!r}")
    return line


def rows_of(services: Services, kind: str) -> list:
    services.owner("cas", "audit", "verify", "--cas", services.api)
    return [row for row in services.audit() if row["kind"] == kind]


def goes_up(context: Context) -> None:
    """Secrets, identity and log go on after an update; what was sealed with it does not open without it."""
    reader = Reader(context)
    services = reader.services
    kept = make_kept(services)
    key = services.cas_key_hash()
    expect(len(rows_of(services, "key_confirmed")) == 1 and not rows_of(services, "sealed_anew"), "before the update")
    folder, old = services.host_side / "cas", services.host_side / "old"
    stop_all(services)
    shutil.copytree(folder, old)

    microcode(services, NEW)
    services.start()
    services.wait_for_text("cas", f"sealed anew, from CPUSVN {OLD}, ISVSVN 0 to CPUSVN {NEW}, ISVSVN 0")
    expect(services.cas_key_hash() == key, "CAS has another key")
    expect(ApiClient(services.api).ask("GET", "/v1/values/session=kept,secret=kept") == kept, "a secret has changed")
    services.owner("session", "read", "kept", "--cas", services.api)
    reader.works()
    rows = rows_of(services, "sealed_anew")
    expect(len(rows) == 1 and rows[0]["text"] == f"from CPUSVN {OLD}, ISVSVN 0 to CPUSVN {NEW}, ISVSVN 0", f"{rows}")
    services.attest()
    stop_all(services)
    services.start()
    expect(len(rows_of(services, "sealed_anew")) == 1, "sealed anew at another start")
    reader.works()

    # Back to the microcode of before.
    stop_all(services)
    microcode(services, OLD)
    services.start_las()
    said = refused(services, "cas.db", f"sealed under a security version (CPUSVN {NEW}, ISVSVN 0)", f"CPUSVN {OLD}",
                   "start CAS with the microcode and the signature of before")
    expect("--upgrade-from" not in said, said)
    # The copy of before opens, as every older copy does, with whatever microcode. Who has seen a later head notices.
    newer = services.host_side / "newer"
    shutil.move(folder, newer)
    for cpusvn in (OLD, NEW):
        if services.las_process.poll() is None:
            services.stop(services.las_process)
        microcode(services, cpusvn)
        shutil.copytree(old, folder)
        services.start()
        said = services.owner("session", "read", "kept", "--cas", services.api, status=1)
        expect("GONE BACK" in said or "ANOTHER HISTORY" in said, said)
        stop_all(services)
        shutil.rmtree(folder)

    # Another owner's CAS has no key of it, of no version.
    shutil.copytree(old, folder)
    other = {**services.owner_environment(), "XDG_CONFIG_HOME": str(services.owner_side / "other")}
    command = services.cas_command()
    command[command.index("--owner") + 1] = services.owner("cas", "owner", environment=other).split()[-1]
    refused(services, "sealed under other keys", command=command)
    shutil.rmtree(folder)
    shutil.move(newer, folder)
    services.start()
    services.owner("cas", "audit", "verify", "--cas", services.api)
    reader.works()


def without_the_owners_word(context: Context) -> None:
    """A CAS whose owner never attested it may be anybody's making: an update is not enough to go on with it."""
    services = Services(context)
    services.start()
    key = services.cas_key_hash()
    stop_all(services)
    microcode(services, NEW)
    services.start_las()
    refused(services, f"older security version (CPUSVN {OLD}, ISVSVN 0)", "owner has not confirmed its key", "cloister cas attest")
    # As it says.
    services.stop(services.las_process)
    microcode(services, OLD)
    services.start()
    services.attest()
    stop_all(services)
    microcode(services, NEW)
    services.start()
    expect(services.cas_key_hash() == key, "CAS has another key")
    expect(len(rows_of(services, "sealed_anew")) == 1, "it is not sealed anew")


def an_upgrade_between(context: Context) -> None:
    """An update before a hand-over, and one in the middle of it: the new version takes over all the same."""
    reader = Reader(context)
    services = reader.services
    stop_all(services)
    microcode(services, NEW)
    services.start()
    version = NextVersion(services)
    authorise(services, version)
    old = services.cas_process
    version.serves(version.upgrade())
    expect(old.wait(60) == 0, f"the old CAS: exit status {old.returncode}: {services.log('cas')[-600:]}")
    services.wait_for(version.name, services.cas_process, services.enclaves)
    reader.works()
    kinds = [row["kind"] for row in services.audit()]
    expect(kinds.index("sealed_anew") < kinds.index("handed_over"), f"{kinds}")
    attest(services, version.mrenclave)

    # The next one is handed over, and what it got is lost when the machine is updated.
    third = NextVersion(services, 2)
    authorise(services, third)
    old = services.cas_process
    lost = third.upgrade(LosesTheAnswer(services.api).address)
    expect(lost.wait(120) == 1 and old.wait(60) == 0, f"without an answer: {lost.returncode}, {old.returncode}")
    services.stop(services.las_process)
    microcode(services, "03" * 16)
    services.start_las()
    old = version.spawn()
    services.wait_for(version.name, old, services.api)
    services.wait_for_text(version.name, "serves nothing but that again")
    log = services.log(version.name)
    expect("sealed anew" not in log.split("handed over to")[-1], log[-400:])
    third.serves(third.upgrade())
    expect(old.wait(60) == 0, f"the old CAS: exit status {old.returncode}")
    services.wait_for(third.name, services.cas_process, services.enclaves)
    reader.works()
    kinds = [row["kind"] for row in services.audit()]
    expect(kinds.count("sealed_anew") == 1 and kinds.count("taken_over") == 2, f"{kinds}")
    over = len(kinds) - 1 - kinds[::-1].index("handed_over")
    expect(kinds[over + 1] == "taken_over", f"something was written after the hand-over: {kinds[over:]}")
    services.owner("cas", "audit", "verify", "--cas", services.api)


TESTS = [Test("microcode_goes_up", goes_up, 300), Test("microcode_without_the_owners_word", without_the_owners_word, 180),
         Test("microcode_and_upgrade", an_upgrade_between, 400)]

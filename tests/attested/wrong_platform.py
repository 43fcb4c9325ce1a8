# SPDX-License-Identifier: Apache-2.0
"""Machines that are out of date, taken back, or not the session's: what their owner reads, and what newer rules leave behind."""
from reader import Reader
from services import Services
from suite import Context, Test, expect

ADVISORY = "CLOISTER-SIMULATION-0001"  # of outdated simulated platforms


def with_rules(services: Services, *options: str) -> None:
    """LAS and CAS anew; `options` say what collateral LAS publishes from now on. CAS keeps its file, not its collateral."""
    services.stop(services.cas_process)
    services.stop(services.las_process)
    services.start_las(*options)
    services.start_cas()


def outdated_and_revoked(context: Context) -> None:
    reader = Reader(context)
    tolerant = reader.variant("tolerant", "mode: hardware", "mode: hardware\n    tolerate: [outdated-tcb]\n    ignore_advisories: \"*\"")
    half = reader.variant("half", "mode: hardware", "mode: hardware\n    tolerate: [outdated-tcb]")
    other = reader.variant("other", "mode: hardware", "mode: hardware\n    tolerate: [software-hardening-needed]")
    reader.works()
    with_rules(reader.services, "--tcb-level", "2")
    reader.refusal("an outdated platform", "TCB status OutOfDate", "tolerate: [outdated-tcb]")
    reader.refusal("an outdated platform with another toleration", "TCB status OutOfDate", config_id=other)
    reader.refusal("an advisory that is not ignored", ADVISORY, config_id=half)
    reader.works(config_id=tolerant)
    granted = [row for row in reader.services.audit() if row["kind"] == "attestation_granted"]
    expect("OutOfDate" in granted[-1]["text"] and "simulation" in granted[-1]["text"], f"{granted[-1]}")
    with_rules(reader.services, "--tcb-level", "2", "--revoke")
    for config_id in ("shop/reader", tolerant):
        reader.refusal("a platform that was taken back", "evoked", config_id=config_id)


def rules_do_not_go_back(context: Context) -> None:
    """CAS has refused a machine by newer rules. The host brings back those of before, which are in force as yet."""
    reader = Reader(context)
    reader.works()
    with_rules(reader.services, "--tcb-level", "2")
    reader.refusal("an outdated platform", "TCB status OutOfDate")
    with_rules(reader.services)
    before = len(reader.services.audit())
    status, lines = reader.run(options=("--start-time-limit=2",))
    expect(status == 126 and "given up after 2 s" in lines[-1], f"exit status {status}: {lines[-2:]}")
    reader.check_row("older rules", before, lines[-1], "number 2 was seen before")


def another_root(context: Context) -> None:
    """A machine of another simulation, whose quotes are genuine below a root that the session does not name."""
    reader = Reader(context)
    elsewhere = Services(context, name="elsewhere")
    elsewhere.start_las()
    run = {"CLOISTER_SIM_DIR": str(elsewhere.simulation), "CLOISTER_LAS_ADDR": elsewhere.las}
    reader.refusal("the other machine, with this one's collateral", "does not verify", **run)
    own = reader.services
    own.stop(own.cas_process)
    own.collateral = elsewhere.collateral
    own.start_cas()
    reader.refusal("the other machine, with its own collateral", elsewhere.root_hash(), "the session allows", **run)
    reader.stopped("this machine's enclave with the other's quoting service", "refuses the report", CLOISTER_LAS_ADDR=elsewhere.las)


TESTS = [Test("outdated_and_revoked", outdated_and_revoked, 240), Test("rules_do_not_go_back", rules_do_not_go_back, 240),
         Test("another_root", another_root, 120)]

// SPDX-License-Identifier: Apache-2.0
// cloister: one file per verb; this one only puts them together.
#include <CLI/CLI.hpp>
#include <cstring>
#include "src/cli/verb_cas.h"
#include "src/cli/verb_doctor.h"
#include "src/cli/verb_las.h"
#include "src/cli/verb_manifest.h"
#include "src/cli/verb_measure.h"
#include "src/cli/verb_quote.h"
#include "src/cli/verb_run.h"
#include "src/cli/verb_session.h"
#include "src/cli/verb_sgx.h"
#include "src/cli/verb_sgx_dump.h"
#include "src/cli/verb_sign.h"
#include "src/cli/verb_syscalls.h"

int main(int argc, char** argv) {
  // The short way for the frequent case, and the one where everything after the program's name is the program's.
  static constexpr struct {
    const char* name;
    int (*run)(int, char**);
    const char* description;
  } kOwnParsers[] = {
      {"run", cloister::run_verb, "Run a program in an enclave; `cloister run --help` lists the options"},
      {"measure", cloister::measure_verb, "Print the MRENCLAVE and rewrite plans of a program"},
      {"manifest", cloister::manifest_verb, "Write, check and explain launch manifests"},
      {"cas", cloister::cas_verb, "Attest configuration and attestation services, look at their audit logs"},
      {"session", cloister::session_verb, "Check, compare and explain sessions (policies)"},
      {"sign", cloister::sign_verb, "Sign what a launch manifest describes"},
  };
  if (argc >= 2)
    for (const auto& verb : kOwnParsers)
      if (std::strcmp(argv[1], verb.name) == 0) return verb.run(argc - 1, argv + 1);
  if (argc >= 3 && std::strcmp(argv[1], "sgx") == 0 && std::strcmp(argv[2], "dump") == 0)
    return cloister::sgx_dump_verb(argc - 2, argv + 2);
  CLI::App app{
      "Runs unmodified Linux programs inside SGX enclaves (software SGX where there is no hardware).\n\n"
      "  cloister run -- redis-server --save ''      run a program in an enclave\n"
      "  cloister measure -- redis-server            print the MRENCLAVE that a policy pins\n"
      "  cloister manifest new -- redis-server       a launch manifest: everything that decides what runs\n"
      "  cloister doctor                             what this machine offers\n",
      "cloister"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "cloister " CLOISTER_VERSION);
  int exit_status = 0;
  for (const auto& verb : kOwnParsers) app.add_subcommand(verb.name, verb.description);
  cloister::add_quote_verb(app, exit_status);
  cloister::add_las_verb(app, exit_status);
  cloister::add_sgx_verb(app, exit_status);
  cloister::add_doctor_verb(app, exit_status);
  cloister::add_syscalls_verb(app, exit_status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  return exit_status;
}

// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas.h"
#include <cstdio>
#include <cstring>
#include "src/cli/verb_cas_attest.h"
#include "src/cli/verb_cas_audit.h"
#include "src/cli/verb_cas_evidence.h"
#include "src/cli/verb_cas_pins.h"
#include "src/cli/verb_cas_reset_clock.h"
#include "src/cli/verb_cas_serve.h"
#include "src/cli/verb_cas_upgrade.h"

namespace cloister {

int cas_verb(int argc, char** argv) {
  static constexpr struct {
    const char* name;
    int (*run)(int, char**);
  } kVerbs[] = {{"attest", cas_attest_verb},  {"evidence", cas_evidence_verb}, {"list", cas_list_verb},
                {"forget", cas_forget_verb},  {"owner", cas_owner_verb},       {"audit", cas_audit_verb},
                {"serve", cas_serve_verb},    {"measure", cas_measure_verb},   {"reset-clock", cas_reset_clock_verb},
                {"upgrade", cas_upgrade_verb}};
  if (argc >= 2)
    for (const auto& verb : kVerbs)
      if (std::strcmp(argv[1], verb.name) == 0) return verb.run(argc - 1, argv + 1);
  const bool help = argc >= 2 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0);
  std::fprintf(
      help ? stdout : stderr,
      "cloister cas: configuration and attestation services\n"
      "  cloister cas owner              the hash of your key, which makes a CAS yours\n"
      "  cloister cas serve              run one, in an enclave\n"
      "  cloister cas measure            its MRENCLAVE, which `cas attest` demands\n"
      "  cloister cas attest ADDR …      verify what a CAS is, and trust it from then on\n"
      "  cloister cas evidence ADDR …    a certificate with its evidence, for third parties\n"
      "  cloister cas list               the CASes that you trust\n"
      "  cloister cas forget ADDR        trust one no longer\n"
      "  cloister cas audit tail|verify  what happened there; for its owner\n"
      "  cloister cas reset-clock        set its bound of time back, after a clock that was ahead; for its owner\n"
      "  cloister cas upgrade            let a new version of it take over; for its owner\n");
  return help ? 0 : 2;
}

}  // namespace cloister

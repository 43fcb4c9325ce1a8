// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/verdict.h"
#include <algorithm>

namespace cloister::dcap {

std::string status_text(const Verdict& verdict) {
  if (!verdict.status) return {};
  return std::string(name(*verdict.status)) + (verdict.crl_in_force ? "" : " (no CRL in force)");
}

std::vector<std::string> all_advisories(const Verdict& verdict) {
  std::vector<std::string> all;
  for (const auto* part : {&verdict.platform, &verdict.qe, &verdict.tdx_module}) {
    if (!*part) continue;
    for (const std::string& id : (*part)->advisories) {
      if (std::ranges::find(all, id) == all.end()) all.push_back(id);
    }
  }
  return all;
}

}  // namespace cloister::dcap

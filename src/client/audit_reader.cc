// SPDX-License-Identifier: Apache-2.0
#include "src/client/audit_reader.h"
#include <algorithm>

namespace cloister::client {

Result<audit::VerifiedExport> AuditReader::read(std::uint64_t first, std::string& problem) {
  const auto response = TRY(client_.ask({.path = "/v1/audit?from=" + std::to_string(first)}, problem));
  if (response.status != 200) {
    problem = client_.pin().address + ": " + error_text(response);
    return Error(Errc::invalid, "CAS does not show its audit log");
  }
  text_.assign(response.body.begin(), response.body.end());
  audit::Expectations expectations{.key = client_.pin().audit_key, .earlier = std::nullopt};
  auto part = audit::verify_export(text_, expectations, problem);
  if (!part.ok()) return part.error();
  const std::uint64_t before = part.value().before_first.sequence, last = part.value().head.at.sequence;
  if (before + 1 != first || (end_ && part.value().before_first != *end_)) {
    problem = "the audit log does not continue where it ended before";
    return Error(Errc::mismatch, "another audit log");
  }
  if (before <= remembered_.sequence && remembered_.sequence <= last) {
    // Now that it is known to lie in this part.
    expectations.earlier = remembered_;
    TRY(audit::verify_export(text_, expectations, problem));
  }
  end_ = part.value().head.at;
  return part;
}

}  // namespace cloister::client

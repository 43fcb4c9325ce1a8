// SPDX-License-Identifier: Apache-2.0
// Any text as a session: nothing breaks, a refusal names places, and what is accepted has one encoding, no difference
// from itself, and words for all of it.
#include <cstdlib>
#include "src/session/canonical.h"
#include "src/session/diff.h"
#include "src/session/explain.h"
#include "src/session/migration.h"
#include "src/session/read_session.h"
#include "src/session/variables.h"

using namespace cloister::session;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(fill_variables(text, [](std::string_view) { return std::nullopt; }) == text);
  Report report, again;
  const auto session = read_session(text, &report);
  require(session.has_value() == report.problems.empty());
  for (const auto& problem : report.problems) require(!problem.what.empty() && problem.place.line >= 1);
  if (!session) return 0;
  const auto same = read_session(text, &again);
  require(same && canonical_encoding(*session) == canonical_encoding(*same));
  require(differences(*session, *same).empty());
  require(migrate_secrets(*session, *same).size() == session->secrets.size());
  explain_rights(*session);
  explain_openings(*session);
  for (const FeatureUse& use : unserved_features(*session)) require(!full_name(*use.feature).empty());
  return 0;
}

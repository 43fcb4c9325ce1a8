// SPDX-License-Identifier: Apache-2.0
// Any bytes as what CAS's store decodes (audit entry, root, bound of time) and as an exported audit log: nothing
// breaks, and what is accepted is the one encoding of it.
#include <algorithm>
#include <cstdlib>
#include "src/audit/export.h"
#include "src/cas/store/root.h"
#include "src/cas/store/time_bound.h"

using namespace cloister;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
void require_same(Bytes a, Bytes b) { require(std::equal(a.begin(), a.end(), b.begin(), b.end())); }

void as_export(std::string_view text) {
  std::string problem;
  const auto verified = audit::verify_export(text, {}, problem);
  require(verified.ok() != !problem.empty());
  require(problem.find('\n') == std::string::npos);
  if (!verified.ok()) return;
  // What verifies can be written again from what was understood.
  std::string again = audit::export_header(verified.value().key, verified.value().before_first);
  for (const audit::Entry& entry : verified.value().entries)
    again += audit::export_line(audit::encode_entry(entry), entry);
  require(again + audit::export_head(verified.value().head) == text);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  if (const auto entry = audit::decode_entry(bytes); entry.ok()) {
    require_same(audit::encode_entry(entry.value()), bytes);
    require(check_entry(entry.value()).ok());
    const std::string line = audit::export_line(bytes, entry.value());
    require(line.find('\n') == line.size() - 1);
  }
  if (const auto root = cas::decode_root(bytes); root.ok()) require_same(cas::encode_root(root.value()), bytes);
  if (const auto bound = cas::TimeBound::decode(bytes); bound.ok()) require_same(bound.value().encode(), bytes);
  as_export({reinterpret_cast<const char*>(data), size});
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Any text as YAML: nothing breaks, a refusal names a place, and what is accepted keeps the bounds that it promises.
#include <cstdlib>
#include <set>
#include "src/yaml/document.h"

using namespace cloister::yaml;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
void check(const Value& value, int depth) {
  require(depth <= kMaxDepth && value.place.line >= 1 && value.place.column >= 1);
  require(value.kind != Value::Kind::mapping || value.keys.size() == value.items.size());
  require(value.key_places.size() == value.keys.size());
  require(std::set<std::string>(value.keys.begin(), value.keys.end()).size() == value.keys.size());
  for (const Value& item : value.items) check(item, depth + 1);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Problem problem;
  const auto value = parse({reinterpret_cast<const char*>(data), size}, &problem);
  if (value.ok())
    check(value.value(), 0);
  else
    require(!problem.what.empty() && problem.place.line >= 1);
  return 0;
}

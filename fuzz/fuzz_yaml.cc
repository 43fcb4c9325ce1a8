// SPDX-License-Identifier: Apache-2.0
// Any text as YAML: nothing breaks, a refusal names a place, what is accepted keeps the bounds that it promises and is
// the same after it was written.
#include <algorithm>
#include <cstdlib>
#include <set>
#include "src/yaml/scalars.h"
#include "src/yaml/write.h"

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
// Whether a scalar is quoted tells numbers and truth values from text.
bool same(const Value& a, const Value& b) {
  return a.kind == b.kind && a.text == b.text && number_of(a) == number_of(b) && boolean_of(a) == boolean_of(b) &&
         a.keys == b.keys && std::ranges::equal(a.items, b.items, same);
}
// What is written of it is read as the same tree.
void write_again(const Value& value) {
  Problem problem;
  const auto again = parse(write(value), &problem);
  require(again.ok() && same(value, again.value()));
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Problem problem;
  const auto value = parse({reinterpret_cast<const char*>(data), size}, &problem);
  if (value.ok()) {
    check(value.value(), 0);
    write_again(value.value());
  } else {
    require(!problem.what.empty() && problem.place.line >= 1);
  }
  return 0;
}

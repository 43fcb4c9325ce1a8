// SPDX-License-Identifier: Apache-2.0
// One lie of a host: at which answer, and what is false about it. Written as CALL:NTH:KIND[:VALUE], where CALL is a
// name of the host-call table or `*` for the Nth answer of all.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace cloister::adversary {

enum class LieKind {
  result,       // the result is VALUE
  more,         // a count: VALUE more than was asked
  part,         // a count: VALUE hundredths of what was done
  skip,         // the call is not made, and its result is VALUE
  fill,         // every byte that the call wrote is VALUE
  flip,         // bits of what the call wrote, VALUE is the seed
  length,       // a length that the call gives back through memory is VALUE
  status,       // of the fstat that comes with an openat2: its result is VALUE
  ahead,        // of the first that is received ahead in the exit of a read: its result is VALUE
  behind,       // of the first send that waited for the exit: its result is VALUE
  first_bytes,  // of the pread that came with an openat2: its result is VALUE
  twice,        // the descriptor of an earlier answer again
};

struct Lie {
  std::string call;
  std::uint64_t nth = 0;
  LieKind kind = LieKind::result;
  std::int64_t value = 0;
};

std::optional<Lie> parse_lie(const std::string& text);
}  // namespace cloister::adversary

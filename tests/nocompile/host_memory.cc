// SPDX-License-Identifier: Apache-2.0
// Host memory and what lies in it cannot be taken for something else (src/enclave/core/host_memory.h).
#include "src/enclave/core/host_memory.h"
#include "src/enclave/core/program_access.h"

namespace cloister::core {
struct Padded {
  std::uint64_t word;
  std::uint32_t half;
};
struct Whole {
  std::uint64_t word;
  std::uint32_t low, high;
};

std::uint64_t use(HostAddress place, std::uint64_t program) {
  Untrusted<std::uint64_t> claimed = load_host_word(place + 8);
  const std::uint64_t size = claimed.at_most(4096, HostCall::read, "more than asked");
  HostOut<Whole>(place).store({size, 1, 2});
  (void)HostIn<Whole>(place).load().unverified_because("a test of the compiler");
  if (!copy_host_to_program_checked(program, place, size)) return 0;
  HostArgument argument = place;
// CASE 1: no match for .*operator\*
#if CASE == 1
  return *place;
#endif
// CASE 2: cannot convert
#if CASE == 2
  std::uint64_t number = place;
  return number;
#endif
// CASE 3: could not convert
#if CASE == 3
  store_host_word(program, size);
#endif
// CASE 4: cannot convert
#if CASE == 4
  std::uint64_t believed = load_host_word(place);
  return believed;
#endif
// CASE 5: no match for .*operator
#if CASE == 5
  if (claimed > 5) return 1;
#endif
// CASE 6: say why
#if CASE == 6
  return claimed.unverified_because("");
#endif
// CASE 7: constraint
#if CASE == 7
  (void)HostIn<Padded>(place);
#endif
// CASE 8: constraint
#if CASE == 8
  HostOut<const char*> leak(place);
#endif
// CASE 9: cannot convert|could not convert
#if CASE == 9
  (void)copy_host_to_program_checked(place, program, size);
#endif
// CASE 10: no match for .*operator-
#if CASE == 10
  return place - program;
#endif
  return argument.word();
}
}  // namespace cloister::core

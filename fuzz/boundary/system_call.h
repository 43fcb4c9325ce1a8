// SPDX-License-Identifier: Apache-2.0
// System calls as the enclave dispatches them: the core's fast path first, then the kernel storey.
#pragma once
#include <cstdint>
#include <type_traits>
#include "src/enclave/kernel/task.h"

namespace cloister::fuzz {
long dispatch(kernel::Task& task, long number, const std::uint64_t (&arguments)[6]);

template <typename T>
std::uint64_t word_of(T value) {
  if constexpr (std::is_same_v<T, kernel::ProgramAddress>)
    return value.value;
  else
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}
template <typename... A>
long call(kernel::Task& task, long number, A... arguments) {
  return dispatch(task, number, {word_of(arguments)...});
}
}  // namespace cloister::fuzz

// SPDX-License-Identifier: Apache-2.0
// From registers to a handler's typed parameters. Trusted, kernel storey.
#pragma once
#include <type_traits>
#include <utility>
#include "src/enclave/syscalls/handlers.h"

namespace cloister::syscalls {
using Thunk = std::int64_t (*)(Task&, const core::ProgramContext&);

template <typename T>
T narrow(std::uint64_t value) {
  if constexpr (std::is_same_v<T, ProgramAddress>) {
    return ProgramAddress{value};
  } else {
    static_assert(std::is_integral_v<T>, "system-call parameters are integers or ProgramAddress");
    return static_cast<T>(value);
  }
}

template <typename... Parameters, std::size_t... Index>
SysResult call_handler(SysResult (*handler)(Task&, Parameters...), Task& task, const std::uint64_t* registers,
                       std::index_sequence<Index...>) {
  return handler(task, narrow<Parameters>(registers[Index])...);
}

template <typename... Parameters>
SysResult apply_handler(SysResult (*handler)(Task&, Parameters...), Task& task, const std::uint64_t* registers) {
  static_assert(sizeof...(Parameters) <= 6);
  return call_handler(handler, task, registers, std::make_index_sequence<sizeof...(Parameters)>());
}

template <auto Handler>
std::int64_t thunk(Task& task, const core::ProgramContext& context) {
  const std::uint64_t registers[6] = {context.rdi, context.rsi, context.rdx, context.r10, context.r8, context.r9};
  const SysResult result = apply_handler(Handler, task, registers);
  return result.ok() ? result.value() : -result.error().errno_value();
}
}  // namespace cloister::syscalls

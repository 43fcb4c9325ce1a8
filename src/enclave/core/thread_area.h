// SPDX-License-Identifier: Apache-2.0
// Making enclave threads at run time: EAUG pages for Thread, SSA and stacks, and one that EMODT turns into a TCS.
// Trusted, freestanding.
#pragma once
#include "src/enclave/core/thread.h"

namespace cloister::core {
// A new thread whose first function inside will be `start`. Null when out of memory. Its TCS address is *tcs.
Thread* make_thread(void (*start)(Thread*), std::uint64_t* tcs);
}  // namespace cloister::core

// SPDX-License-Identifier: Apache-2.0
// The connection to CAS while the program runs, and what goes over it at the end. Trusted, kernel storey. One for the
// life of an enclave, which has one CAS, whatever processes come and go in it.
#pragma once
#include <memory>
#include "src/enclave/configure/conversation.h"

namespace cloister::configure {
// From now on the end of the process is reported.
void keep_for_exit(std::unique_ptr<Conversation> conversation);
// At most once, in a bounded time; a CAS that does not take it is one line.
void report_exit(const release::Exit& message);
}  // namespace cloister::configure

// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/exit_report.h"
#include <string.h>
#include <cerrno>
#include "src/enclave/kernel/give_up.h"
#include "src/enclave/kernel/process.h"
#include "src/enclave/kernel/process_end.h"

namespace cloister::configure {
namespace {
constinit std::unique_ptr<Conversation> kept;

void report_end(kernel::Process& process) {
  const int status = process.exit_status;  // as wait() gives it
  const int signal = status & 0x7f;
  if (signal != 0)
    report_exit({release::Exit::Kind::signal, static_cast<std::uint32_t>(signal), {}});
  else
    report_exit({release::Exit::Kind::exited, static_cast<std::uint32_t>(status >> 8 & 0xff), {}});
}
}  // namespace

void keep_for_exit(std::unique_ptr<Conversation> conversation) {
  kept = std::move(conversation);
  kernel::call_at_end(report_end);
}

void report_exit(const release::Exit& message) {
  const std::unique_ptr<Conversation> conversation = std::move(kept);
  if (conversation == nullptr) return;
  const auto reported = conversation->report_exit(message);
  if (reported.ok()) return;
  const Error& error = reported.error();
  kernel::say(std::string("CAS did not note the end: ") +
              (*error.what() != '\0' ? error.what() : strerrordesc_np(error.errno_value())));
}
}  // namespace cloister::configure

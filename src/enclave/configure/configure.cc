// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/configure.h"
#include <string.h>
#include <algorithm>
#include <cerrno>
#include "src/enclave/attest/quote.h"
#include "src/enclave/configure/apply.h"
#include "src/enclave/configure/conversation.h"
#include "src/enclave/configure/exit_report.h"
#include "src/enclave/configure/host_transport.h"
#include "src/enclave/configure/settings.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/give_up.h"

namespace cloister::configure {
namespace {
using kernel::give_up;
using kernel::kCannotRun;
constexpr std::uint64_t kSecond = 1'000'000'000, kFirstPause = kSecond / 2, kLongestPause = 8 * kSecond;
constexpr std::uint64_t kHandshakePatience = 10 * kSecond;

std::string cause_of(const Error& error) {
  return *error.what() != '\0' ? error.what() : strerrordesc_np(error.errno_value());
}

// What another attempt may mend: nobody there, nobody answering, a connection that broke, a service with too much to
// do.
bool may_pass(const Error& error) {
  switch (error.errno_value()) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENETRESET:
    case EPIPE:
    case EBUSY: return true;
    default: return false;
  }
}

class Start {
 public:
  explicit Start(const Settings& settings)
      : settings_(settings),
        end_(core::monotonic_now() + settings.time_limit),
        name_("CAS at " + to_text(settings.cas)) {}

  // Until there is a configuration; everything else ends the enclave.
  release::Configuration obtain() {
    for (std::uint64_t pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
      auto answer = attempt();
      if (!answer.ok()) {
        judge(answer.error(), pause);
      } else if (auto* configuration = std::get_if<release::Configuration>(&answer.value())) {
        transport_->ignore_signals();
        return std::move(*configuration);
      } else {
        judge(std::get<release::Deny>(answer.value()), pause);
      }
    }
  }
  std::unique_ptr<Conversation> take_conversation() { return std::move(conversation_); }

 private:
  Result<Conversation::Answer> attempt() {
    blamed_ = name_;
    conversation_.reset();
    const std::uint64_t deadline = std::min(end_, core::monotonic_now() + kHandshakePatience);
    auto stream = TRY(attest::HostStream::connect(settings_.cas, deadline, attest::OnSignal::interrupt));
    auto transport = std::make_unique<HostTransport>(std::move(stream), signals_);
    transport_ = transport.get();
    auto connection = TRY(TlsConnection::connect(std::move(transport), settings_.cas_key_hash));
    const std::uint64_t now = core::monotonic_now(), left = end_ > now ? end_ - now : 0;
    Conversation::Patience patience;
    patience.challenge = std::min(patience.challenge, left);
    patience.answer = std::min(patience.answer, left);
    conversation_ = std::make_unique<Conversation>(std::move(connection), patience);
    return conversation_->attest(settings_.config_id, [this](const release::ReportData& data) {
      blamed_ = "the quoting service";
      auto quote = attest::quote_for(data, attest::OnSignal::interrupt);
      if (quote.ok()) blamed_ = name_;
      return quote;
    });
  }

  // Comes back when there is to be another attempt.
  void judge(const Error& error, std::uint64_t pause) {
    if (error.errno_value() == EINTR) {
      if (!signals_.check().ok()) end_by_signal();
      return;
    }
    if (error.errno_value() == ENODEV)
      give_up("no quoting service is named: set CLOISTER_LAS_ADDR (--las)", kCannotRun);
    if (error.errno_value() == EKEYREJECTED)
      give_up(name_ + " has another key than the one that CONFIGID names: it is not the CAS of this enclave",
              kCannotRun);
    try_again_or_give_up(blamed_ + ": " + cause_of(error), may_pass(error), pause);
  }
  void judge(const release::Deny& deny, std::uint64_t pause) {
    const char* why = "the policy does not allow it; its owner finds the cause in CAS's audit log";
    if (deny.code == release::Deny::Code::host) why = "it does not accept this machine's evidence";
    if (deny.code == release::Deny::Code::later) why = "it cannot answer now";
    try_again_or_give_up("CAS refused " + settings_.config_id + " (reference " + deny.reference + "): " + why,
                         deny.code == release::Deny::Code::later, pause);
  }
  void try_again_or_give_up(const std::string& what, bool again, std::uint64_t pause) {
    if (!again) give_up(what, kCannotRun);
    if (core::monotonic_now() + pause >= end_)
      give_up(what + "; given up after " + std::to_string(settings_.time_limit / kSecond) + " s", kCannotRun);
    kernel::say(what + "; trying again");
    if (!signals_.pause(pause).ok()) end_by_signal();
  }
  [[noreturn]] void end_by_signal() {
    core::host_call(HostCall::terminate, static_cast<std::uint64_t>(signals_.which()));
    __builtin_unreachable();
  }

  const Settings& settings_;
  const std::uint64_t end_;
  const std::string name_;
  std::string blamed_;
  SignalsAtStart signals_;
  HostTransport* transport_ = nullptr;  // owned by the conversation
  std::unique_ptr<Conversation> conversation_;
};
}  // namespace

void configure_process(kernel::Process& process) {
  const auto settings = read_settings();
  if (!settings.ok()) give_up(settings.error().what(), kCannotRun);
  Start start(settings.value());
  const release::Configuration configuration = start.obtain();
  keep_for_exit(start.take_conversation());
  std::string problem;
  if (apply(configuration, process, &problem).ok()) return SignalsAtStart::announce_kept();
  report_exit({release::Exit::Kind::stopped, kCannotRun, problem});
  give_up(problem, kCannotRun);
}
}  // namespace cloister::configure

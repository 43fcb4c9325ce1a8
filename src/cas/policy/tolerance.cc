// SPDX-License-Identifier: Apache-2.0
#include "src/cas/policy/tolerance.h"
#include <algorithm>

namespace cloister::cas {
namespace {
using dcap::TcbStatus;
using session::Toleration;

// Tolerations that stand for one advisory each. All three are a matter of the machine's configuration.
struct Shortcut {
  Toleration toleration;
  const char* advisory;
};
constexpr Shortcut kShortcuts[] = {{Toleration::hyperthreading, "INTEL-SA-00233"},
                                   {Toleration::insecure_igpu, "INTEL-SA-00219"},
                                   {Toleration::aepic_leak, "INTEL-SA-00657"}};

struct Needs {
  bool updates, configuration, hardening;
};
// What a status says is missing; nothing for those that no session can accept.
std::optional<Needs> needs_of(TcbStatus status) {
  switch (status) {
    case TcbStatus::up_to_date: return Needs{false, false, false};
    case TcbStatus::sw_hardening_needed: return Needs{false, false, true};
    case TcbStatus::configuration_needed: return Needs{false, true, false};
    case TcbStatus::configuration_and_sw_hardening_needed: return Needs{false, true, true};
    case TcbStatus::out_of_date: return Needs{true, false, false};
    case TcbStatus::out_of_date_configuration_needed: return Needs{true, true, false};
    case TcbStatus::td_relaunch_advised:
    case TcbStatus::td_relaunch_advised_configuration_needed:
    case TcbStatus::revoked:
    case TcbStatus::not_supported: break;
  }
  return std::nullopt;
}
}  // namespace

Tolerance::Tolerance(const session::Security& security, const Settings& settings)
    : ignores_all_(security.ignore_all_advisories) {
  for (const auto& setting : security.tolerate)
    if (const auto toleration = settings.value(setting)) tolerated_.push_back(*toleration);
  for (const session::Template& advisory : security.ignore_advisories)
    if (const auto name = settings.value(advisory)) ignored_.push_back(*name);
}

bool Tolerance::tolerates(Toleration toleration) const {
  return std::ranges::find(tolerated_, toleration) != tolerated_.end();
}

bool Tolerance::ignores(const std::string& advisory) const {
  if (ignores_all_ || std::ranges::find(ignored_, advisory) != ignored_.end()) return true;
  return std::ranges::any_of(kShortcuts, [&](const Shortcut& shortcut) {
    return advisory == shortcut.advisory && tolerates(shortcut.toleration);
  });
}

// By its toleration, or because shortcuts cover all that there is to say about the configuration.
bool Tolerance::configuration_is_tolerated(const std::vector<std::string>& advisories) const {
  if (tolerates(Toleration::insecure_configuration)) return true;
  return !advisories.empty() && std::ranges::all_of(advisories, [&](const std::string& advisory) {
    return std::ranges::any_of(kShortcuts, [&](const Shortcut& shortcut) {
      return advisory == shortcut.advisory && tolerates(shortcut.toleration);
    });
  });
}

std::vector<Refusal> Tolerance::refusals(const dcap::Verified<dcap::Quote>& quote) const {
  std::vector<Refusal> refusals;
  const auto missing = [&](Cause cause, const std::string& found, Toleration toleration) {
    refusals.push_back({cause, found + " (accepted with tolerate: [" + std::string(text_of(toleration)) + "])"});
  };
  const std::string status = std::string("TCB status ") + name(quote.status());
  const std::vector<std::string> advisories = all_advisories(quote.verdict());
  const auto needs = needs_of(quote.status());
  if (!needs) refusals.push_back({Cause::tcb_status, status + " is never accepted"});
  if (needs && needs->updates && !tolerates(Toleration::outdated_tcb))
    missing(Cause::outdated_tcb, status, Toleration::outdated_tcb);
  if (needs && needs->configuration && !configuration_is_tolerated(advisories))
    missing(Cause::insecure_configuration, status, Toleration::insecure_configuration);
  if (needs && needs->hardening && !tolerates(Toleration::software_hardening_needed))
    missing(Cause::software_hardening, status, Toleration::software_hardening_needed);
  // The platform's certificate says so whatever the status is.
  if (quote.platform().smt_enabled.value_or(false) && !tolerates(Toleration::hyperthreading))
    missing(Cause::hyperthreading, "hyper-threading is on", Toleration::hyperthreading);
  for (const std::string& advisory : advisories)
    if (!ignores(advisory))
      refusals.push_back({Cause::advisory,
                          advisory + " applies to the platform (accepted with ignore_advisories: [" + advisory + "])"});
  return refusals;
}

}  // namespace cloister::cas

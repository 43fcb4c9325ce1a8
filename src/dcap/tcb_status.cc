// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/tcb_status.h"
#include <algorithm>

namespace cloister::dcap {
namespace {
constexpr std::pair<TcbStatus, const char*> kNames[] = {
    {TcbStatus::up_to_date, "UpToDate"},
    {TcbStatus::sw_hardening_needed, "SWHardeningNeeded"},
    {TcbStatus::configuration_needed, "ConfigurationNeeded"},
    {TcbStatus::configuration_and_sw_hardening_needed, "ConfigurationAndSWHardeningNeeded"},
    {TcbStatus::out_of_date, "OutOfDate"},
    {TcbStatus::out_of_date_configuration_needed, "OutOfDateConfigurationNeeded"},
    {TcbStatus::td_relaunch_advised, "TDRelaunchAdvised"},
    {TcbStatus::td_relaunch_advised_configuration_needed, "TDRelaunchAdvisedConfigurationNeeded"},
    {TcbStatus::revoked, "Revoked"},
    {TcbStatus::not_supported, "NotSupported"},
};

bool needs_configuration(TcbStatus status) {
  return status == TcbStatus::configuration_needed || status == TcbStatus::out_of_date_configuration_needed ||
         status == TcbStatus::configuration_and_sw_hardening_needed ||
         status == TcbStatus::td_relaunch_advised_configuration_needed;
}

TcbStatus outdated(TcbStatus platform) {
  switch (platform) {
    case TcbStatus::up_to_date:
    case TcbStatus::sw_hardening_needed: return TcbStatus::out_of_date;
    case TcbStatus::configuration_needed:
    case TcbStatus::configuration_and_sw_hardening_needed: return TcbStatus::out_of_date_configuration_needed;
    default: return platform;
  }
}
}  // namespace

const char* name(TcbStatus status) {
  for (const auto& [value, text] : kNames) {
    if (value == status) return text;
  }
  return "unknown";
}

std::optional<TcbStatus> level_status(std::string_view text) {
  for (const auto& [value, known] : kNames) {
    const bool in_documents = value != TcbStatus::not_supported && value != TcbStatus::td_relaunch_advised &&
                              value != TcbStatus::td_relaunch_advised_configuration_needed;
    if (in_documents && text == known) return value;
  }
  return std::nullopt;
}

TcbStatus converge(TcbStatus platform, std::span<const TcbStatus> parts) {
  if (std::ranges::count(parts, TcbStatus::revoked)) return TcbStatus::revoked;
  return std::ranges::count(parts, TcbStatus::out_of_date) ? outdated(platform) : platform;
}

TcbStatus with_relaunch(TcbStatus launch, TcbStatus current) {
  if (launch != TcbStatus::out_of_date && launch != TcbStatus::out_of_date_configuration_needed) return launch;
  const bool current_holds = current == TcbStatus::up_to_date || current == TcbStatus::sw_hardening_needed ||
                             current == TcbStatus::configuration_needed ||
                             current == TcbStatus::configuration_and_sw_hardening_needed;
  if (!current_holds) return launch;
  return needs_configuration(launch) || needs_configuration(current)
             ? TcbStatus::td_relaunch_advised_configuration_needed
             : TcbStatus::td_relaunch_advised;
}

}  // namespace cloister::dcap

// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/host_strings.h"
#include "src/enclave/core/start.h"

namespace cloister::kernel {

HostStrings read_host_strings(const StartParameters& host, const char* strings) {
  HostStrings result;
  const char* at = strings;
  const char* const end = at + host.strings_size;
  const auto next = [&]() -> std::string {
    if (at >= end) return {};
    const std::string text(at);
    at += text.size() + 1;
    return text;
  };
  const auto take = [&](std::uint64_t count, std::vector<std::string>& to) {
    for (std::uint64_t i = 0; i < count && at < end; ++i) to.push_back(next());
  };
  result.directory = next();
  take(host.argument_count, result.arguments);
  take(host.environment_count, result.environment);
  for (std::uint64_t i = 0; i < host.location_count && at < end; ++i) {
    std::string inside = next();
    result.locations.push_back({std::move(inside), next()});
  }
  take(host.setting_count, result.settings);
  return result;
}

std::string host_setting(std::string_view name) {
  for (const std::string& setting : read_host_strings(core::start_parameters, core::start_strings).settings)
    if (setting.size() > name.size() && setting.starts_with(name) && setting[name.size()] == '=')
      return setting.substr(name.size() + 1);
  return {};
}
}  // namespace cloister::kernel

// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/configure/settings.h"
#include <algorithm>
#include <charconv>
#include "src/enclave/attest/leaves.h"
#include "src/enclave/kernel/host_strings.h"
#include "src/sgx/bytes.h"

namespace cloister::configure {
namespace {
constexpr std::uint64_t kSecond = 1'000'000'000, kLongestWait = 600;

bool is_printable(const std::string& text) {
  return !text.empty() && text.size() <= release::kConfigIdLimit &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// A hint that cannot do harm: the host can withhold every answer anyway.
std::uint64_t time_limit() {
  const std::string text = kernel::host_setting("start-time-limit");
  std::uint64_t seconds = 60;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp<std::uint64_t>(seconds, 1, kLongestWait) * kSecond;
}
}  // namespace

Result<Settings> read_settings() {
  constexpr std::array<std::uint8_t, sgx::kReportdataSize> kNothing{};
  const sgx::ReportBody self = attest::make_report({}, kNothing).body;
  if (sgx::all_zero(self.configid))
    return Error(Errc::invalid,
                 "configured by a policy, but none is named: set CLOISTER_CAS_ADDR and CLOISTER_CONFIG_ID");
  Settings settings;
  std::copy_n(self.configid, settings.cas_key_hash.size(), settings.cas_key_hash.begin());
  settings.config_id = kernel::host_setting("config-id");
  if (!is_printable(settings.config_id)) return Error(Errc::invalid, "the host part names no service (config-id)");
  if (!std::ranges::equal(release::configured_enclave_id(settings.cas_key_hash, settings.config_id), self.configid))
    return Error(Errc::mismatch, "the service that the host part names is not the one in CONFIGID");
  const auto cas = parse_endpoint(kernel::host_setting("cas"));
  if (!cas.ok()) return Error(Errc::invalid, "the host part gives no numeric address of CAS");
  settings.cas = cas.value();
  settings.time_limit = time_limit();
  return settings;
}
}  // namespace cloister::configure

// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/own_enclave.h"
#include <cstring>
#include "abi/sgx/report.h"
#include "src/cas/device/device_file.h"
#include "src/dcap/quote.h"

namespace cloister::cas {
Result<OwnEnclave> OwnEnclave::open(std::string& problem, const std::string& device) {
  const auto bytes = read_device(device + "/my_target_info", sizeof(sgx::Targetinfo));
  if (!bytes.ok() || bytes.value().size() != sizeof(sgx::Targetinfo)) {
    problem = "there is no " + device + ": CAS runs inside an enclave; start it by `cloister cas serve`";
    return Error(Errc::unsupported, "not in an enclave");
  }
  sgx::Targetinfo self;
  std::memcpy(&self, bytes.value().data(), sizeof self);
  release::Digest owner, mrenclave;
  std::memcpy(owner.data(), self.configid, owner.size());
  std::memcpy(mrenclave.data(), self.measurement, mrenclave.size());
  const release::ConfigId expected = release::cas_id(owner);
  if (!release::equal(expected, self.configid)) {
    problem = "this enclave's CONFIGID names no owner: start CAS by `cloister cas serve --owner KEYHASH`";
    return Error(Errc::invalid, "CONFIGID is not a CAS's");
  }
  return OwnEnclave(device, owner, mrenclave);
}

Result<std::vector<std::uint8_t>> OwnEnclave::quote(const release::ReportData& data) const {
  const std::lock_guard lock(*quoting_);
  TRY(write_device(device_ + "/user_report_data", data));
  const SecretBytes quote = TRY(read_device(device_ + "/quote", dcap::kQuoteSizeLimit));
  if (quote.empty() || quote.size() > dcap::kQuoteSizeLimit)
    return Error(Errc::invalid, "the quote has no usable size");
  return std::vector<std::uint8_t>(quote.begin(), quote.end());
}
}  // namespace cloister::cas

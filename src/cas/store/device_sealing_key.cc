// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/device_sealing_key.h"
#include <cerrno>
#include <cstring>
#include "abi/sgx/report.h"
#include "src/base/hex.h"

namespace cloister::cas {
namespace {

// As /dev/attestation/keys names it.
std::string name_of(const SecurityVersion& version) {
  const std::uint8_t isvsvn[] = {static_cast<std::uint8_t>(version.isvsvn >> 8),
                                 static_cast<std::uint8_t>(version.isvsvn & 0xff)};
  return "_sgx_mrenclave." + to_hex(version.cpusvn) + '.' + to_hex(isvsvn);
}

}  // namespace

Result<DeviceSealingKey> DeviceSealingKey::open(const std::string& device) {
  const auto own_report = [&]() -> Result<SecretBytes> {
    const SecretBytes self = TRY(read_device(device + "/my_target_info", sizeof(sgx::Targetinfo)));
    TRY(write_device(device + "/target_info", self));
    return read_device(device + "/report", sizeof(sgx::Report));
  }();
  if (!own_report.ok())
    return Error(Errc::io, "there is no sealing key: /dev/attestation exists in enclaves alone, start CAS by cloister");
  sgx::Report report;
  if (own_report.value().size() != sizeof report) return Error(Errc::invalid, "a REPORT has 432 bytes");
  std::memcpy(&report, own_report.value().data(), sizeof report);
  SecurityVersion version{.cpusvn = {}, .isvsvn = report.body.isvsvn};
  std::memcpy(version.cpusvn.data(), report.body.cpusvn, version.cpusvn.size());
  return DeviceSealingKey(device, version);
}

Result<SecretBytes> DeviceSealingKey::sealing_key(const SecurityVersion& version) const {
  auto key = read_device(device_ + "/keys/" + name_of(version), kSize);
  if (!key.ok() && key.error().errno_value() == EINVAL)
    return Error::from_errno(ENOKEY, "the processor has no keys of that security version");
  if (!key.ok()) return Error(Errc::io, "the sealing key cannot be read");
  if (key.value().size() != kSize) return Error(Errc::invalid, "the sealing key does not have 16 bytes");
  return key;
}

}  // namespace cloister::cas

// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/attest/leaves.h"
#include <cerrno>
#include <cstring>
#include "src/enclave/core/enclu.h"

namespace cloister::attest {
namespace {
std::uint64_t address_of(void* object) { return reinterpret_cast<std::uint64_t>(object); }
}  // namespace

sgx::Report make_report(const sgx::Targetinfo& wanted, std::span<const std::uint8_t, sgx::kReportdataSize> bytes) {
  alignas(sgx::kTargetinfoAlignment) sgx::Targetinfo target = wanted;
  alignas(sgx::kReportdataAlignment) std::uint8_t data[sgx::kReportdataSize];
  alignas(sgx::kReportAlignment) sgx::Report report;
  std::memcpy(data, bytes.data(), sizeof data);
  core::ereport(&target, address_of(data), address_of(&report));
  return report;
}

sgx::Report own_report() {
  static constexpr std::uint8_t kNoData[sgx::kReportdataSize] = {};
  return make_report({}, kNoData);
}

Result<sgx::Key128> get_key(const sgx::Keyrequest& wanted) {
  alignas(sgx::kKeyrequestAlignment) sgx::Keyrequest request = wanted;
  alignas(sgx::kKeyAlignment) sgx::Key128 key{};
  if (core::egetkey(&request, address_of(&key)) != 0) return Error::from_errno(EINVAL, "EGETKEY refused the request");
  const sgx::Key128 result = key;
  explicit_bzero(key.data(), key.size());
  return result;
}
}  // namespace cloister::attest

// SPDX-License-Identifier: Apache-2.0
// EREPORT and EGETKEY of the software processor. They run with the host's FS base (HEAVY_LEAF_ENTRY).
#include <cstring>
#include "abi/enclave_layout.h"
#include "src/host/device/sim_device.h"
#include "src/sgx/report.h"

namespace cloister::host {
namespace {
const SimDevice* enclave = nullptr;

bool is_inside(std::uint64_t address, std::uint64_t size, std::uint64_t alignment) {
  return address % alignment == 0 && address <= layout::kElrangeSize - size;
}
[[noreturn]] void general_protection() {
  for (;;) asm volatile("hlt");
}
}  // namespace

void set_sim_enclave(const SimDevice* device) { enclave = device; }

sgx::Report SimDevice::ereport(const sgx::Targetinfo& target,
                               std::span<const std::uint8_t, sgx::kReportdataSize> data) const {
  return sgx::ereport(platform_, secs_, target, data);
}
sgx::KeyOutcome SimDevice::egetkey(const sgx::Keyrequest& request) const {
  return sgx::egetkey(platform_, secs_, request);
}

extern "C" std::uint64_t sim_ereport(const sgx::Targetinfo* target, const std::uint8_t* data, sgx::Report* to) {
  if (!is_inside(reinterpret_cast<std::uint64_t>(target), sizeof *target, sgx::kTargetinfoAlignment) ||
      !is_inside(reinterpret_cast<std::uint64_t>(data), sgx::kReportdataSize, sgx::kReportdataAlignment) ||
      !is_inside(reinterpret_cast<std::uint64_t>(to), sizeof *to, sgx::kReportAlignment))
    general_protection();
  *to = enclave->ereport(*target, std::span<const std::uint8_t, sgx::kReportdataSize>(data, sgx::kReportdataSize));
  return 0;
}

extern "C" std::uint64_t sim_egetkey(const sgx::Keyrequest* request, std::uint8_t* to) {
  if (!is_inside(reinterpret_cast<std::uint64_t>(request), sizeof *request, sgx::kKeyrequestAlignment) ||
      !is_inside(reinterpret_cast<std::uint64_t>(to), sgx::kKeySize, sgx::kKeyAlignment))
    general_protection();
  const sgx::KeyOutcome outcome = enclave->egetkey(*request);
  if (outcome.general_protection) general_protection();
  if (outcome.error == sgx::ErrorCode::success) std::memcpy(to, outcome.key.data(), sgx::kKeySize);
  return static_cast<std::uint64_t>(outcome.error);
}
}  // namespace cloister::host

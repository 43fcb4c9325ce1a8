// SPDX-License-Identifier: Apache-2.0
// SGX in software: the driver's and the processor's part of an enclave, in this process. Untrusted, and no protection
// against whoever can read this process's memory; what it gives is the architecture, down to measurement, reports and
// keys.
#pragma once
#include <memory>
#include <vector>
#include "src/host/device/device.h"
#include "src/host/device/secret_pool.h"
#include "src/host/device/sim_platform.h"
#include "src/host/device/sim_state.h"
#include "src/sgx/key_leaves.h"
#include "src/sgx/measurement.h"

namespace cloister::host {

class SimDevice : public Device, public sgx::KeyLeaves {
 public:
  SimDevice(const sgx::Platform& platform, bool secret_memory, LeafMode leaves, std::string notice);

  const char* name() const override { return "sim"; }
  const std::string& notice() const override { return notice_; }
  Result<void> create(const sgx::Secs& secs) override;
  Result<void> add_page(std::uint64_t address, std::uint64_t secinfo_flags,
                        std::span<const std::uint8_t, sgx::kPageSize> page) override;
  Result<void> initialise(const sgx::Sigstruct& sigstruct) override;
  std::array<std::uint8_t, 32> measurement() const override;
  long augment(std::uint64_t address, std::uint64_t size, PageKind kind) override;
  long protect(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) override;
  long remove(std::uint64_t address, std::uint64_t size) override;
  long make_tcs(std::uint64_t address) override;
  EnterFunction enter() const override;
  Result<void> prepare_thread(std::uint64_t tcs) override;
  Result<void> confine_thread() override;

  // The leaves as the enclave has them, after initialise(); operands' addresses are the caller's matter.
  sgx::Report ereport(const sgx::Targetinfo& target,
                      std::span<const std::uint8_t, sgx::kReportdataSize> data) const override;
  sgx::KeyOutcome egetkey(const sgx::Keyrequest& request) const override;

 private:
  struct AddedRun {
    std::uint64_t address, size, flags;
  };
  Result<void> map_for_adding(std::uint64_t address);
  Result<void> settle_run(const AddedRun& run);
  void patch_leaves(std::uint64_t address, std::uint64_t size);
  long map_data(std::uint64_t address, std::uint64_t size);
  long augment_staged(std::uint64_t address, std::uint64_t size, std::uint64_t flags);
  long install_staged(std::uint64_t address, std::uint64_t size, std::uint64_t permissions);
  long enter_secret_memory(std::uint64_t address, std::uint64_t size);
  long leave_secret_memory(std::uint64_t address, std::uint64_t size);

  sgx::Platform platform_;
  bool secret_memory_;
  LeafMode leaves_;
  std::string notice_;
  SecretPool secret_pool_;
  sgx::Secs secs_{};
  std::unique_ptr<sgx::Measurement> measurement_;
  std::vector<AddedRun> runs_;
  std::uint64_t mapped_begin_ = 0, mapped_end_ = 0;  // mapped ahead for add_page
};

// Registers `tcs_page` (its contents, at `address`) with the software processor.
SimTcs* make_sim_tcs(std::uint64_t address, const sgx::Tcs& tcs_page);
SimTcs* sim_tcs_at(std::uint64_t address);
// The device behind sim_ereport and sim_egetkey.
void set_sim_enclave(const SimDevice* device);
}  // namespace cloister::host

// SPDX-License-Identifier: Apache-2.0
// What the host part needs of an SGX device: the processor's leaves and the driver's services, for one enclave.
// Untrusted. Nothing above this interface knows whether the enclave is one of hardware or of software.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include "abi/sgx/arch.h"
#include "src/base/result.h"
#include "src/boundary/host_call_table.h"

namespace cloister::host {

enum class MemoryMode { automatic, secret, plain };

// Called with the registers of the leaf: RAX = EENTER or ERESUME, RBX = TCS, RCX = AEP, and for EENTER the enclave's
// arguments in RDI, RSI, RDX. EENTER comes back to the address on top of the
// stack, which it pops, when the enclave leaves; ERESUME does not come back.
using EnterFunction = void (*)();

class Device {
 public:
  virtual ~Device() = default;
  virtual const char* name() const = 0;
  // One line for people about what is weaker than it could be here, with the fix; empty if nothing is.
  virtual const std::string& notice() const = 0;

  virtual Result<void> create(const sgx::Secs& secs) = 0;
  // EADD and 16 EEXTENDs of one page.
  virtual Result<void> add_page(std::uint64_t address, std::uint64_t secinfo_flags,
                                std::span<const std::uint8_t, sgx::kPageSize> page) = 0;
  virtual Result<void> initialise(const sgx::Sigstruct& sigstruct) = 0;
  // MRENCLAVE over what was added; valid at any time after create().
  virtual std::array<std::uint8_t, 32> measurement() const = 0;

  // Driver services for dynamic memory. 0 or a negative errno, as the enclave sees it.
  virtual long augment(std::uint64_t address, std::uint64_t size, PageKind kind) = 0;
  virtual long protect(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) = 0;
  virtual long remove(std::uint64_t address, std::uint64_t size) = 0;
  virtual long make_tcs(std::uint64_t address) = 0;

  virtual EnterFunction enter() const = 0;
  // Once for each host thread that will enter, on that thread, before it does. `tcs` is the one that it will use.
  virtual Result<void> prepare_thread(std::uint64_t tcs) = 0;
  // Confines the calling thread to what a processor would allow (sim: Syscall User Dispatch). Last step before
  // entering.
  virtual Result<void> confine_thread() = 0;
};

// How the software processor notices ENCLU: by jumps that replace the leaf functions' bodies after EINIT, or, for
// tests, by the instruction itself, which traps where there is no SGX. The latter runs the image as it was measured.
enum class LeafMode { patched, trapped };

struct SimOptions {
  MemoryMode memory = MemoryMode::automatic;
  LeafMode leaves = LeafMode::patched;
  std::string state_directory;  // empty: $CLOISTER_SIM_DIR or the default
};
Result<std::unique_ptr<Device>> open_sim_device(const SimOptions& options);
}  // namespace cloister::host

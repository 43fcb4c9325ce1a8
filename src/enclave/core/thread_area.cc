// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/thread_area.h"
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/enclave/core/enclu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/runtime_memory.h"

extern "C" void enclave_entry();

namespace cloister::core {
namespace {
constexpr std::uint64_t kSsaSize = std::uint64_t{layout::kSsaFrameCount} * layout::kSsaFramePages * layout::kPageSize;

// Everything but the TCS, in one block of runtime memory.
struct alignas(4096) ThreadArea {
  alignas(4096) std::byte ssa[kSsaSize];
  alignas(64) std::byte xsave[XSAVE_AREA_SIZE];
  alignas(64) std::byte exception_stack[EXCEPTION_STACK_SIZE];
  alignas(64) std::byte vectors[VECTOR_AREA_SIZE];
  alignas(64) std::byte x87[X87_AREA_SIZE];
  Thread thread;
};
}  // namespace

Thread* make_thread(void (*start)(Thread*), std::uint64_t* tcs) {
  const long area_address = runtime_map(sizeof(ThreadArea), kPageRead | kPageWrite);
  const long tcs_address = runtime_map(layout::kPageSize, kPageRead | kPageWrite);
  if (area_address < 0 || tcs_address < 0) return nullptr;
  auto* area = reinterpret_cast<ThreadArea*>(area_address);  // zeroed: EAUG
  Thread* thread = &area->thread;
  thread->self = thread;
  thread->state = STATE_READY;
  thread->vector_area = area->vectors;
  thread->x87_area = area->x87;
  thread->xsave_area = area->xsave;
  thread->exception_stack = reinterpret_cast<std::uint64_t>(area->exception_stack) + EXCEPTION_STACK_SIZE;
  thread->stack_top = thread->exception_stack;  // until `start` switches to the thread's own
  thread->ssa = area->ssa;
  thread->start = start;

  auto* page = reinterpret_cast<sgx::Tcs*>(tcs_address);
  page->ossa = reinterpret_cast<std::uint64_t>(area->ssa);
  page->nssa = layout::kSsaFrameCount;
  page->oentry = reinterpret_cast<std::uint64_t>(&enclave_entry);
  page->ofsbase = page->ogsbase = reinterpret_cast<std::uint64_t>(thread);
  page->fslimit = page->gslimit = 0xffff'ffff;
  if (host_call(HostCall::make_tcs, static_cast<std::uint64_t>(tcs_address)) != 0) return nullptr;
  alignas(64) sgx::Secinfo info{};
  info.flags = sgx::kSecinfoModified | sgx::secinfo_flags(sgx::PageType::tcs, 0);
  if (eaccept(&info, static_cast<std::uint64_t>(tcs_address)) != 0)
    host_lied(HostCall::make_tcs, "EACCEPT refuses the TCS");
  *tcs = static_cast<std::uint64_t>(tcs_address);
  return thread;
}
}  // namespace cloister::core

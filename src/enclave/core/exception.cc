// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/core/exception.h"
#include "abi/enclave_layout.h"
#include "abi/sgx/arch.h"
#include "src/boundary/rules.h"
#include "src/enclave/core/check.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/interrupt.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/core/write_behind.h"

extern "C" {
extern const char program_access_begin[], program_access_end[], program_access_fault[];
extern const char program_blocks_begin[], program_blocks_end[], program_block_fault[];
extern const char syscall_return[], syscall_return_window_begin[], syscall_return_window_end[];
extern const char syscall_entry_live[], exception_stage2_entry[];
extern const char enclu_ereport[], enclu_end[];
extern std::uint8_t core_stopped;
long enter_kernel(long (*function)(void*), void* argument);
}

namespace cloister::core {
constinit ExceptionHandler exception_handler = nullptr;
constinit WorkHandler work_handler = nullptr;

namespace {
constexpr std::uint64_t kSsaSize = layout::kSsaFramePages * layout::kPageSize;

std::uint64_t address_of(const char* label) { return reinterpret_cast<std::uint64_t>(label); }
bool is_within(std::uint64_t rip, const char* begin, const char* end) {
  return rip >= address_of(begin) && rip < address_of(end);
}
bool is_program_code(std::uint64_t rip) { return rip >= layout::kProgramLow && rip < layout::kProgramHigh; }

// The page fault's address and error code; the processor writes EXINFO only for #PF and #GP.
void read_exinfo(Thread* thread, std::uint8_t vector) {
  const auto* exinfo =
      reinterpret_cast<const sgx::Exinfo*>(thread->ssa + kSsaSize - sizeof(sgx::Gprsgx) - sizeof(sgx::Exinfo));
  const bool has_info =
      vector == static_cast<std::uint8_t>(sgx::Vector::pf) || vector == static_cast<std::uint8_t>(sgx::Vector::gp);
  thread->fault_address = has_info ? exinfo->maddr : 0;
  thread->fault_info = vector | (has_info ? static_cast<std::uint64_t>(exinfo->errcd) << 32 : 0);
}

// E-7. URSP is the stack pointer that the host had when it entered, to which an asynchronous exit returns: nothing of
// ours uses it, and one that lies inside is an attack in preparation.
void check_host_stack(const sgx::Gprsgx* gpr) {
  if (CLOISTER_KEEPS(E_7) && !is_outside(gpr->ursp, 1)) host_entered_wrongly("its stack lies inside the enclave");
}
// The stack on which the runtime goes on where it was interrupted must be the runtime's. (Program code may have
// anything in RSP, and is not resumed on it; the entry stub has the host's, and is not touched.)
void check_own_stack(const sgx::Gprsgx* gpr) {
  if (!CLOISTER_KEEPS(E_7)) return;
  ENCLAVE_CHECK(gpr->rsp >= layout::kProgramHigh && gpr->rsp < layout::kElrangeSize);
}

// The interrupted program continues in stage 2, its registers in the thread's context.
void redirect_to_stage2(Thread* thread, sgx::Gprsgx* gpr) {
  ProgramContext* context = thread->context;
  context->r15 = gpr->r15, context->r14 = gpr->r14, context->r13 = gpr->r13, context->r12 = gpr->r12;
  context->rbp = gpr->rbp, context->rbx = gpr->rbx, context->r11 = gpr->r11, context->r10 = gpr->r10;
  context->r9 = gpr->r9, context->r8 = gpr->r8, context->rax = gpr->rax, context->rcx = gpr->rcx;
  context->rdx = gpr->rdx, context->rsi = gpr->rsi, context->rdi = gpr->rdi;
  context->orig_rax = kNoSystemCall;
  context->rip = gpr->rip, context->rflags = gpr->rflags, context->rsp = gpr->rsp;
  context->full = kFullReturnWithVectors;
  gpr->rip = address_of(exception_stage2_entry);
  gpr->rsp = reinterpret_cast<std::uint64_t>(context);
  gpr->rflags = 2;
}

// `syscall` in program code: the common entry, with the registers as the instruction would leave them.
bool redirect_system_call(Thread* thread, sgx::Gprsgx* gpr) {
  // The bytes were just executed, so the page is there; a data race with the program itself only harms the program.
  const auto* code = reinterpret_cast<const volatile std::uint8_t*>(gpr->rip);
  if (code[0] != 0x0f || code[1] != 0x05) return false;
  ++thread->trap_count;
  gpr->rcx = gpr->rip + 2;
  gpr->rip = address_of(syscall_entry_live);
  return true;
}

std::size_t append_hexadecimal(char* text, std::size_t at, std::uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4)
    if (value >> shift != 0 || shift == 0) text[at++] = kDigits[value >> shift & 15];
  return at;
}

// Host may: say that it has opened a page, and not do it. Then nobody but the host is to blame for the fault.
bool is_withheld(const Thread* thread) {
  constexpr std::uint32_t kWriteAccess = 2, kInstructionFetch = 16;  // of a page fault's error code (SDM 3A, 4.7)
  const auto code = static_cast<std::uint32_t>(thread->fault_info >> 32);
  const std::uint64_t needed = (code & kWriteAccess) != 0        ? kPageWrite
                               : (code & kInstructionFetch) != 0 ? kPageExecute
                                                                 : kPageRead;
  return thread->fault_address < layout::kElrangeSize && (page_state(thread->fault_address) & needed) != 0;
}

// Addresses of the image are no secret; an address of a fault in it may be, so only a debug enclave shows that.
[[noreturn]] void runtime_fault(std::uint64_t rip, std::uint8_t vector, std::uint64_t address) {
  char text[128] = "fault in the runtime at image+0x";
  std::size_t size = append_hexadecimal(text, 32, rip - layout::kImageBase);
  for (const char* part = ", vector 0x"; *part != '\0'; ++part) text[size++] = *part;
  size = append_hexadecimal(text, size, vector);
  if (is_debug_enclave()) {
    for (const char* part = ", address 0x"; *part != '\0'; ++part) text[size++] = *part;
    size = append_hexadecimal(text, size, address);
  }
  text[size] = '\0';
  enclave_fail(text, __FILE__, __LINE__);
}
}  // namespace

extern "C" void exception_stage1(Thread* thread) {
  ++thread->aex_count;
  // A signal that came while the host handled an exit of ours is only noted, and a program that faults makes no calls.
  if (!thread->host_block.is_null()) fetch_host_signals(thread);
  auto* gpr = reinterpret_cast<sgx::Gprsgx*>(thread->ssa + kSsaSize - sizeof(sgx::Gprsgx));
  check_host_stack(gpr);
  const std::uint64_t rip = gpr->rip;
  const std::uint32_t exit = gpr->exitinfo;
  if (CLOISTER_KEEPS(E_8) &&
      (exit & sgx::kExitinfoValid) == 0) {  // an interrupt: the host's signals are fetched, other threads mark work
    if (thread->queued_sends != 0)
      __atomic_fetch_or(&thread->work, static_cast<std::uint64_t>(kWorkSends), __ATOMIC_RELAXED);
    if (__atomic_load_n(&thread->work, __ATOMIC_ACQUIRE) == 0) return;
    if (is_program_code(rip)) {
      thread->fault_info = 255;
      redirect_to_stage2(thread, gpr);
    } else if (is_within(rip, syscall_return_window_begin, syscall_return_window_end)) {
      gpr->rip = address_of(syscall_return);
    }
    return;
  }
  const auto vector = static_cast<std::uint8_t>(exit & sgx::kExitinfoVectorMask);
  gpr->exitinfo = 0;  // used once
  // A program that steps itself carries the trap flag into the entry stub, and a return to it sets the flag early.
  if (vector == static_cast<std::uint8_t>(sgx::Vector::db) && !is_program_code(rip)) return;
  if (is_within(rip, program_access_begin, program_access_end)) {
    check_own_stack(gpr);
    read_exinfo(thread, vector);
    // Host may: take away the page of the code, or one of ours; that is no fault of the program's memory.
    if (vector != static_cast<std::uint8_t>(sgx::Vector::pf) || is_program_range(thread->fault_address, 1)) {
      gpr->rip = address_of(is_within(rip, program_blocks_begin, program_blocks_end) ? program_block_fault
                                                                                     : program_access_fault);
      return;
    }
  }
  if (!is_program_code(rip) && !is_program_range(rip, 1) && rip >= layout::kProgramHigh && rip < layout::kElrangeSize) {
    read_exinfo(thread, vector);
    // Host may: say that it has added a page, and not do it. Nothing else of ours names pages that are not there.
    if (vector == static_cast<std::uint8_t>(sgx::Vector::pf) && is_within(rip, enclu_ereport, enclu_end))
      host_lied(HostCall::augment, "a page of the enclave is not there");
    if (vector == static_cast<std::uint8_t>(sgx::Vector::pf) && is_withheld(thread))
      host_lied(HostCall::protect, "a page that is not there");
    runtime_fault(rip, vector, thread->fault_address);
  }
  if (vector == static_cast<std::uint8_t>(sgx::Vector::ud) && redirect_system_call(thread, gpr)) return;
  ++thread->fault_count;
  read_exinfo(thread, vector);
  redirect_to_stage2(thread, gpr);
}

namespace {
struct Stage2 {
  Thread* thread;
  Exception exception;
  ProgramContext* context;
};
long run_exception_handler(void* argument) {
  auto* stage = static_cast<Stage2*>(argument);
  exception_handler(stage->thread, stage->exception, stage->context);
  return 0;
}
long run_work_handler(void* argument) {
  Thread* thread = current_thread();
  work_handler(thread, static_cast<ProgramContext*>(argument));
  return 0;
}
}  // namespace

extern "C" void exception_stage2(ProgramContext* context) {
  Thread* thread = current_thread();
  Stage2 stage{thread,
               {static_cast<std::uint8_t>(thread->fault_info), static_cast<std::uint32_t>(thread->fault_info >> 32),
                thread->fault_address},
               context};
  if (stage.exception.vector == 255) return;  // work: syscall_return sees it
  enter_kernel(run_exception_handler, &stage);
}

extern "C" void return_to_program_work(ProgramContext* context) {
  Thread* thread = current_thread();
  flush_sends(thread);
  fetch_host_signals(thread);
  enter_kernel(run_work_handler, context);
}
}  // namespace cloister::core

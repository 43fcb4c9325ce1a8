// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/program_faults.h"
#include "abi/sgx/arch.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/process_end.h"
#include "src/enclave/kernel/signals.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
using sgx::Vector;
constexpr std::uint32_t kPageFaultWrite = 2, kPageFaultFetch = 16;

core::Access access_of(std::uint32_t error_code) {
  if ((error_code & kPageFaultFetch) != 0) return core::Access::execute;
  return (error_code & kPageFaultWrite) != 0 ? core::Access::write : core::Access::read;
}

struct Fault {
  Vector vector;
  std::uint64_t error_code = 0;
  int signal;
  int code;
  std::uint64_t address = 0;  // si_addr
};

void report(Task& task, const Fault& fault, std::uint64_t page_fault_address = 0) {
  task.fault.trap_number = static_cast<std::uint64_t>(fault.vector);
  task.fault.error_code = fault.error_code;
  if (fault.vector == Vector::pf) task.fault.address = page_fault_address;
  siginfo_t info{};
  info.si_signo = fault.signal;
  info.si_code = fault.code;
  info.si_addr = reinterpret_cast<void*>(fault.address);
  force_signal(task, info);
}

void handle_page_fault(Task& task, const core::Exception& exception, core::ProgramContext* context) {
  if (exception.address == context->rip && emulate_vsyscall(task, context)) return;
  Fault fault{Vector::pf, exception.error_code, SIGSEGV, SEGV_MAPERR, exception.address};
  switch (task.process.memory->resolve_fault(exception.address, access_of(exception.error_code))) {
    case FaultResult::resolved: return;
    case FaultResult::no_mapping: break;
    case FaultResult::not_permitted: fault.code = SEGV_ACCERR; break;
    case FaultResult::beyond_file: fault.signal = SIGBUS, fault.code = BUS_ADRERR; break;
    case FaultResult::out_of_memory: end_process_without_memory(task.process);
  }
  report(task, fault, exception.address);
}

bool is_after_int1(const core::ProgramContext* context) {
  std::uint8_t code;
  return core::copy_from_program(&code, context->rip - 1, sizeof code) && code == 0xf1;
}

// `int n` is illegal in enclaves; the program sees what the processor does elsewhere: vector 3 and 4 have gates for
// programs, any other gives #GP, the 32-bit system-call gate included.
bool handle_software_interrupt(Task& task, core::ProgramContext* context) {
  std::uint8_t code[2];
  if (!core::copy_from_program(code, context->rip, sizeof code) || code[0] != 0xcd) return false;
  const std::uint8_t number = code[1];
  constexpr std::uint64_t kIdt = 2;
  if (number == 3) {
    context->rip += sizeof code;
    report(task, {Vector::bp, 0, SIGTRAP, SI_KERNEL});
  } else {
    report(task, {Vector::gp, std::uint64_t{number} << 3 | kIdt, SIGSEGV, SI_KERNEL});
  }
  return true;
}

void handle_floating_point(Task& task, Vector vector, std::uint64_t address) {
  const auto unit = vector == Vector::mf ? FloatingPoint::x87 : FloatingPoint::sse;
  const int code = floating_point_code(task.thread->xsave_area, unit);
  if (code != 0) report(task, {vector, 0, SIGFPE, code, address});
}
}  // namespace

void handle_exception(core::Thread* thread, const core::Exception& exception, core::ProgramContext* context) {
  Task& task = *static_cast<Task*>(thread->task);
  const auto vector = static_cast<Vector>(exception.vector);
  if (vector == Vector::pf) return handle_page_fault(task, exception, context);
  const std::uint64_t address = task.process.memory->original_pc(context->rip);
  switch (vector) {
    case Vector::de: return report(task, {vector, 0, SIGFPE, FPE_INTDIV, address});
    case Vector::db:
      return report(task, {vector, 0, SIGTRAP, is_after_int1(context) ? TRAP_BRKPT : TRAP_TRACE, address});
    case Vector::bp: return report(task, {vector, 0, SIGTRAP, SI_KERNEL});
    case Vector::ud:
      if (emulate_instruction(context) || handle_software_interrupt(task, context)) return;
      return report(task, {vector, 0, SIGILL, ILL_ILLOPN, address});
    case Vector::gp:
      if (emulate_instruction(context) || emulate_vsyscall(task, context)) return;
      return report(task, {vector, exception.error_code, SIGSEGV, SI_KERNEL});
    case Vector::mf:
    case Vector::xm: return handle_floating_point(task, vector, address);
    case Vector::ac: return report(task, {vector, 0, SIGBUS, BUS_ADRALN});
    default: return report(task, {vector, 0, SIGSEGV, SI_KERNEL});
  }
}
}  // namespace cloister::kernel

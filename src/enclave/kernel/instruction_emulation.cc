// SPDX-License-Identifier: Apache-2.0
// Instructions that fault in enclaves, where a program has them outside rewritten sites: in code made at run time, for
// one.
#include <signal.h>
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/program_access.h"
#include "src/enclave/kernel/program_faults.h"

namespace cloister::kernel {
namespace {
void set_time_stamp(core::ProgramContext* context) {
  const std::uint64_t tsc = core::read_tsc();
  context->rax = tsc & 0xffff'ffff;
  context->rdx = tsc >> 32;
}
}  // namespace

bool emulate_instruction(core::ProgramContext* context) {
  std::uint8_t code[3] = {};
  // Near the end of a page the third byte may not exist.
  if (!core::copy_from_program(code, context->rip, 2) || code[0] != 0x0f) return false;
  if (code[1] == 0xa2) {
    const auto answer = core::cpuid(static_cast<std::uint32_t>(context->rax), static_cast<std::uint32_t>(context->rcx));
    context->rax = answer.eax, context->rbx = answer.ebx, context->rcx = answer.ecx, context->rdx = answer.edx;
    context->rip += 2;
    return true;
  }
  if (code[1] == 0x31) {
    set_time_stamp(context);
    context->rip += 2;
    return true;
  }
  if (code[1] == 0x01 && core::copy_from_program(&code[2], context->rip + 2, 1) && code[2] == 0xf9) {
    set_time_stamp(context);
    context->rcx = 0;
    context->rip += 3;
    return true;
  }
  return false;
}

int floating_point_code(const std::byte* image, FloatingPoint unit) {
  std::uint32_t pending;
  if (unit == FloatingPoint::x87) {
    std::uint16_t control, status;
    __builtin_memcpy(&control, image, sizeof control);
    __builtin_memcpy(&status, image + 2, sizeof status);
    pending = status & ~std::uint32_t{control};
  } else {
    std::uint32_t mxcsr;
    __builtin_memcpy(&mxcsr, image + 24, sizeof mxcsr);
    pending = mxcsr & ~(mxcsr >> 7);
  }
  // Flags in both: invalid, denormal, divide by zero, overflow, underflow, precision.
  if ((pending & 0x01) != 0) return FPE_FLTINV;
  if ((pending & 0x04) != 0) return FPE_FLTDIV;
  if ((pending & 0x08) != 0) return FPE_FLTOVF;
  if ((pending & 0x12) != 0) return FPE_FLTUND;
  if ((pending & 0x20) != 0) return FPE_FLTRES;
  return 0;
}
}  // namespace cloister::kernel

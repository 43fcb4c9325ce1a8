// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/crash_report.h"
#include <cstdio>
#include <string>
#include "abi/sgx/arch.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/task.h"

namespace cloister::kernel {
namespace {
constexpr int kMostFrames = 32;

template <typename... Values>
void append(std::string& text, const char* format, Values... values) {
  char line[256];
  const int size = std::snprintf(line, sizeof line, format, values...);
  text.append(line, static_cast<std::size_t>(size) < sizeof line ? static_cast<std::size_t>(size) : sizeof line - 1);
}

// With the file and the offset in it, for addr2line.
void append_address(std::string& text, const std::vector<Mapping>& mappings, std::uint64_t address) {
  for (const Mapping& mapping : mappings) {
    if (address < mapping.start || address >= mapping.end) continue;
    const std::string& name = mapping.file != nullptr ? mapping.file->path() : mapping.name;
    append(text, "    0x%016lx  %s+0x%lx\n", address, name.empty() ? "(anonymous)" : name.c_str(),
           address - mapping.start + mapping.file_offset);
    return;
  }
  append(text, "    0x%016lx\n", address);
}
}  // namespace

void report_crash(Task& task, const core::ProgramContext& context, const siginfo_t& info) {
  if ((core::enclave_attributes & sgx::kAttributeDebug) == 0) return;
  std::string text;
  append(text, "cloister: thread %u ends by signal %d (code %d), trap %lu, error code 0x%lx, address 0x%lx\n", task.tid,
         info.si_signo, info.si_code, task.fault.trap_number, task.fault.error_code, task.fault.address);
  append(text, "    rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", context.rax, context.rbx, context.rcx, context.rdx);
  append(text, "    rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", context.rsi, context.rdi, context.rbp, context.rsp);
  append(text, "    r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", context.r8, context.r9, context.r10, context.r11);
  append(text, "    r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", context.r12, context.r13, context.r14, context.r15);
  append(text, "    fs  %016lx flags %08lx\n", task.thread->program_fs, context.rflags);
  const std::vector<Mapping> mappings = task.process.memory->snapshot();
  append_address(text, mappings, task.process.memory->original_pc(context.rip));
  std::uint64_t frame = context.rbp;
  for (int depth = 0; depth < kMostFrames; ++depth) {
    std::uint64_t link[2];  // the caller's frame, the return address
    if (frame % 8 != 0 || !core::load_program(frame, &link) || link[1] == 0) break;
    append_address(text, mappings, task.process.memory->original_pc(link[1]));
    if (link[0] <= frame) break;
    frame = link[0];
  }
  core::print_to_host(core::PrintStream::error, text.data(), text.size());
}
}  // namespace cloister::kernel

// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/crash_report.h"
#include <cstdio>
#include <string>
#include "abi/sgx/arch.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/stack_walk.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/loader/symbols.h"

namespace cloister::kernel {
namespace {
constexpr int kMostWords = 1024;  // of the stack

template <typename... Values>
void append(std::string& text, const char* format, Values... values) {
  char line[256];
  const int size = std::snprintf(line, sizeof line, format, values...);
  text.append(line, static_cast<std::size_t>(size) < sizeof line ? static_cast<std::size_t>(size) : sizeof line - 1);
}

// With the function, if the file knows it, and the file and the offset in it, for addr2line. `code` is an address
// within the instruction that is meant: of a return address that is the byte before.
void append_address(std::string& text, const CodePlaces& places, std::uint64_t address, std::uint64_t code,
                    const char* mark = " ") {
  append(text, "  %s 0x%016lx ", mark, address);
  const Mapping* const mapping = places.find(code);
  if (mapping != nullptr) {
    const std::uint64_t position = code - mapping->start + mapping->file_offset;
    if (mapping->file != nullptr)
      if (const auto symbol = loader::find_symbol(*mapping->file, position); symbol.has_value())
        append(text, " %s+0x%lx", symbol->name.c_str(), symbol->offset + (address - code));
    const std::string& name = mapping->file != nullptr ? mapping->file->path() : mapping->name;
    append(text, "  %s+0x%lx", name.empty() ? "(anonymous)" : name.c_str(), position + (address - code));
  }
  text += "\n";
}

void print(const std::string& text) { core::print_to_host(core::PrintStream::error, text.data(), text.size()); }

void append_frames(std::string& text, const CodePlaces& places, const std::vector<StackFrame>& frames) {
  for (const StackFrame& frame : frames) {
    if (frame.kind == StackFrame::Kind::signal_return)
      text += "    in a signal handler; the signal arrived at:\n";
    else
      append_address(text, places, frame.pc, frame.code());
  }
}

// Whatever in `count` words of the stack looks like a return address. Some are left over from earlier calls.
void append_candidates(std::string& text, const CodePlaces& places, std::uint64_t stack, int count) {
  std::size_t found = 0;
  for (int looked = 0; found < kMostStackFrames && looked < count; ++looked, stack += 8) {
    std::uint64_t value;
    if (!core::load_program(stack, &value)) return;
    const std::uint64_t caller = places.return_address(value);
    if (caller == 0) continue;
    append_address(text, places, caller, caller - 1, "?");
    ++found;
  }
}
}  // namespace

void report_crash(Task& task, const core::ProgramContext& context, const siginfo_t& info) {
  if (!core::is_debug_enclave()) return;
  std::string text;
  append(text, "cloister: thread %u ends by signal %d (code %d), trap %lu, error code 0x%lx, address 0x%lx\n", task.tid,
         info.si_signo, info.si_code, task.fault.trap_number, task.fault.error_code, task.fault.address);
  append(text, "    rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", context.rax, context.rbx, context.rcx, context.rdx);
  append(text, "    rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", context.rsi, context.rdi, context.rbp, context.rsp);
  append(text, "    r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", context.r8, context.r9, context.r10, context.r11);
  append(text, "    r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", context.r12, context.r13, context.r14, context.r15);
  append(text, "    fs  %016lx flags %08lx\n", task.thread->program_fs, context.rflags);
  const CodePlaces places(*task.process.memory);
  const std::uint64_t pc = places.original(context.rip).pc;
  append(text, "    rip %016lx\n", pc);
  append_address(text, places, pc, pc);
  const StackWalk walk = walk_stack(places, context);
  // Frame pointers do not show the caller of a function that has no frame yet.
  if (!walk.knows_caller) append_candidates(text, places, context.rsp & ~7ULL, 1);
  append_frames(text, places, walk.frames);
  if (!walk.is_complete && walk.frames.size() < kMostStackFrames) {
    text += "    nothing leads further; what may be return addresses:\n";
    append_candidates(text, places, walk.stack & ~7ULL, kMostWords);
  }
  print(text);
}
}  // namespace cloister::kernel

// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/kernel/crash_report.h"
#include <sys/mman.h>
#include <cstdio>
#include <string>
#include "abi/sgx/arch.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/loader/symbols.h"

namespace cloister::kernel {
namespace {
constexpr int kMostFrames = 32, kMostWords = 1024;

template <typename... Values>
void append(std::string& text, const char* format, Values... values) {
  char line[256];
  const int size = std::snprintf(line, sizeof line, format, values...);
  text.append(line, static_cast<std::size_t>(size) < sizeof line ? static_cast<std::size_t>(size) : sizeof line - 1);
}

const Mapping* find_mapping(const std::vector<Mapping>& mappings, std::uint64_t address) {
  for (const Mapping& mapping : mappings)
    if (address >= mapping.start && address < mapping.end) return &mapping;
  return nullptr;
}

// With the function, if the file knows it, and the file and the offset in it, for addr2line. `code` is an address
// within the instruction that is meant: of a return address that is the byte before.
void append_address(std::string& text, const std::vector<Mapping>& mappings, std::uint64_t address, std::uint64_t code,
                    const char* mark = " ") {
  append(text, "  %s 0x%016lx ", mark, address);
  const Mapping* const mapping = find_mapping(mappings, code);
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

// Does a call end at `address`? Of the direct and the common indirect forms.
bool follows_call(std::uint64_t address) {
  std::uint8_t before[7];
  if (!core::copy_from_program(before, address - sizeof before, sizeof before)) return false;
  const auto is_indirect = [&](std::size_t size) {  // FF /2, with SIB or displacement as the size has room for
    return before[7 - size] == 0xff && (before[8 - size] >> 3 & 7) == 2;
  };
  return before[2] == 0xe8 || is_indirect(2) || is_indirect(3) || is_indirect(4) || is_indirect(6) || is_indirect(7);
}

// The return address that `value` is, as in the program's file; 0 if it is none. A call in a trampoline has been
// checked.
std::uint64_t return_address(const std::vector<Mapping>& mappings, AddressSpace& memory, std::uint64_t value) {
  const std::uint64_t caller = memory.original_pc(value);
  const Mapping* const mapping = find_mapping(mappings, caller - 1);
  if (mapping == nullptr || (mapping->protection & PROT_EXEC) == 0) return 0;
  return value != caller || follows_call(caller) ? caller : 0;
}

// Where frame pointers lead. Returns how many frames there were.
int append_frames(std::string& text, const std::vector<Mapping>& mappings, AddressSpace& memory, std::uint64_t frame) {
  int depth = 0;
  for (; depth < kMostFrames; ++depth) {
    std::uint64_t link[2];  // the caller's frame, the return address
    if (frame % 8 != 0 || !core::load_program(frame, &link)) break;
    const std::uint64_t caller = return_address(mappings, memory, link[1]);
    if (caller == 0) break;
    append_address(text, mappings, caller, caller - 1);
    if (link[0] <= frame) break;
    frame = link[0];
  }
  return depth;
}

// Whatever in `count` words of the stack looks like a return address. Some are left over from earlier calls.
void append_candidates(std::string& text, const std::vector<Mapping>& mappings, AddressSpace& memory,
                       std::uint64_t stack, int count) {
  for (int found = 0, looked = 0; found < kMostFrames && looked < count; ++looked, stack += 8) {
    std::uint64_t value;
    if (!core::load_program(stack, &value)) return;
    const std::uint64_t caller = return_address(mappings, memory, value);
    if (caller == 0) continue;
    append_address(text, mappings, caller, caller - 1, "?");
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
  const std::vector<Mapping> mappings = task.process.memory->snapshot();
  AddressSpace& memory = *task.process.memory;
  const std::uint64_t pc = memory.original_pc(context.rip);
  append(text, "    rip %016lx\n", pc);
  append_address(text, mappings, pc, pc);
  const std::uint64_t stack = context.rsp & ~7ULL;
  append_candidates(text, mappings, memory, stack, 1);  // the caller of a function that has no frame yet
  if (append_frames(text, mappings, memory, context.rbp) >= 2) return print(text);
  text += "    without frame pointers; what may be return addresses:\n";
  append_candidates(text, mappings, memory, stack, kMostWords);
  print(text);
}
}  // namespace cloister::kernel

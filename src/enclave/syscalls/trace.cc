// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/syscalls/trace.h"
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/program_memory.h"
#include "src/enclave/kernel/task.h"

namespace cloister::syscalls {
namespace {
std::string hexadecimal(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%#lx", value);
  return text;
}

// Quoted, with what does not print as \xNN, at most 48 characters.
std::string quoted(std::uint64_t address) {
  const auto text = kernel::ProgramAddress{address}.load_string(4096);
  if (!text.ok()) return hexadecimal(address);
  std::string out = "\"";
  for (std::size_t i = 0; i < text.value().size() && i < 48; ++i) {
    const unsigned char c = static_cast<unsigned char>(text.value()[i]);
    if (c >= ' ' && c < 127 && c != '"') {
      out.push_back(static_cast<char>(c));
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", c);
      out += escape;
    }
  }
  return out + (text.value().size() > 48 ? "\"…" : "\"");
}

std::string argument(char kind, std::uint64_t value) {
  switch (kind) {
    case 's': return value == 0 ? "NULL" : quoted(value);
    case 'd':
    case 'i': return std::to_string(static_cast<int>(value));
    case 'a': return static_cast<int>(value) == -100 ? "AT_FDCWD" : std::to_string(static_cast<int>(value));
    case 'u':
    case 'S': return std::to_string(value);
    case 'm': {
      char text[16];
      std::snprintf(text, sizeof text, "0%o", static_cast<unsigned>(value));
      return text;
    }
    case 'p': return value == 0 ? "NULL" : hexadecimal(value);
    default: return hexadecimal(value);
  }
}

std::string call_text(const core::ProgramContext& context, const SystemCallRow* row) {
  const std::uint64_t values[6] = {context.rdi, context.rsi, context.rdx, context.r10, context.r8, context.r9};
  std::string text = "[" + std::to_string(kernel::current_task()->tid) + "] ";
  text += row != nullptr ? row->name : ("call_" + std::to_string(context.orig_rax)).c_str();
  text += "(";
  const char* const kinds = row != nullptr ? row->arguments : "xxxxxx";
  for (std::size_t i = 0; i < 6 && kinds[i] != '\0'; ++i) {
    if (i > 0) text += ", ";
    text += argument(kinds[i], values[i]);
  }
  return text + ")";
}

void print(const std::string& line) { core::print_to_host(core::PrintStream::trace, line.data(), line.size()); }
}  // namespace

void trace_begin(const core::ProgramContext& context, const SystemCallRow* row) {
  if (std::strcmp(row->name, "exit") == 0 || std::strcmp(row->name, "exit_group") == 0 ||
      std::strcmp(row->name, "rt_sigreturn") == 0)
    print(call_text(context, row) + " = ?\n");
}

void trace_call(const core::ProgramContext& context, const SystemCallRow* row, long result) {
  std::string line = call_text(context, row) + " = ";
  if (result < 0 && result > -4096) {
    const char* const name = result <= -512 ? "restart" : strerrorname_np(static_cast<int>(-result));
    line += "-1 ";
    line += name != nullptr ? name : std::to_string(-result).c_str();
  } else if (result > 0xffff || result < 0) {
    line += hexadecimal(static_cast<std::uint64_t>(result));
  } else {
    line += std::to_string(result);
  }
  print(line + "\n");
}
}  // namespace cloister::syscalls

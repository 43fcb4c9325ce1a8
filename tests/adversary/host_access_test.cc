// SPDX-License-Identifier: Apache-2.0
// How the image touches host memory (rules S-13 to S-15). The types let a handful of functions do so; here the machine
// code of those that copy is read: what they take from host memory or put there moves in whole words of 8 bytes, by no
// string instruction and by no other function.
#include <gtest/gtest.h>
#include <cstdio>
#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace cloister::adversary {
namespace {
std::vector<std::string> listed(const std::string& options) {
  const std::string command = "objdump -d --no-show-raw-insn " + options + " " CLOISTER_RUNTIME_PATH;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::vector<std::string> found;
  char line[512];
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe.get()) != nullptr) {
    const std::string text(line);
    const std::size_t tab = text.find(":\t");
    if (text.front() == ' ' && tab != std::string::npos)
      found.push_back(text.substr(tab + 2, text.find_last_not_of(" \n") - tab - 1));
  }
  return found;
}

std::vector<std::string> instructions_of(const std::string& function) { return listed("--disassemble=" + function); }

std::string address_of(const std::string& symbol) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen("nm " CLOISTER_RUNTIME_PATH, "r"), pclose);
  char line[512];
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe.get()) != nullptr)
    if (std::string(line).ends_with(" " + symbol + "\n")) return "0x" + std::string(line).substr(0, 16);
  return {};
}

const std::string kMemory = "-?(?:0x[0-9a-f]+)?\\(%r(?!sp)[^)]*\\)";  // but for the function's own stack
const std::string kWord = "%r(?:[a-d]x|[sd]i|bp|[89]|1[0-5])";

bool touches_memory(const std::string& text) {
  static const std::regex memory(kMemory), none("^(lea|nop|data16|cs nop)");
  return std::regex_search(text, memory) && !std::regex_search(text, none);
}
bool is_store(const std::string& text) {
  static const std::regex store("," + kMemory + "$");
  return std::regex_search(text, store);
}
bool is_whole_word(const std::string& text) {
  static const std::regex load("mov +" + kMemory + "," + kWord), store("mov +" + kWord + "," + kMemory);
  static const std::regex half_load("mov(?:q|hps) +" + kMemory + ",%xmm[0-3]");  // 8 bytes each
  static const std::regex two_words("movups +%xmm[0-3]," + kMemory);             // S-14 wants a multiple of 8
  return std::regex_match(text, load) || std::regex_match(text, store) || std::regex_match(text, half_load) ||
         std::regex_match(text, two_words);
}
// Elsewhere than to itself and to `other`.
bool leaves(const std::string& text, const std::string& function, const std::string& other) {
  static const std::regex target("^(?:call|j[a-z]+) .*<([^+>]+)");
  std::smatch match;
  if (std::regex_search(text, match, target)) return match[1] != function && match[1] != other;
  return text.rfind("call", 0) == 0 || text.rfind("jmp", 0) == 0;
}

enum class Side { loads, stores };
struct Copy {
  std::string function;
  Side host;          // which of its accesses go to host memory; the others stay inside
  std::string other;  // where it goes on for what is long, and which is here as well
};

TEST(HostAccess, S_15_WholeWordsOnly) {
  for (const Copy& copy : {Copy{"_ZN8cloister4core14copy_from_hostEPvNS0_11HostAddressEm", Side::loads, ""},
                           Copy{"_ZN8cloister4core12copy_to_hostENS0_11HostAddressEPKvm", Side::stores, ""},
                           Copy{"copy_host_to_program", Side::loads, "copy_blocks_from_host"},
                           Copy{"blocks_from_host", Side::loads, "copy_blocks_from_host"},
                           Copy{"copy_program_to_host", Side::stores, "copy_blocks_to_host"},
                           Copy{"blocks_to_host", Side::stores, "copy_blocks_to_host"}}) {
    const auto instructions = instructions_of(copy.function);
    EXPECT_FALSE(instructions.empty()) << copy.function;
    unsigned accesses = 0;
    for (const std::string& text : instructions) {
      EXPECT_FALSE(leaves(text, copy.function, copy.other)) << copy.function << ": " << text;
      EXPECT_FALSE(text.starts_with("rep")) << copy.function << ": " << text;
      if (!touches_memory(text) || is_store(text) != (copy.host == Side::stores)) continue;
      ++accesses;
      EXPECT_TRUE(is_whole_word(text)) << copy.function << ": " << text;
    }
    EXPECT_GT(accesses, 0u) << copy.function;
  }
}

// A fault at any of these instructions goes on elsewhere with the same stack pointer, and the host can make each of
// them fault.
TEST(HostAccess, E_13_NoStackMovesWhereAFaultGoesOn) {
  const std::string begin = address_of("program_access_begin"), end = address_of("program_access_end");
  ASSERT_FALSE(begin.empty() || end.empty());
  const auto instructions = listed("--start-address=" + begin + " --stop-address=" + end);
  EXPECT_GT(instructions.size(), 100u);
  static const std::regex moves("^(?:push|pop|call|enter|leave)|,%rsp$");
  for (const std::string& text : instructions) EXPECT_FALSE(std::regex_search(text, moves)) << text;
}
}  // namespace
}  // namespace cloister::adversary

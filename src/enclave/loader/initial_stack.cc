// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/loader/initial_stack.h"
#include <elf.h>
#include <linux/auxvec.h>
#include <sys/mman.h>
#include <cerrno>
#include <cstring>
#include "src/enclave/core/cpu.h"

namespace cloister::loader {
namespace {
constexpr std::uint64_t kDefaultStackSize = 8 << 20;

// Builds downwards in a trusted buffer, then copies it out in one go.
class StackBuilder {
 public:
  explicit StackBuilder(std::uint64_t top) : top_(top) {}
  std::uint64_t push(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    reversed_.reserve(reversed_.size() + size);
    for (std::size_t i = size; i > 0; --i) reversed_.push_back(bytes[i - 1]);
    return top_ - reversed_.size();
  }
  std::uint64_t push(const std::string& text) { return push(text.c_str(), text.size() + 1); }
  void align(std::size_t alignment) {
    while ((top_ - reversed_.size()) % alignment != 0) reversed_.push_back(0);
  }
  std::size_t size() const { return reversed_.size(); }
  Result<void> copy_out() const {
    const std::vector<std::uint8_t> bytes(reversed_.rbegin(), reversed_.rend());
    return kernel::ProgramAddress{top_ - bytes.size()}.write(bytes.data(), bytes.size());
  }

 private:
  std::uint64_t top_;
  std::vector<std::uint8_t> reversed_;
};
}  // namespace

Result<std::uint64_t> make_initial_stack(kernel::Process& process, const StackContents& contents) {
  kernel::AddressSpace::MapRequest request;
  request.size = kDefaultStackSize;
  request.protection = PROT_READ | PROT_WRITE;
  request.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_GROWSDOWN;  // a gap stays free below it
  request.name = "[stack]";
  const std::uint64_t low = TRY(process.memory->map(request));
  StackBuilder stack(low + kDefaultStackSize - 16 - (core::random_u64() & 0xff0));

  std::vector<std::uint64_t> argument_addresses, environment_addresses;
  const std::uint64_t name = stack.push(contents.executable);
  for (const std::string& text : contents.environment) environment_addresses.push_back(stack.push(text));
  for (const std::string& text : contents.arguments) argument_addresses.push_back(stack.push(text));
  const std::uint64_t platform = stack.push(std::string("x86_64"));
  std::uint64_t random[2];
  core::random_bytes(random, sizeof random);
  stack.align(16);
  const std::uint64_t random_address = stack.push(random, sizeof random);
  if (stack.size() > kDefaultStackSize / 4) return Error::from_errno(E2BIG, "arguments and environment are too long");

  const kernel::Credentials& who = process.credentials;
  // HWCAP2 bit 1 (FSGSBASE) is hidden, so that programs set their FS base by arch_prctl.
  std::vector<std::uint64_t> auxiliary = {AT_HWCAP,       core::cpuid(1, 0).edx,
                                          AT_PAGESZ,      4096,
                                          AT_CLKTCK,      100,
                                          AT_PHDR,        contents.program.program_headers,
                                          AT_PHENT,       sizeof(Elf64_Phdr),
                                          AT_PHNUM,       contents.program.program_header_count,
                                          AT_BASE,        contents.interpreter_base,
                                          AT_FLAGS,       0,
                                          AT_ENTRY,       contents.program.entry,
                                          AT_UID,         who.uid,
                                          AT_EUID,        who.euid,
                                          AT_GID,         who.gid,
                                          AT_EGID,        who.egid,
                                          AT_SECURE,      0,
                                          AT_RANDOM,      random_address,
                                          AT_HWCAP2,      0,
                                          AT_EXECFN,      name,
                                          AT_PLATFORM,    platform,
                                          AT_MINSIGSTKSZ, 12288};
  if (contents.vdso != 0) auxiliary.insert(auxiliary.end(), {AT_SYSINFO_EHDR, contents.vdso});
  auxiliary.insert(auxiliary.end(), {AT_NULL, 0});

  std::vector<std::uint64_t> words{argument_addresses.size()};
  words.insert(words.end(), argument_addresses.begin(), argument_addresses.end());
  words.push_back(0);
  words.insert(words.end(), environment_addresses.begin(), environment_addresses.end());
  words.push_back(0);
  words.insert(words.end(), auxiliary.begin(), auxiliary.end());
  stack.align(16);
  if (words.size() % 2 != 0) {
    const std::uint64_t padding = 0;
    stack.push(&padding, sizeof padding);
  }
  const std::uint64_t pointer = stack.push(words.data(), words.size() * 8);
  TRY(stack.copy_out());
  return pointer;
}
}  // namespace cloister::loader

// SPDX-License-Identifier: Apache-2.0
#include "src/analysis/testing/native_run.h"
#include <elf.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstddef>
#include <cstring>
#include "src/analysis/elf_image.h"

namespace cloister::testing {
namespace {

constexpr std::uint64_t kPage = 4096, kStackSize = 1 << 20;

[[noreturn]] void give_up(const char* what) {
  [[maybe_unused]] const auto written = write(2, what, std::strlen(what));
  _exit(99);
}

std::uint64_t map_at(std::uint64_t address, std::uint64_t size, int protection) {
  void* memory = mmap(reinterpret_cast<void*>(address), size, protection,
                      MAP_PRIVATE | MAP_ANONYMOUS | (address == 0 ? 0 : MAP_FIXED), -1, 0);
  if (memory == MAP_FAILED) give_up("native_run: mmap failed\n");
  return reinterpret_cast<std::uint64_t>(memory);
}

// Not memcpy: a sanitizer's checks it against memory of its own, where the program goes.
void copy_to(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  auto* out = reinterpret_cast<std::uint8_t*>(address);
  const std::uint8_t* in = bytes.data();
  std::size_t count = bytes.size();
  asm volatile("rep movsb" : "+D"(out), "+S"(in), "+c"(count) : : "memory");
}

void load(const NativeProgram& program, const ElfImage& image) {
  for (const ElfSegment& segment : image.segments()) {
    const std::uint64_t start = program.base + segment.address / kPage * kPage;
    const std::uint64_t end = program.base + segment.address + segment.memory_size;
    map_at(start, (end - start + kPage - 1) / kPage * kPage, PROT_READ | PROT_WRITE);
    copy_to(program.base + segment.address, program.elf.subspan(segment.file_offset, segment.file_size));
    if (segment.executable() &&
        mprotect(reinterpret_cast<void*>(start), (end - start + kPage - 1) / kPage * kPage, PROT_READ | PROT_EXEC) != 0)
      give_up("native_run: mprotect failed\n");
  }
  if (program.trampolines.empty()) return;
  const std::uint64_t size = (program.trampolines.size() + kPage - 1) / kPage * kPage;
  map_at(program.trampolines_address, size, PROT_READ | PROT_WRITE);
  copy_to(program.trampolines_address, program.trampolines);
  mprotect(reinterpret_cast<void*>(program.trampolines_address), size, PROT_READ | PROT_EXEC);
}

std::uint64_t make_stack(const NativeProgram& program, const ElfImage& image, std::vector<std::string>& arguments) {
  Elf64_Ehdr header;
  std::memcpy(&header, program.elf.data(), sizeof header);
  std::uint64_t headers = 0;
  for (const ElfSegment& segment : image.segments()) {
    if (header.e_phoff - segment.file_offset < segment.file_size)
      headers = program.base + segment.address + header.e_phoff - segment.file_offset;
  }
  static const std::uint64_t random[2] = {0x0123456789ABCDEF, 0xFEDCBA9876543210};
  std::vector<std::uint64_t> words{arguments.size()};
  for (std::string& argument : arguments) words.push_back(reinterpret_cast<std::uint64_t>(argument.data()));
  words.insert(words.end(), {0, 0});  // end of the arguments, empty environment
  words.insert(words.end(), {AT_PHDR,        headers,
                             AT_PHENT,       header.e_phentsize,
                             AT_PHNUM,       header.e_phnum,
                             AT_PAGESZ,      kPage,
                             AT_ENTRY,       program.base + header.e_entry,
                             AT_UID,         getuid(),
                             AT_EUID,        getuid(),
                             AT_GID,         getgid(),
                             AT_EGID,        getgid(),
                             AT_SECURE,      0,
                             AT_RANDOM,      reinterpret_cast<std::uint64_t>(random),
                             AT_HWCAP,       getauxval(AT_HWCAP),
                             AT_CLKTCK,      100,
                             AT_MINSIGSTKSZ, getauxval(AT_MINSIGSTKSZ),
                             AT_NULL,        0});
  const std::uint64_t stack = map_at(0, kStackSize, PROT_READ | PROT_WRITE);
  const std::uint64_t pointer = (stack + kStackSize - words.size() * 8) / 16 * 16;
  std::memcpy(reinterpret_cast<void*>(pointer), words.data(), words.size() * 8);
  return pointer;
}

void confine(std::uint64_t syscall_return) {
  const auto word = [](std::size_t offset) -> sock_filter {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  };
  constexpr std::size_t kPointer = offsetof(seccomp_data, instruction_pointer);
  sock_filter filter[] = {word(kPointer),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(syscall_return), 0, 3),
                          word(kPointer + 4),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(syscall_return >> 32), 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
  const sock_fprog code{sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &code) != 0)
    give_up("native_run: no seccomp filter\n");
}

[[noreturn]] void become(const NativeProgram& program, const std::vector<std::string>& arguments) {
  auto image = ElfImage::parse(program.elf);
  if (!image.ok()) give_up(image.error().what());
  static std::vector<std::string> kept = arguments;
  load(program, image.value());
  const std::uint64_t stack = make_stack(program, image.value(), kept);
  const std::uint64_t entry = program.base + image.value().entry();
  confine(program.syscall_return);
  // RDX zero: there is nothing to be called at exit.
  asm volatile("mov %0, %%rsp\n xor %%edx, %%edx\n xor %%ebp, %%ebp\n jmp *%1" : : "c"(stack), "a"(entry) : "memory");
  __builtin_unreachable();
}

}  // namespace

bool cpu_has_fsgsbase() { return (getauxval(AT_HWCAP2) & 2) != 0; }

NativeRun run_native(const NativeProgram& program, const std::vector<std::string>& arguments) {
  NativeRun run;
  int ends[2];
  if (pipe(ends) != 0) return run;
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    alarm(60);
    become(program, arguments);
  }
  close(ends[1]);
  char buffer[4096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;)
    run.output.append(buffer, static_cast<std::size_t>(count));
  close(ends[0]);
  waitpid(child, &run.wait_status, 0);
  return run;
}

}  // namespace cloister::testing

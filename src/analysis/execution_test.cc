// SPDX-License-Identifier: Apache-2.0
// Rewritten programs run as before: a static one, and this process's own C library under its feet.
#include <gtest/gtest.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmath>
#include <stdexcept>
#include <thread>
#include "src/analysis/analyse.h"
#include "src/files/file_bytes.h"
#include "src/analysis/testing/native_run.h"
#include "src/plan/apply.h"

extern "C" {
void execution_test_dead_entry();
std::uint64_t execution_test_dead_calls;
}
// A runtime that takes "vectors dead" at its word: whatever lives in a vector register is destroyed.
asm(R"(
.text
execution_test_dead_entry:
  wrgsbase %rcx
  syscall
  rdgsbase %rcx
  lock incq execution_test_dead_calls(%rip)
  pcmpeqd %xmm0, %xmm0
  movdqa %xmm0, %xmm1
  movdqa %xmm0, %xmm2
  movdqa %xmm0, %xmm3
  movdqa %xmm0, %xmm4
  movdqa %xmm0, %xmm5
  movdqa %xmm0, %xmm6
  movdqa %xmm0, %xmm7
  movdqa %xmm0, %xmm8
  movdqa %xmm0, %xmm9
  movdqa %xmm0, %xmm10
  movdqa %xmm0, %xmm11
  movdqa %xmm0, %xmm12
  movdqa %xmm0, %xmm13
  movdqa %xmm0, %xmm14
  movdqa %xmm0, %xmm15
  jmp *%rcx
)");

namespace cloister {
namespace {

EntryPoints stub_entry_points() {
  const auto address = [](void (*f)()) { return reinterpret_cast<std::uint64_t>(f); };
  return {address(runtime_syscall_entry), address(execution_test_dead_entry), address(runtime_cpuid_entry),
          address(runtime_rdtsc_entry), address(runtime_rdtscp_entry)};
}

TEST(Execution, StaticBusyboxRunsRewritten) {
  auto file = read_file("/bin/busybox");
  if (!file.ok()) GTEST_SKIP() << "no /bin/busybox";
  if (!testing::cpu_has_fsgsbase()) GTEST_SKIP() << "the test's entry points need FSGSBASE";
  std::vector<std::uint8_t> elf = std::move(file).take();
  const ElfImage image = ElfImage::parse(elf).take();
  if (image.position_independent() || image.dynamic_value(DT_NEEDED)) GTEST_SKIP() << "busybox is not static";
  auto encoded = encode_plan(analyse(elf).take());
  const PlanView plan = PlanView::parse(encoded).take();
  std::vector<std::uint8_t> trampolines(1 << 20);
  const std::uint64_t trampolines_address = 0x10000000;
  std::vector<std::uint8_t> rewritten = elf;
  for (const ElfSegment& segment : image.segments()) {
    if (!segment.executable()) continue;
    const auto text = std::span(rewritten).subspan(segment.file_offset, segment.file_size);
    const auto output =
        apply_plan({plan, 0, text, segment.address, trampolines, trampolines_address, stub_entry_points()});
    ASSERT_TRUE(output.ok()) << output.error().what();
    EXPECT_EQ(output.value().sites_applied, plan.site_count());
  }
  testing::NativeProgram program{};
  program.elf = rewritten;
  program.base = 0;
  program.trampolines = trampolines;
  program.trampolines_address = trampolines_address;
  program.syscall_return = reinterpret_cast<std::uint64_t>(runtime_syscall_entry_return);
  const auto output_of = [&](const std::vector<std::string>& arguments) {
    const auto run = run_native(program, arguments);
    EXPECT_EQ(run.wait_status, 0);
    return run.output;
  };
  EXPECT_EQ(output_of({"busybox", "echo", "hello"}), "hello\n");
  EXPECT_EQ(output_of({"busybox", "cat", "/proc/sys/kernel/ostype"}), "Linux\n");
  EXPECT_EQ(output_of({"busybox", "sh", "-c", "i=0; while [ $i -lt 100 ]; do i=$((i+1)); done; echo $i"}), "100\n");
  EXPECT_NE(output_of({"busybox", "ls", "-l", "/bin/busybox"}).find("/bin/busybox"), std::string::npos);
}

// Rewrites a loaded library in place. Runs in a child that has one thread.
bool rewrite_loaded(const dl_phdr_info& info, const std::string& path) {
  auto file = read_file(path);
  if (!file.ok()) return false;
  auto plan = analyse(file.value());
  if (!plan.ok()) return false;
  static std::vector<std::vector<std::uint8_t>> kept;
  kept.push_back(encode_plan(plan.value()));
  const PlanView view = PlanView::parse(kept.back()).take();
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const Elf64_Phdr& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    const std::uint64_t address = info.dlpi_addr + segment.p_vaddr;
    const std::uint64_t size = trampoline_size(view, {info.dlpi_addr, address, segment.p_filesz});
    // Somewhere near, below: the kernel takes the hint when the place is free.
    void* area = mmap(reinterpret_cast<void*>((address - (64 << 20)) & ~std::uint64_t{4095}), size,
                      PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const std::uint64_t start = address & ~std::uint64_t{4095};
    if (area == MAP_FAILED || mprotect(reinterpret_cast<void*>(start), address + segment.p_filesz - start,
                                       PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
      return false;
    const auto output = apply_plan({view,
                                    info.dlpi_addr,
                                    {reinterpret_cast<std::uint8_t*>(address), segment.p_filesz},
                                    address,
                                    {static_cast<std::uint8_t*>(area), size},
                                    reinterpret_cast<std::uint64_t>(area),
                                    stub_entry_points()});
    if (!output.ok() || output.value().sites_applied != view.site_count()) return false;
  }
  return true;
}

int rewrite_c_library(dl_phdr_info* info, std::size_t, void* done) {
  const std::string path = info->dlpi_name;
  if (path.find("libc.so.6") == std::string::npos && path.find("ld-linux") == std::string::npos) return 0;
  *static_cast<int*>(done) += rewrite_loaded(*info, path);
  return 0;
}

double workload() {
  double sum = 0;
  std::vector<std::thread> threads;
  std::vector<double> parts(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&parts, i] {
      double x = i + 1;
      for (int round = 0; round < 200; ++round) {
        x = std::sqrt(x * x + round);
        if (round % 20 == 0) usleep(10);
        char text[64];
        std::snprintf(text, sizeof text, "%.6f", x);
        x += std::strtod(text, nullptr) - x;
        int ends[2];
        if (pipe(ends) != 0 || write(ends[1], text, 8) != 8 || read(ends[0], text, 8) != 8) throw std::bad_alloc();
        close(ends[0]);
        close(ends[1]);
        try {
          if (round % 50 == 0) throw std::runtime_error(text);
        } catch (const std::runtime_error&) {
          x += 1;
        }
      }
      parts[static_cast<std::size_t>(i)] = x;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (double part : parts) sum += part;
  return sum;
}

TEST(Execution, OwnCLibraryRunsRewritten) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer's runtime keeps its own view of the C library's code";
#endif
  if (!testing::cpu_has_fsgsbase()) GTEST_SKIP() << "the test's entry points need FSGSBASE";
  const double expected = workload();
  const pid_t child = fork();
  if (child == 0) {
    alarm(120);
    int done = 0;
    dl_iterate_phdr(rewrite_c_library, &done);
    if (done != 2) _exit(1);
    const double sum = workload();
    if (execution_test_dead_calls < 1000) _exit(2);
    _exit(sum == expected ? 0 : 3);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "exit code " << WEXITSTATUS(status);
}

}  // namespace
}  // namespace cloister

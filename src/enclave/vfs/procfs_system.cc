// SPDX-License-Identifier: Apache-2.0
// The files of /proc that are about the machine: what this enclave has of one.
#include <sys/resource.h>
#include <cstring>
#include <algorithm>
#include "abi/enclave_layout.h"
#include "src/enclave/core/clock.h"
#include "src/enclave/core/cpu.h"
#include "src/enclave/core/pages.h"
#include "src/enclave/kernel/cpu_time.h"
#include "src/enclave/kernel/scheduling.h"
#include "src/enclave/kernel/version.h"
#include "src/enclave/kernel/task.h"
#include "src/enclave/vfs/procfs.h"
#include "src/enclave/vfs/static_tree.h"

namespace cloister::vfs {
namespace {
constexpr std::uint64_t kSecond = 1'000'000'000;

std::string uuid() {
  std::uint8_t b[16];
  core::random_bytes(b, sizeof b);
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  return format("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n", b[0], b[1], b[2], b[3], b[4],
                b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

// The limit of the enclave's dynamic memory is its physical memory.
Result<std::string> meminfo(Task& task) {
  const std::uint64_t total = task.process.memory->memory_size() / 1024;
  const std::uint64_t used = core::committed_pages() * (layout::kPageSize / 1024);
  const std::uint64_t available = used < total ? total - used : 0;
  std::string text;
  const auto line = [&](const char* name, std::uint64_t kilobytes) {
    text += format("%-15s %8llu kB\n", name, static_cast<unsigned long long>(kilobytes));
  };
  line("MemTotal:", total);
  line("MemFree:", available);
  line("MemAvailable:", available);
  for (const char* name : {"Buffers:", "Cached:", "SwapCached:", "Active:", "Inactive:", "SwapTotal:", "SwapFree:",
                           "Dirty:", "Writeback:"})
    line(name, 0);
  line("AnonPages:", used);
  for (const char* name : {"Mapped:", "Shmem:", "Slab:", "AnonHugePages:"}) line(name, 0);
  line("CommitLimit:", total);
  line("Committed_AS:", used);
  text += "HugePages_Total:       0\nHugePages_Free:        0\n";
  line("Hugepagesize:", 2048);
  return text;
}

std::string brand() {
  if (core::cpuid(0x8000'0000, 0).eax < 0x8000'0004) return "unknown";
  char text[49] = {};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const core::CpuidAnswer part = core::cpuid(0x8000'0002 + i, 0);
    std::memcpy(text + 16 * i, &part, 16);
  }
  return std::string(text, strnlen(text, sizeof text));
}

struct Flag {
  std::uint32_t leaf;
  char where;
  std::uint8_t bit;
  const char* name;
};
constexpr Flag kFlags[] = {
    {1, 'd', 0, "fpu"},       {1, 'd', 4, "tsc"},       {1, 'd', 8, "cx8"},         {1, 'd', 15, "cmov"},
    {1, 'd', 23, "mmx"},      {1, 'd', 24, "fxsr"},     {1, 'd', 25, "sse"},        {1, 'd', 26, "sse2"},
    {1, 'c', 0, "pni"},       {1, 'c', 1, "pclmulqdq"}, {1, 'c', 9, "ssse3"},       {1, 'c', 12, "fma"},
    {1, 'c', 13, "cx16"},     {1, 'c', 19, "sse4_1"},   {1, 'c', 20, "sse4_2"},     {1, 'c', 22, "movbe"},
    {1, 'c', 23, "popcnt"},   {1, 'c', 25, "aes"},      {1, 'c', 26, "xsave"},      {1, 'c', 28, "avx"},
    {1, 'c', 29, "f16c"},     {1, 'c', 30, "rdrand"},   {7, 'b', 0, "fsgsbase"},    {7, 'b', 3, "bmi1"},
    {7, 'b', 5, "avx2"},      {7, 'b', 8, "bmi2"},      {7, 'b', 9, "erms"},        {7, 'b', 16, "avx512f"},
    {7, 'b', 18, "rdseed"},   {7, 'b', 19, "adx"},      {7, 'b', 29, "sha_ni"},     {7, 'b', 30, "avx512bw"},
    {7, 'b', 31, "avx512vl"}, {7, 'c', 9, "vaes"},      {7, 'c', 10, "vpclmulqdq"},
};

std::string flags() {
  std::string text;
  for (const Flag& flag : kFlags) {
    const core::CpuidAnswer answer = core::cpuid(flag.leaf, 0);
    const std::uint32_t word = flag.where == 'b' ? answer.ebx : flag.where == 'c' ? answer.ecx : answer.edx;
    if ((word >> flag.bit & 1) == 0) continue;
    if (!text.empty()) text.push_back(' ');
    text.append(flag.name);
  }
  return text;
}

Result<std::string> cpuinfo(Task&) {
  const core::CpuidAnswer vendor = core::cpuid(0, 0), version = core::cpuid(1, 0);
  char name[13] = {};
  std::memcpy(name, &vendor.ebx, 4);
  std::memcpy(name + 4, &vendor.edx, 4);
  std::memcpy(name + 8, &vendor.ecx, 4);
  std::uint32_t family = version.eax >> 8 & 15, model = version.eax >> 4 & 15;
  if (family == 15 || family == 6) model |= version.eax >> 12 & 0xf0;
  if (family == 15) family += version.eax >> 20 & 255;
  const std::uint32_t count = kernel::cpu_count();
  const std::string features = flags(), model_name = brand();
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    text +=
        format("processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\nstepping\t: %u\n",
               i, name, family, model, model_name.c_str(), version.eax & 15);
    text += format("physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\nfpu\t\t: yes\n",
                   count, i, count, i);
    text += "flags\t\t: " + features +
            "\nclflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: 40 bits physical, 48 bits virtual\n\n";
  }
  return text;
}

// One process: its time is the machine's, the rest is idle.
Result<std::string> machine_stat(Task& task) {
  const std::uint64_t busy = kernel::process_cpu_time(task.process) / kTick;
  const std::uint32_t count = kernel::cpu_count();
  const std::uint64_t all = core::boottime_now() / kTick * count, idle = all > busy ? all - busy : 0;
  std::string text = format("cpu  %llu 0 0 %llu 0 0 0 0 0 0\n", static_cast<unsigned long long>(busy),
                            static_cast<unsigned long long>(idle));
  for (std::uint32_t i = 0; i < count; ++i)
    text += format("cpu%u %llu 0 0 %llu 0 0 0 0 0 0\n", i, static_cast<unsigned long long>(busy / count),
                   static_cast<unsigned long long>(idle / count));
  const std::uint64_t boot = (core::realtime_now() - core::boottime_now()) / kSecond;
  text += format("intr 0\nctxt 0\nbtime %llu\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n",
                 static_cast<unsigned long long>(boot));
  return text;
}

Result<std::string> uptime(Task& task) {
  const std::uint64_t up = core::boottime_now(), busy = kernel::process_cpu_time(task.process);
  const std::uint64_t all = up * kernel::cpu_count(), idle = all > busy ? all - busy : 0;
  return format("%llu.%02llu %llu.%02llu\n", static_cast<unsigned long long>(up / kSecond),
                static_cast<unsigned long long>(up % kSecond / kTick), static_cast<unsigned long long>(idle / kSecond),
                static_cast<unsigned long long>(idle % kSecond / kTick));
}

Result<std::string> loadavg(Task& task) {
  const std::lock_guard guard(task.process.mutex);
  return format("0.00 0.00 0.00 1/%zu %u\n", task.process.tasks.size(), task.process.pid);
}

TextNode::Read constant(std::string text) {
  return [text = std::move(text)](Task&) -> Result<std::string> { return text; };
}

void add(StaticDirectory& directory, const char* name, TextNode::Read read) {
  static std::uint64_t last = 0;  // only while the tree is built
  directory.add(name,
                std::make_shared<TextNode>(kProcfs, proc_inode(0, 1, ++last), TextNode::Attributes{}, std::move(read)));
}

std::shared_ptr<StaticDirectory> add_directory(StaticDirectory& directory, const char* name) {
  auto made = std::make_shared<StaticDirectory>(kProcfs, HostBacked::no);
  directory.add(name, made);
  return made;
}
}  // namespace

void add_system_files(StaticDirectory& root) {
  add(root, "meminfo", meminfo);
  add(root, "cpuinfo", cpuinfo);
  add(root, "stat", machine_stat);
  add(root, "uptime", uptime);
  add(root, "loadavg", loadavg);
  add(root, "version", [](Task&) -> Result<std::string> {
    return format("%s version %s (cloister) %s\n", kernel::kSystemName, kernel::kRelease, kernel::kVersion);
  });
  add(root, "filesystems", constant("nodev\tproc\nnodev\tsysfs\nnodev\ttmpfs\nnodev\tdevtmpfs\n"));
  add(root, "cmdline", constant("\n"));
  const auto sys = add_directory(root, "sys");
  const auto kernel_files = add_directory(*sys, "kernel");
  add(*kernel_files, "osrelease", constant(std::string(kernel::kRelease) + "\n"));
  add(*kernel_files, "ostype", constant(std::string(kernel::kSystemName) + "\n"));
  add(*kernel_files, "version", constant(std::string(kernel::kVersion) + "\n"));
  add(*kernel_files, "domainname", constant(std::string(kernel::kDomainName) + "\n"));
  add(*kernel_files, "tainted", constant("0\n"));
  add(*kernel_files, "hostname", constant(std::string(kernel::kNodeName) + "\n"));
  add(*kernel_files, "pid_max", constant("4194304\n"));
  add(*kernel_files, "ngroups_max", constant("65536\n"));
  add(*kernel_files, "cap_last_cap", constant("40\n"));
  add(*kernel_files, "threads-max", constant("32768\n"));
  add(*kernel_files, "randomize_va_space", constant("2\n"));
  add(*kernel_files, "core_pattern", constant("core\n"));
  const auto random = add_directory(*kernel_files, "random");
  add(*random, "boot_id", constant(uuid()));
  add(*random, "uuid", [](Task&) -> Result<std::string> { return uuid(); });
  add(*random, "entropy_avail", constant("256\n"));
  add(*random, "poolsize", constant("256\n"));
  const auto vm = add_directory(*sys, "vm");
  add(*vm, "overcommit_memory", constant("1\n"));
  add(*vm, "max_map_count", constant("1048576\n"));
  add(*vm, "mmap_min_addr", constant("65536\n"));
  add(*vm, "swappiness", constant("0\n"));
  const auto net_core = add_directory(*add_directory(*sys, "net"), "core");
  add(*net_core, "somaxconn", constant("4096\n"));
  const auto fs = add_directory(*sys, "fs");
  add(*fs, "file-max", constant("1048576\n"));
  add(*fs, "nr_open", constant("1048576\n"));
  add(*fs, "pipe-max-size", constant("1048576\n"));
  add(*fs, "lease-break-time", constant("45\n"));
}
}  // namespace cloister::vfs

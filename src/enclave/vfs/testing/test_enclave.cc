// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/vfs/testing/test_enclave.h"
#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include "src/boundary/testing/serve_request.h"
#include "src/enclave/core/host_call.h"

namespace cloister::testing {
namespace {
Falsify falsify_answer;
unsigned calls = 0;
std::string messages;
std::mutex print_mutex;

struct ThreadBlock {
  alignas(64) core::Thread thread{};
  alignas(4096) std::uint8_t host[kHostBlockSize];
};
}  // namespace

void set_falsify(Falsify falsify) { falsify_answer = std::move(falsify); }
unsigned host_call_count() { return calls; }
std::string& printed() { return messages; }

struct TestEnclave::Memory {
  static constexpr std::size_t kSize = 64 << 20;
  static constexpr std::uint64_t kBase = 0x1000'0000;  // below what the address sanitizer keeps for itself
  std::size_t used = 0;
  Memory() {
    void* const at = mmap(reinterpret_cast<void*>(kBase), kSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    if (at != reinterpret_cast<void*>(kBase)) std::abort();
  }
  ~Memory() { munmap(reinterpret_cast<void*>(kBase), kSize); }
};

void enter_thread(kernel::Task& task) {
  static thread_local std::unique_ptr<ThreadBlock> block;
  block = std::make_unique<ThreadBlock>();
  block->thread.self = &block->thread;
  block->thread.host_block = core::HostAddress(reinterpret_cast<std::uint64_t>(block->host));
  if (syscall(SYS_arch_prctl, ARCH_SET_GS, &block->thread) != 0) std::abort();
  task.attach(&block->thread);
}

TestEnclave::TestEnclave(LaunchManifest manifest) : memory_(std::make_unique<Memory>()) {
  if (manifest.heap_size == 0) manifest.heap_size = 1 << 30;
  auto shared = std::make_shared<const LaunchManifest>(std::move(manifest));
  process_ = std::make_unique<kernel::Process>(4711, shared);
  process_->memory = std::make_shared<kernel::AddressSpace>();
  task_ = std::make_unique<kernel::Task>(*process_, 4711);
  enter_thread(*task_);
  process_->files = std::make_shared<vfs::Namespace>(shared);
  falsify_answer = nullptr;
  messages.clear();
}

TestEnclave::~TestEnclave() {
  falsify_answer = nullptr;
  process_->descriptors.close_all();
  process_->files.reset();
  task_.reset();
}

kernel::ProgramAddress TestEnclave::allocate(std::size_t size) {
  const std::uint64_t address = Memory::kBase + memory_->used;
  memory_->used += (size + 15) / 16 * 16;
  if (memory_->used > Memory::kSize) std::abort();
  return {address};
}

kernel::ProgramAddress TestEnclave::text(const std::string& text) {
  const kernel::ProgramAddress address = allocate(text.size() + 1);
  std::memcpy(pointer(address), text.c_str(), text.size() + 1);
  return address;
}

HostDirectoryForTest::HostDirectoryForTest() {
  char name[] = "/var/tmp/cloister-vfs-XXXXXX";
  if (mkdtemp(name) == nullptr) std::abort();
  path_ = name;
}
HostDirectoryForTest::~HostDirectoryForTest() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}
std::string HostDirectoryForTest::write(const std::string& name, const std::string& contents) const {
  std::ofstream(path_ + "/" + name, std::ios::binary) << contents;
  return path_ + "/" + name;
}

MeasuredFile measure(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream bytes;
  bytes << stream.rdbuf();
  const std::string text = bytes.str();
  MeasuredFile file;
  file.path = path;
  file.size = text.size();
  file.mode = 0644;
  for (std::size_t at = 0; at < text.size(); at += kFileChunkSize) {
    ChunkHash hash;
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, text.data() + at, std::min<std::size_t>(kFileChunkSize, text.size() - at));
    SHA256_Final(hash.data(), &context);
    file.chunks.push_back(hash);
  }
  return file;
}
}  // namespace cloister::testing

// The host: makes the call that the block asks for.
extern "C" void host_call_transfer() {
  using namespace cloister;
  auto* const block = reinterpret_cast<HostBlock*>(core::current_thread()->host_block.word());
  const std::uint64_t number = block->number & ~kHostCallFlags;
  std::uint64_t* const a = block->args;
  const auto* const bounce = reinterpret_cast<const char*>(block) + kHostBlockBounceOffset;
  if (number >= kFirstHostService) {
    ++testing::calls;
    switch (static_cast<HostService>(number)) {
      case HostService::report_lie:
      case HostService::fail: std::fwrite(bounce, 1, a[1], stderr); std::_Exit(static_cast<int>(a[0]));
      case HostService::print: {
        const std::lock_guard guard(testing::print_mutex);
        testing::messages.append(bounce, a[0]);
        block->result = 0;
        return;
      }
      case HostService::start_ticks: block->result = static_cast<std::uint64_t>(-EAGAIN); return;
      default: std::abort();
    }
  }
  const auto answer_of = [](std::uint64_t call, std::uint64_t* arguments) {
    ++testing::calls;
    const long result = syscall(static_cast<long>(call), arguments[0], arguments[1], arguments[2], arguments[3],
                                arguments[4], arguments[5]);
    testing::HostAnswer answer{call, arguments, result < 0 ? -errno : result};
    if (testing::falsify_answer) testing::falsify_answer(answer);
    return answer.result;
  };
  testing::serve_request(*block, answer_of);
}

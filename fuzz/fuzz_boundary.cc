// SPDX-License-Identifier: Apache-2.0
// Answers of the host, over sequences of system calls, on the enclave's own code: the core's judging of answers, files,
// directories, sockets, readiness. Whatever the host says, a call gives what Linux could have given, or the enclave
// stops; nothing is written where nobody asked for it, measured bytes are true, and an honest host is never called a
// liar.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include "fuzz/boundary/host_model.h"
#include "fuzz/boundary/program.h"
#include "fuzz/boundary/program_memory.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/write_behind.h"
#include "src/enclave/vfs/namespace.h"

using namespace cloister;

extern "C" {
int LLVMFuzzerInitialize(int*, char***);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
const char* __asan_default_options();
}

namespace {
std::jmp_buf stopped_in_a_destructor;

std::shared_ptr<const LaunchManifest> make_manifest() {
  auto manifest = std::make_shared<LaunchManifest>();
  manifest->heap_size = 1 << 30;
  manifest->insecure_host_paths = {"/h"};
  MeasuredFile file;
  file.path = "/measured";
  file.size = fuzz::kMeasuredSize;
  file.mode = 0644;
  const std::string bytes(fuzz::kMeasuredSize, fuzz::kMeasuredByte);
  for (std::size_t at = 0; at < bytes.size(); at += kFileChunkSize) {
    ChunkHash hash;
    SHA256(reinterpret_cast<const std::uint8_t*>(bytes.data()) + at,
           std::min<std::size_t>(kFileChunkSize, bytes.size() - at), hash.data());
    file.chunks.push_back(hash);
  }
  manifest->files = {file};
  return manifest;
}

// The one enclave thread. Its host block lies between pages that nobody can touch.
core::Thread* make_thread() {
  constexpr std::size_t kPage = 4096, kSize = (kHostBlockSize + kPage - 1) / kPage * kPage;
  auto* const pages =
      static_cast<std::uint8_t*>(mmap(nullptr, kSize + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(pages + kPage, kSize, PROT_READ | PROT_WRITE);
  auto* const thread = new core::Thread{};
  thread->self = thread;
  thread->host_block = core::HostAddress(reinterpret_cast<std::uint64_t>(pages + kPage));
  constexpr int kSetGs = 0x1001;
  if (syscall(SYS_arch_prctl, kSetGs, thread) != 0) std::abort();
  return thread;
}

// One process with one task. The tree of names takes longest to make and stays; nothing in it changes but /tmp.
struct Enclave {
  explicit Enclave(core::Thread* thread) {
    static const std::shared_ptr<const LaunchManifest> manifest = make_manifest();
    static const auto names = std::make_shared<vfs::Namespace>(manifest);
    process = std::make_unique<kernel::Process>(4711, manifest);
    process->memory = std::make_shared<kernel::AddressSpace>();
    task = std::make_unique<kernel::Task>(*process, 4711);
    task->attach(thread);
    process->files = names;
    process->working_directory = "/h";
  }
  ~Enclave() {
    fuzz::calm_host();
    core::release_file(task.get());
    process->descriptors.close_all();
    task.reset();
  }
  std::unique_ptr<kernel::Process> process;
  std::unique_ptr<kernel::Task> task;
};

// An enclave that has stopped never settles what it had sent.
void forget_sends(Enclave& enclave) {
  core::SendQueue& sends = enclave.task->sends;
  for (core::WriteBehind* socket : sends.sockets)
    if (socket != nullptr) socket->queued_by = nullptr;
  enclave.task->thread->queued_sends = sends.area_used = 0;
}

// Whether the program came to its end.
bool run(Enclave& enclave, fuzz::Choices& choices) {
  if (setjmp(stopped_in_a_destructor) != 0) {
    forget_sends(enclave);
    return false;
  }
  try {
    fuzz::run_program(*enclave.task, choices);
    return true;
  } catch (const fuzz::Stopped&) {
    forget_sends(enclave);
    return false;
  }
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s; the enclave's last words: %s\n", what, fuzz::last_words().c_str());
  std::abort();
}
}  // namespace

// What is on the way when the enclave stops for good is never freed.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

// What the enclave asks only once must not depend on which input comes first.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const std::uint8_t open_and_close[] = {0, 0, 0};
  LLVMFuzzerTestOneInput(open_and_close, sizeof open_and_close);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static core::Thread* const thread = make_thread();
  // A stop inside of a destructor cannot be thrown through it.
  std::set_terminate([] { std::longjmp(stopped_in_a_destructor, 1); });
  fuzz::Choices choices(data, size);
  thread->ticks = core::Ticks::unasked;  // as for the first input
  fuzz::forget_program_memory();
  fuzz::begin_host(&choices);
  bool ended;
  {
    Enclave enclave(thread);
    ended = run(enclave, choices);
  }
  require(!fuzz::broke_inside(), "a check of our own failed");
  require(ended || fuzz::last_words().starts_with("cloister: host lied in "), "a stop without a reason");
  require(ended || fuzz::lies_told() > 0, "an honest host was called a liar");
  require(!ended || fuzz::lies_told() > 0 || fuzz::open_host_descriptors().empty(), "a host descriptor was left open");
  for (const std::uint64_t descriptor : fuzz::given_host_descriptors()) core::forget_host_descriptor(descriptor);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Answers of the host, over sequences of system calls, on the enclave's own code: the core's judging of answers, files,
// directories, sockets, readiness. Whatever the host says, a call gives what Linux could have given, or the enclave
// stops; nothing is written where nobody asked for it, measured bytes are true, and an honest host is never called a
// liar.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include "fuzz/boundary/enclave_thread.h"
#include "fuzz/boundary/host_model.h"
#include "fuzz/boundary/program.h"
#include "fuzz/boundary/program_memory.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/core/prefetch.h"
#include "src/enclave/vfs/chunk_cache.h"
#include "src/enclave/vfs/host_calls.h"
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

// One process. The tree of names takes longest to make and stays; nothing in it changes but /tmp.
struct Enclave {
  explicit Enclave(core::Thread* thread) {
    static const std::shared_ptr<const LaunchManifest> manifest = make_manifest();
    static const auto names = std::make_shared<vfs::Namespace>(manifest);
    process = std::make_unique<kernel::Process>(4711, manifest);
    vfs::set_chunk_cache_limit(kFileChunkSize + 1024);
    process->memory = std::make_shared<kernel::AddressSpace>();
    task = std::make_unique<kernel::Task>(*process, 4711);
    task->attach(thread);
    process->files = names;
    process->working_directory = "/h";
    second = std::make_unique<fuzz::SecondThread>(*process);
  }
  ~Enclave() {
    fuzz::calm_host();
    second->end();
    core::leave_prefetched(task.get());
    core::release_file(task.get());
    process->descriptors.close_all();
    vfs::finish_late_close();
    task.reset();
  }
  std::unique_ptr<kernel::Process> process;
  std::unique_ptr<kernel::Task> task;
  std::unique_ptr<fuzz::SecondThread> second;
};

void forget_requests(Enclave& enclave) {
  fuzz::become(enclave.task->thread);
  enclave.second->forget();
  fuzz::forget_requests(*enclave.task);
}

// Whether the program came to its end.
bool run(Enclave& enclave, fuzz::Choices& choices) {
  if (setjmp(stopped_in_a_destructor) != 0) {
    forget_requests(enclave);
    return false;
  }
  try {
    fuzz::run_program(*enclave.task, *enclave.second, choices);
    return true;
  } catch (const fuzz::Stopped&) {
    forget_requests(enclave);
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
  static core::Thread* const thread = fuzz::make_thread();
  fuzz::become(thread);
  // A stop inside of a destructor cannot be thrown through it.
  std::set_terminate([] { std::longjmp(stopped_in_a_destructor, 1); });
  fuzz::Choices choices(data, size);
  fuzz::reset_thread(*thread);
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

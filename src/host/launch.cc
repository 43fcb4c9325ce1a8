// SPDX-License-Identifier: Apache-2.0
#include "src/host/launch.h"
#include <malloc.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include "abi/enclave_layout.h"
#include "src/base/hex.h"
#include "src/boundary/host_block.h"
#include "src/files/file_bytes.h"
#include "src/files/file_view.h"
#include "src/host/enclave_builder.h"
#include "src/host/host_service.h"
#include "src/host/seccomp_filter.h"
#include "src/host/start_area.h"
#include "src/sgx/signing_key.h"
#include "src/sgx/sigstruct.h"

namespace cloister::host {
namespace {
constexpr std::uint64_t kXfrmPkru = 1 << 9;

sgx::Secs make_secs(bool debug) {
  sgx::Secs secs{};
  secs.size = layout::kElrangeSize;
  secs.ssaframesize = layout::kSsaFramePages;
  secs.miscselect = sgx::kMiscselectExinfo;
  secs.attributes.flags = sgx::kAttributeMode64Bit | sgx::kAttributeKss | (debug ? sgx::kAttributeDebug : 0);
  std::uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  // Protection keys are not served, and their register is no vector register that a system call may lose.
  secs.attributes.xfrm = (static_cast<std::uint64_t>(high) << 32 | low) & ~kXfrmPkru;
  return secs;
}

// What the development signature fixes: KSS and 64-bit mode are demanded, DEBUG is as asked, XFRM's optional bits are
// free.
sgx::Sigstruct make_sigstruct(const sgx::Secs& secs, const sgx::Digest& mrenclave) {
  sgx::Sigstruct sigstruct = sgx::blank_sigstruct();
  sigstruct.date = 0x20260101;
  sigstruct.miscselect = secs.miscselect;
  sigstruct.miscmask = ~0u;
  sigstruct.attributes = {secs.attributes.flags, sgx::kXfrmLegacy};
  sigstruct.attributemask = {~std::uint64_t{0}, sgx::kXfrmLegacy};
  std::memcpy(sigstruct.enclavehash, mrenclave.data(), mrenclave.size());
  return sigstruct;
}

Result<sgx::SigningKey> development_key(const std::string& path) {
  std::ifstream input(path, std::ios::binary);
  if (input)
    return sgx::SigningKey::from_pem(
        std::string((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>()));
  const auto pem = TRY(sgx::generate_signing_key());
  // Without a place to keep it there is another key the next time.
  (void)write_file_atomically(path, {reinterpret_cast<const std::uint8_t*>(pem.data()), pem.size()}, 0600).ok();
  return sgx::SigningKey::from_pem(pem);
}

// A SIGSTRUCT may be cached, since EINIT verifies it against what was measured just now.
Result<sgx::Sigstruct> signed_for(const LaunchOptions& options, const sgx::Secs& secs, const sgx::Digest& mrenclave) {
  const std::string directory = options.cache_directory + "/sigstructs";
  mkdir(directory.c_str(), 0700);
  const std::string path =
      directory + "/" + to_hex(mrenclave) + (secs.attributes.flags & sgx::kAttributeDebug ? ".debug" : "");
  sgx::Sigstruct wanted = make_sigstruct(secs, mrenclave);
  if (const auto cached = FileView::open(path); cached.ok())
    if (auto parsed = sgx::parse_sigstruct(cached.value().bytes());
        parsed.ok() && sgx::signed_bytes(parsed.value()) == sgx::signed_bytes(wanted))
      return parsed.value();
  const auto key = TRY(development_key(options.signing_key_path));
  TRY(key.sign(wanted));
  (void)write_file_atomically(path, sgx::bytes_of(wanted), 0600).ok();  // only a cache
  return wanted;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

StartInput start_input(const LaunchOptions& options) {
  StartInput input;
  input.arguments = options.arguments;
  input.environment = options.environment;
  char directory[PATH_MAX];
  input.working_directory = getcwd(directory, sizeof directory) != nullptr ? directory : "/";
  input.flags = (options.trace ? std::uint64_t{kHostTrace} : 0) |
                (options.statistics ? std::uint64_t{kHostStatistics} : 0) | options.closed_streams;
  // The mask is the program's and applied inside; one of the host's would be applied on top of it.
  input.flags |= static_cast<std::uint64_t>(umask(0)) << kHostFileModeMaskShift;
  return input;
}

Result<std::unique_ptr<Device>> open_device(const LaunchOptions& options) {
  if (options.device == "sgx")
    return Error(Errc::unsupported, "the hardware device is not served yet; use --device sim");
  const char* const leaves = std::getenv("CLOISTER_SIM_LEAVES");
  const bool trap = leaves != nullptr && std::strcmp(leaves, "trap") == 0;
  return open_sim_device({options.memory, trap ? LeafMode::trapped : LeafMode::patched, ""});
}
}  // namespace

Result<sgx::Digest> measure_enclave(const std::string& image_path, const LaunchManifest& manifest) {
  const auto image = TRY(FileView::open(image_path));
  sgx::Measurement measurement(layout::kSsaFramePages, layout::kElrangeSize);
  TRY(for_each_page(image.bytes(), manifest,
                    [&](std::uint64_t address, std::uint64_t flags, auto page) -> Result<void> {
                      measurement.add_page(address, flags, page);
                      return {};
                    }));
  return measurement.finish();
}

std::uint64_t reserve_standard_streams() {
  std::uint64_t closed = 0;
  for (int number = 0; number < 3; ++number) {
    if (fcntl(number, F_GETFD) != -1) continue;
    closed |= std::uint64_t{kHostClosedStream} << number;
    if (open("/dev/null", O_RDWR) != number) std::abort();
  }
  return closed;
}

namespace {
struct Started {
  std::unique_ptr<Device> device;
  std::uint64_t tcs;
};

Result<Started> build(const LaunchOptions& options, const LaunchManifest& manifest) {
  const auto image = TRY(FileView::open(options.image_path));
  auto device = TRY(open_device(options));
  const sgx::Secs secs = make_secs(options.debug);
  TRY(device->create(secs));
  TRY(for_each_page(image.bytes(), manifest, [&](std::uint64_t address, std::uint64_t flags, auto page) {
    return device->add_page(address, flags, page);
  }));
  TRY(device->initialise(TRY(signed_for(options, secs, device->measurement()))));
  return Started{std::move(device), TRY(find_tcs(image.bytes()))};
}
}  // namespace

Error launch(const LaunchOptions& options, const LaunchManifest& manifest, std::string* problem) {
  auto started = build(options, manifest);
  if (!started.ok()) {
    *problem = started.error().what();
    return started.error();
  }
  Device* const device = started.value().device.release();
  if (!device->notice().empty()) std::fprintf(stderr, "cloister: %s\n", device->notice().c_str());
  raise_descriptor_limit();
  // Otherwise malloc asks for the number of processors by a call that the filter does not allow, at some thread's first
  // use.
  mallopt(M_ARENA_MAX, 1);
  const StartArea area = make_start_area(start_input(options));
  set_host_services({device, options.trace_descriptor, options.memory != MemoryMode::plain});
  install_signal_handlers();
  if (const auto confined = install_seccomp_filter(); !confined.ok()) {
    *problem = confined.error().what();
    return confined.error();
  }
  run_host_thread(*device, started.value().tcs, area);
}
}  // namespace cloister::host

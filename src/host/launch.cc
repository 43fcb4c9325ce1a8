// SPDX-License-Identifier: Apache-2.0
#include "src/host/launch.h"
#include <malloc.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include "abi/enclave_layout.h"
#include "src/boundary/host_block.h"
#include "src/files/file_bytes.h"
#include "src/files/file_view.h"
#include "src/host/enclave_builder.h"
#include "src/host/enclave_signature.h"
#include "src/host/host_service.h"
#include "src/host/seccomp_filter.h"
#include "src/host/standard_error.h"
#include "src/host/start_area.h"

namespace cloister::host {
namespace {
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// A simulated enclave's memory is files without names, which a limit of file sizes would cut off by a signal.
Result<void> lift_file_size_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  constexpr rlimit kNone{RLIM_INFINITY, RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &kNone) == 0) return {};
  limit.rlim_cur = limit.rlim_max;
  if (limit.rlim_max == RLIM_INFINITY && setrlimit(RLIMIT_FSIZE, &limit) == 0) return {};
  return Error(Errc::unsupported, "the limit of file sizes (ulimit -f) cuts a simulated enclave's memory; lift it");
}

StartInput start_input(const LaunchOptions& options) {
  StartInput input;
  input.arguments = options.arguments;
  input.environment = options.environment;
  input.locations = options.locations;
  input.settings = options.settings;
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
  TRY(lift_file_size_limit());
  auto device = TRY(open_device(options));
  sgx::Secs secs = make_secs(options.debug ? sgx::kAttributeDebug : 0);
  std::copy(options.config_id.begin(), options.config_id.end(), secs.configid);
  TRY(device->create(secs));
  std::optional<std::uint64_t> tcs;  // the first thread's
  TRY(for_each_page(image.bytes(), manifest, [&](std::uint64_t address, std::uint64_t flags, auto page) {
    if (!tcs && sgx::page_type(flags) == sgx::PageType::tcs) tcs = address;
    return device->add_page(address, flags, page);
  }));
  if (!tcs) return Error(Errc::invalid, "the enclave image has no TCS");
  const sgx::Sigstruct signature = options.signature
                                       ? *options.signature
                                       : TRY(development_signature({options.cache_directory, options.signing_key_path},
                                                                   secs.attributes.flags, device->measurement()));
  if (!std::ranges::equal(device->measurement(), signature.enclavehash))
    return Error(
        Errc::mismatch,
        "it was signed as another enclave: the manifest or Cloister has changed since; `cloister sign` it again");
  TRY(device->initialise(signature));
  return Started{std::move(device), *tcs};
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
  keep_standard_error();
  install_signal_handlers();
  if (const auto confined = install_seccomp_filter(); !confined.ok()) {
    *problem = confined.error().what();
    return confined.error();
  }
  run_host_thread(*device, started.value().tcs, area);
}
}  // namespace cloister::host

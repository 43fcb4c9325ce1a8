// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_sgx.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>
#include "src/base/hex.h"
#include "src/base/result.h"
#include "src/sgx/inspect.h"
#include "src/sgx/sgxs.h"

namespace cloister {
namespace {

// An enclave image has megabytes. The limit keeps a mistyped file name from filling the memory.
constexpr std::size_t kFileSizeLimit = std::size_t{1} << 30;

struct Options {
  std::string file;
  bool json = false;
};

Result<std::vector<std::uint8_t>> read_all(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return Error::from_errno(errno, "cannot be read");
  if (S_ISDIR(status.st_mode)) return Error(Errc::invalid, "is a directory");
  std::vector<std::uint8_t> bytes;
  std::uint8_t buffer[1 << 16];
  for (;;) {
    const ssize_t size = read(descriptor, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Error::from_errno(errno, "cannot be read");
    if (size == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(size) > kFileSizeLimit) {
      return Error(Errc::unsupported, "is larger than 1 GiB, which no enclave image is");
    }
    bytes.insert(bytes.end(), buffer, buffer + size);
  }
}

Result<std::vector<std::uint8_t>> read_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Error::from_errno(errno, "cannot be opened");
  auto bytes = read_all(descriptor);
  close(descriptor);
  return bytes;
}

int unusable(const char* verb, const std::string& file, const Error& error) {
  std::fprintf(stderr, "cloister sgx %s: %s: %s", verb, file.c_str(), error.what());
  if (error.is_errno()) std::fprintf(stderr, " (%s)", std::strerror(error.errno_value()));
  std::fputc('\n', stderr);
  return 2;
}

int print(const std::string& text, int status) {
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    std::fprintf(stderr, "cloister sgx: standard output cannot be written (%s)\n", std::strerror(errno));
    return 2;
  }
  return status;
}

int inspect_file(const Options& options) {
  const auto bytes = read_file(options.file);
  if (!bytes.ok()) return unusable("inspect", options.file, bytes.error());
  const auto rendering = options.json ? sgx::Rendering::json : sgx::Rendering::text;
  const auto inspection = sgx::inspect(bytes.value(), rendering);
  if (!inspection.ok()) return unusable("inspect", options.file, inspection.error());
  return print(inspection.value().output, inspection.value().holds ? 0 : 1);
}

int measure_file(const Options& options) {
  const auto bytes = read_file(options.file);
  if (!bytes.ok()) return unusable("measure", options.file, bytes.error());
  const auto digest = sgx::measure_sgxs(bytes.value());
  if (!digest.ok()) return unusable("measure", options.file, digest.error());
  const std::string mrenclave = to_hex(digest.value());
  return print(options.json ? nlohmann::json{{"mrenclave", mrenclave}}.dump() + '\n' : mrenclave + '\n', 0);
}

void add(CLI::App& noun, const char* name, const char* description, const char* file, int (*run)(const Options&),
         int& exit_status) {
  CLI::App* const verb = noun.add_subcommand(name, description);
  const auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->file, file)->required();
  verb->add_flag("--json", options->json, "Machine-readable output");
  verb->callback([options, run, &exit_status] { exit_status = run(*options); });
}

}  // namespace

void add_sgx_verb(CLI::App& app, int& exit_status) {
  CLI::App* const noun = app.add_subcommand("sgx", "Look at SIGSTRUCTs and enclave images");
  noun->require_subcommand(1);
  add(*noun, "inspect", "Show the fields and verify; exit status 0 holds, 1 does not hold, 2 unusable input",
      "A SIGSTRUCT of 1808 bytes, or an SGXS enclave image", inspect_file, exit_status);
  add(*noun, "measure", "Print the MRENCLAVE of an enclave image", "An SGXS enclave image", measure_file, exit_status);
}

}  // namespace cloister

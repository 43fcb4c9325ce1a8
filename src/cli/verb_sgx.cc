// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_sgx.h"
#include <memory>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/cli/read_file.h"
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

int inspect_file(const Options& options) {
  const auto bytes = read_file(options.file, kFileSizeLimit);
  if (!bytes.ok()) return unusable("sgx inspect", options.file, bytes.error());
  const auto rendering = options.json ? sgx::Rendering::json : sgx::Rendering::text;
  const auto inspection = sgx::inspect(bytes.value(), rendering);
  if (!inspection.ok()) return unusable("sgx inspect", options.file, inspection.error());
  return print(inspection.value().output, inspection.value().holds ? 0 : 1);
}

int measure_file(const Options& options) {
  const auto bytes = read_file(options.file, kFileSizeLimit);
  if (!bytes.ok()) return unusable("sgx measure", options.file, bytes.error());
  const auto digest = sgx::measure_sgxs(bytes.value());
  if (!digest.ok()) return unusable("sgx measure", options.file, digest.error());
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
  noun->add_subcommand("dump",
                       "Write what is measured of a program or manifest, for checkers; see `cloister sgx dump --help`");
  add(*noun, "measure", "Print the MRENCLAVE of an enclave image", "An SGXS enclave image", measure_file, exit_status);
}

}  // namespace cloister

// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_quote.h"
#include <memory>
#include "src/cli/quote_input.h"
#include "src/cli/read_file.h"
#include "src/dcap/verdict_fields.h"
#include "src/sgx/field_text.h"

namespace cloister {
namespace {

struct InspectOptions {
  std::string file;
  bool json = false;
};

int inspect(const InspectOptions& options) {
  const auto input = read_quote_input(options.file);
  if (!input.ok()) return unusable("quote inspect", options.file, input.error());
  const auto fields = fields_of(input.value());
  // Names in certificates are whatever their issuer wrote, so that they may be no UTF-8.
  if (options.json) return print(fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n', 0);
  const std::string text = sgx::field_text(one_level(fields));
  return print(fields.contains("simulation") ? dcap::marked_as_simulation(text) : text, 0);
}

void add_inspect(CLI::App& noun, int& exit_status) {
  CLI::App* const verb = noun.add_subcommand("inspect",
                                             "Show every field of a quote, or of a certificate that carries quotes; "
                                             "nothing is verified. Exit status 0, or 2 for "
                                             "unusable input");
  const auto options = std::make_shared<InspectOptions>();
  verb->add_option(
          "QUOTE", options->file,
          "An ECDSA quote of version 3, 4 or 5 (SGX or TDX), or an X.509 certificate (PEM, DER) with one in it")
      ->required();
  verb->add_flag("--json", options->json, "Machine-readable output, one line");
  verb->callback([options, &exit_status] { exit_status = inspect(*options); });
}

}  // namespace

void add_quote_verb(CLI::App& app, int& exit_status) {
  CLI::App* const noun = app.add_subcommand("quote", "Look at quotes, verify them, make simulated ones");
  noun->require_subcommand(1);
  add_inspect(*noun, exit_status);
  add_quote_verify(*noun, exit_status);
  add_quote_simulate(*noun, exit_status);
}

}  // namespace cloister

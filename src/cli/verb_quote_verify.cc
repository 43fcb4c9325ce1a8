// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include "src/cli/quote_sources.h"
#include "src/cli/read_file.h"
#include "src/cli/verb_quote.h"
#include "src/dcap/verdict_fields.h"
#include "src/sgx/field_text.h"

namespace cloister {
namespace {

using Fields = nlohmann::ordered_json;
constexpr const char* kVerb = "quote verify";

struct Options {
  std::string quote;
  QuoteSources sources;
  bool json = false;
};

std::string rendered(const Fields& fields, bool json) {
  // Names in certificates are whatever their issuer wrote, so that they may be no UTF-8.
  if (json) return fields.dump(-1, ' ', false, Fields::error_handler_t::replace) + '\n';
  const std::string text = sgx::field_text(fields);
  return fields.value("simulation", false) ? dcap::marked_as_simulation(text) : text;
}

int no_verdict(const Options& options, const NoVerdict& why) {
  unusable(kVerb, why.input, why.error);
  if (options.json)
    print(rendered({{"status", nullptr}, {"error", why.input + ": " + why.error.what()}}, true), why.status);
  return why.status;
}

int show(const Options& options, const dcap::Quote& quote, const dcap::Judgement& judgement) {
  const Fields fields = verdict_fields(quote, judgement);
  const auto& error = judgement.verdict.error;
  if (error) {
    std::fprintf(stderr, "%scloister %s: %s: %s\n", judgement.verdict.simulation ? "simulation: " : "", kVerb,
                 options.quote.c_str(), error->what());
  }
  return print(rendered(fields, options.json), error ? 1 : 0);
}

int verify(const Options& options) {
  const auto bytes = read_file(options.quote, dcap::kQuoteSizeLimit);
  if (!bytes.ok()) return no_verdict(options, {options.quote, bytes.error(), 2});
  const auto quote = dcap::parse_quote(bytes.value());
  if (!quote.ok()) return no_verdict(options, {options.quote, quote.error(), 2});
  const auto judged = judge_quote(kVerb, options.quote, quote.value(), options.sources);
  if (const auto* const why = std::get_if<NoVerdict>(&judged)) return no_verdict(options, *why);
  return show(options, quote.value(), std::get<dcap::Judgement>(judged));
}

}  // namespace

void add_quote_verify(CLI::App& noun, int& exit_status) {
  CLI::App* const verb = noun.add_subcommand("verify",
                                             "Judge a quote. Exit status 0 the signature chain verifies, 1 it does "
                                             "not, 2 unusable input. Whether the status is "
                                             "good enough is the caller's decision");
  const auto options = std::make_shared<Options>();
  verb->add_option("--quote", options->quote, "The quote")->required()->type_name("FILE");
  add_quote_sources(*verb, options->sources);
  verb->add_flag("--json", options->json, "Machine-readable output, one line");
  verb->callback([options, &exit_status] { exit_status = verify(*options); });
}

}  // namespace cloister

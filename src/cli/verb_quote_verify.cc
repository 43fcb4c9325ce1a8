// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include "src/base/hex.h"
#include "src/cli/quote_input.h"
#include "src/cli/quote_sources.h"
#include "src/cli/read_file.h"
#include "src/cli/verb_quote.h"
#include "src/dcap/inspect.h"
#include "src/dcap/verdict_fields.h"
#include "src/ratls/fields.h"
#include "src/sgx/field_text.h"

namespace cloister {
namespace {

using Fields = nlohmann::ordered_json;
constexpr const char* kVerb = "quote verify";

struct Options {
  std::string quote, nonce;
  QuoteSources sources;
  bool json = false;
};

std::string rendered(const Fields& fields, bool json) {
  // Names in certificates are whatever their issuer wrote, so that they may be no UTF-8.
  if (json) return fields.dump(-1, ' ', false, Fields::error_handler_t::replace) + '\n';
  const std::string text = sgx::field_text(one_level(fields));
  return fields.value("simulation", false) ? dcap::marked_as_simulation(text) : text;
}

int no_verdict(const Options& options, const NoVerdict& why) {
  unusable(kVerb, why.input, why.error);
  if (options.json)
    print(rendered({{"status", nullptr}, {"error", why.input + ": " + why.error.what()}}, true), why.status);
  return why.status;
}

int show(const Options& options, const QuoteInput& input, const dcap::Judgement& judgement) {
  Fields fields = verdict_fields(input.quote, judgement);
  if (input.certificate) {
    fields["certificate"] = ratls::certificate_fields(*input.certificate);
    fields["evidence"] = ratls::evidence_fields(input.evidence, *input.certificate);
  }
  const auto& error = judgement.verdict.error;
  if (error) {
    std::fprintf(stderr, "%scloister %s: %s: %s\n", judgement.verdict.simulation ? "simulation: " : "", kVerb,
                 options.quote.c_str(), error->what());
  }
  return print(rendered(fields, options.json), error ? 1 : 0);
}

// What must hold of a certificate besides its quotes.
Result<void> check(const QuoteInput& input, dcap::Bytes nonce, dcap::UnixTime time) {
  TRY(check_certificate(*input.certificate, time));
  TRY(check_bindings(input.evidence, *input.certificate));
  if (!nonce.empty()) TRY(check_nonce(input.evidence.front(), nonce));
  return {};
}

// Every quote of a certificate must hold; the first one's verdict is shown.
std::variant<dcap::Judgement, NoVerdict> judge_all(const Options& options, const QuoteInput& input) {
  auto judged = judge_quote(kVerb, options.quote, input.quote, options.sources);
  auto* const first = std::get_if<dcap::Judgement>(&judged);
  for (std::size_t i = 1; first != nullptr && i < input.evidence.size(); ++i) {
    const dcap::Quote& quote = input.evidence[i].quote;
    if (std::ranges::equal(quote.whole, input.quote.whole)) continue;
    auto other = judge_quote(kVerb, options.quote, quote, options.sources);
    if (std::holds_alternative<NoVerdict>(other)) return other;
    const dcap::Judgement& judgement = std::get<dcap::Judgement>(other);
    if (!first->verdict.error) first->verdict.error = judgement.verdict.error;
    if (!judgement.verified) first->verified.reset();
  }
  return judged;
}

int verify(const Options& options) {
  const auto nonce = from_hex(options.nonce);
  if (!nonce.ok()) return no_verdict(options, {"--nonce " + options.nonce, nonce.error(), 2});
  const auto input = read_quote_input(options.quote);
  if (!input.ok()) return no_verdict(options, {options.quote, input.error(), 2});
  if (!options.nonce.empty() && !input.value().certificate)
    return no_verdict(options,
                      {options.quote, Error(Errc::invalid, "is a quote, and only certificates have a nonce"), 2});
  if (input.value().certificate) {
    const auto checked = check(input.value(), nonce.value(), options.sources.time);
    if (!checked.ok()) {
      dcap::Judgement refused{};
      refused.verdict.time = options.sources.time;
      refused.verdict.simulation = dcap::quote_fields(input.value().quote).contains("simulation");
      refused.verdict.error = checked.error();
      return show(options, input.value(), refused);
    }
  }
  const auto judged = judge_all(options, input.value());
  if (const auto* const why = std::get_if<NoVerdict>(&judged)) return no_verdict(options, *why);
  return show(options, input.value(), std::get<dcap::Judgement>(judged));
}

}  // namespace

void add_quote_verify(CLI::App& noun, int& exit_status) {
  CLI::App* const verb =
      noun.add_subcommand("verify",
                          "Judge a quote, or a certificate that carries quotes and the key that they "
                          "vouch for. Exit status 0 the signature chain verifies, 1 it does "
                          "not, 2 unusable input. Whether the status is "
                          "good enough is the caller's decision");
  const auto options = std::make_shared<Options>();
  verb->add_option("--quote", options->quote, "The quote, or an X.509 certificate (PEM, DER) with one in it")
      ->required()
      ->type_name("FILE");
  verb->add_option("--nonce", options->nonce, "The nonce that a certificate's evidence must have")->type_name("HEX");
  add_quote_sources(*verb, options->sources);
  verb->add_flag("--json", options->json, "Machine-readable output, one line");
  verb->callback([options, &exit_status] { exit_status = verify(*options); });
}

}  // namespace cloister

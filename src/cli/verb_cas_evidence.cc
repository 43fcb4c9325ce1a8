// SPDX-License-Identifier: Apache-2.0
#include "src/cli/verb_cas_evidence.h"
#include <openssl/rand.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include "src/base/hex.h"
#include "src/cli/complain.h"
#include "src/cli/read_file.h"
#include "src/cli/unpinned_cas.h"
#include "src/client/cas_client.h"
#include "src/dcap/inspect.h"
#include "src/dcap/verdict_fields.h"
#include "src/files/file_bytes.h"
#include "src/ratls/make.h"
#include "src/release/evidence.h"
#include "src/sgx/field_text.h"

namespace cloister {
namespace {

using Fields = nlohmann::ordered_json;
constexpr int kRefused = 1, kUnusable = 2;

struct Options {
  std::string address, out, nonce;
  bool json = false;
};

struct Certificate {
  ratls::OwnedBytes der;
  std::vector<ratls::Evidence> evidence;
};

// That it is the server's, of now, and bound. Whether the quote is genuine is for who verifies it.
Result<Certificate> read_answer(const UnpinnedAnswer& answer, const release::Nonce& nonce) {
  Certificate read;
  read.der = TRY(ratls::certificate_der(answer.body));
  const ratls::Certificate certificate = TRY(ratls::parse_certificate(read.der));
  read.evidence = TRY(ratls::find_evidence(certificate));
  TRY(check_certificate(certificate, std::time(nullptr)));
  if (!std::ranges::equal(certificate.public_key, answer.server_key))
    return Error(Errc::mismatch, "the certificate is of another key than the server's: somebody stands between");
  TRY(check_bindings(read.evidence, certificate));
  TRY(check_nonce(read.evidence.front(), nonce));
  const auto purpose = read.evidence.front().claim(ratls::kPurposeClaim);
  if (!std::ranges::equal(purpose, std::string_view(ratls::kPurposeOfCas)))
    return Error(Errc::mismatch, "the certificate does not say that it is a CAS's");
  return read;
}

int evidence(const Options& options) {
  const auto url = client::cas_url(options.address);
  if (!url.ok()) return complain(options.address + " " + url.error().what(), kUnusable);
  release::Nonce nonce;
  if (!options.nonce.empty()) {
    if (!read_hex(options.nonce, nonce))
      return complain("--nonce " + options.nonce + ": give 64 hexadecimal digits", kUnusable);
  } else if (RAND_bytes(nonce.data(), nonce.size()) != 1) {
    return complain("no random numbers", kUnusable);
  }
  UnpinnedAnswer answer;
  if (const int status = ask_unpinned(url.value(), "/v1/attest/certificate?nonce=" + to_hex(nonce), answer);
      status != 0)
    return status;
  const auto read = read_answer(answer, nonce);
  const std::string address = client::address_of(url.value());
  if (!read.ok()) return complain(address + ": " + read.error().what(), kRefused);
  const auto written = write_file_atomically(options.out, answer.body, 0644);
  if (!written.ok()) return unusable("cas evidence", options.out, written.error());
  const Fields quote = dcap::quote_fields(read.value().evidence.front().quote);
  const bool simulation = quote.contains("simulation");
  const Fields fields{{"address", address},
                      {"certificate", options.out},
                      {"public_key_sha256", to_hex(release::sha256(answer.server_key))},
                      {"nonce", to_hex(nonce)},
                      {"simulation", simulation},
                      {"verified", false},
                      {"to_verify", "cloister quote verify --quote " + options.out + " --nonce " + to_hex(nonce) +
                                        " --trusted-root FILE"}};
  if (options.json) return print(fields.dump() + '\n', 0);
  const std::string text = sgx::field_text(fields);
  return print(simulation ? dcap::marked_as_simulation(text) : text, 0);
}

}  // namespace

int cas_evidence_verb(int argc, char** argv) {
  CLI::App app{
      "Asks a CAS for a certificate of its key that carries a quote, for third parties. That the certificate is the "
      "server's and bound to the quote is checked; the quote itself by `cloister quote verify`. Nothing is trusted "
      "because of it: `cloister cas attest` does that. Exit status 0 written, 1 refused, 2 unusable input or no "
      "answer.",
      "cloister cas evidence"};
  Options options;
  app.add_option("ADDR", options.address, "HOST[:PORT] of the CAS's API (8081)")->required();
  app.add_option("--out", options.out, "Where the certificate goes, in PEM")->required()->type_name("FILE");
  app.add_option("--nonce", options.nonce, "What the evidence shall have in it, 32 bytes (random)")->type_name("HEX");
  app.add_flag("--json", options.json, "Machine-readable output, one line");
  app.footer("Example: cloister cas evidence cas.example.org --out cas.pem");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUnusable;
  }
  return evidence(options);
}

}  // namespace cloister

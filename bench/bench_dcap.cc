// SPDX-License-Identifier: Apache-2.0
// What verifying a quote costs, beside what OpenSSL needs for the same signatures in the same run.
//   openssl_verify      one ECDSA P-256 verification with a key that is ready: `openssl speed ecdsap256`
//   bare_signatures     the two that every quote needs (QE report, quote), keys ready
//   known_chain         from bytes to verdict; certificates and collateral were seen before
//   known_chain_intel   the same with a real TDX quote and collateral, where they are there
//   new_chain           from bytes to verdict; the quote's certificates were never seen, the collateral was
//   nothing_known       from bytes to verdict with an empty cache
#include <benchmark/benchmark.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include "src/dcap/openssl_pointers.h"
#include "src/dcap/simulation/world_for_test.h"
#include "src/dcap/vectors_for_test.h"

namespace cloister::dcap {
namespace {

using simulation::must;
using simulation::World;

const World& world() {
  static const World made;
  return made;
}

void require(benchmark::State& state, bool holds) {
  if (!holds) state.SkipWithError("the quote was not verified");
}

void openssl_verify(benchmark::State& state) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  const Digest digest = sgx::sha256({});
  std::uint8_t signature[80];
  std::size_t size = sizeof signature;
  const KeyContext signer(EVP_PKEY_CTX_new(key, nullptr)), verifier(EVP_PKEY_CTX_new(key, nullptr));
  bool ready = EVP_PKEY_sign_init(signer.get()) > 0 && EVP_PKEY_verify_init(verifier.get()) > 0 &&
               EVP_PKEY_sign(signer.get(), signature, &size, digest.data(), digest.size()) > 0;
  for (auto _ : state)
    ready = ready && EVP_PKEY_verify(verifier.get(), signature, size, digest.data(), digest.size()) == 1;
  require(state, ready);
  EVP_PKEY_free(key);
}

void bare_signatures(benchmark::State& state) {
  const OwnedBytes bytes = world().quote();
  const Quote quote = must(parse_quote(bytes));
  const PckChain chain = must(parse_pck_chain(quote.certification_data));
  const P256Key attestation_key = must(P256Key::from_point(quote.attestation_key));
  bool holds = true;
  for (auto _ : state) {
    holds = holds && chain.leaf.key().verify(sgx::sha256(quote.qe_report_bytes), quote.qe_report_signature);
    holds = holds && attestation_key.verify(sgx::sha256(quote.signed_bytes), quote.signature);
  }
  require(state, holds);
}

void known_chain(benchmark::State& state) {
  const OwnedBytes quote = world().quote();
  const CollateralFiles files = world().files();
  const TrustAnchor root = world().anchor();
  Cache cache;
  bool verified = true;
  for (auto _ : state)
    verified = verified && simulation::judge(quote, files, root, world().now, cache).verified.has_value();
  require(state, verified);
}

void known_chain_intel(benchmark::State& state) {
  if (!std::filesystem::exists(sgx::vectors_directory() / "quotes/cases.json"))
    return state.SkipWithError("no vectors");
  for (const auto& entry : vector_json("quotes/cases.json")) {
    if (!entry["quote"].get<std::string>().starts_with("quotes/tdx4-google") || entry["pck_crl"].is_null()) continue;
    CollateralFiles files;
    for (const auto& [kind, member] :
         {std::pair{CollateralKind::tcb_info, "tcb_info"}, std::pair{CollateralKind::qe_identity, "qe_identity"},
          std::pair{CollateralKind::pck_crl, "pck_crl"}, std::pair{CollateralKind::root_crl, "root_ca_crl"},
          std::pair{CollateralKind::tcb_signing, "tcb_signing_cert"}})
      files[kind].bytes = vector_bytes(entry[member]);
    const OwnedBytes quote = vector_bytes(entry["quote"]);
    const TrustAnchor root = intel_root();
    Cache cache;
    bool verified = true;
    for (auto _ : state)
      verified = verified && simulation::judge(quote, files, root, entry["time_unix"], cache).verified.has_value();
    return require(state, verified);
  }
}

void new_chain(benchmark::State& state) {
  // So many platforms in turn that none is remembered: the cache holds one chain, and of signatures those of the
  // collateral and a few more.
  std::vector<OwnedBytes> quotes;
  World elsewhere;
  elsewhere.authority = world().authority;
  for (std::uint8_t i = 0; i < 64; ++i) {
    elsewhere.platform.fuse_key = {42, i};
    quotes.push_back(elsewhere.quote());
  }
  const CollateralFiles files = world().files();
  const TrustAnchor root = world().anchor();
  Cache cache(Cache::Limits{.chains = 20000, .signatures = 12});
  bool verified = true;
  std::size_t next = 0;
  for (auto _ : state)
    verified = verified && simulation::judge(quotes[next++ % 64], files, root, world().now, cache).verified.has_value();
  require(state, verified);
}

void nothing_known(benchmark::State& state) {
  const OwnedBytes quote = world().quote();
  const CollateralFiles files = world().files();
  const TrustAnchor root = world().anchor();
  bool verified = true;
  for (auto _ : state) {
    Cache cache;
    verified = verified && simulation::judge(quote, files, root, world().now, cache).verified.has_value();
  }
  require(state, verified);
}

BENCHMARK(openssl_verify);
BENCHMARK(bare_signatures);
BENCHMARK(known_chain);
BENCHMARK(known_chain_intel);
BENCHMARK(new_chain);
BENCHMARK(nothing_known);

}  // namespace
}  // namespace cloister::dcap

BENCHMARK_MAIN();

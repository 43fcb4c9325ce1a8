// SPDX-License-Identifier: Apache-2.0
// What evidence.h says of bindings. REPORTDATA is compared whole: a half that nobody looks at is a second message.
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <algorithm>
#include <array>
#include <string>
#include "src/ratls/evidence.h"
#include "src/ratls/oids.h"
#include "src/sgx/measurement.h"

namespace cloister::ratls {
namespace {

// IANA's numbers of hash algorithms, as the claim writes them.
constexpr std::uint64_t kSha256 = 1, kSha384 = 7, kSha512 = 8;

Error mismatch(const char* what) { return Error(Errc::mismatch, what); }

bool equal(Bytes a, Bytes b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

bool is_reportdata(const dcap::Quote& quote, Bytes hashed) {
  std::array<std::uint8_t, sgx::kReportdataSize> expected{};
  std::ranges::copy(sgx::sha256(hashed), expected.begin());
  return equal(dcap::reportdata(quote.body), expected);
}

Result<bool> is_hash_of(std::uint64_t algorithm, Bytes hash, Bytes of) {
  std::array<std::uint8_t, SHA512_DIGEST_LENGTH> digest;
  if (algorithm == kSha256) {
    SHA256(of.data(), of.size(), digest.data());
    return equal(hash, Bytes(digest).first(SHA256_DIGEST_LENGTH));
  }
  if (algorithm == kSha384) {
    SHA384(of.data(), of.size(), digest.data());
    return equal(hash, Bytes(digest).first(SHA384_DIGEST_LENGTH));
  }
  if (algorithm != kSha512)
    return Error(Errc::unsupported, "the claims hash the public key with another algorithm than SHA-2");
  SHA512(of.data(), of.size(), digest.data());
  return equal(hash, digest);
}

Result<Binding> check_claims(const Evidence& evidence, const Certificate& certificate) {
  const Bytes claim = evidence.claim(kPublicKeyClaim);
  if (claim.empty()) return mismatch("the evidence's claims name no public key (pubkey-hash)");
  CborReader reader(claim);
  if (TRY(reader.head(CborMajor::array)) != 2) return Error(Errc::invalid, "the claim pubkey-hash is malformed");
  const std::uint64_t algorithm = TRY(reader.head(CborMajor::number));
  const Bytes hash = TRY(reader.bytes());
  TRY(reader.finish());
  if (!TRY(is_hash_of(algorithm, hash, certificate.public_key)))
    return mismatch("the evidence's claims name another public key than the certificate's");
  if (!is_reportdata(evidence.quote, evidence.claims_bytes))
    return mismatch("the quote is for other claims: its REPORTDATA is not their SHA-256 and 32 zeros");
  return Binding::claims;
}

// The two texts that stand for one key; its makers hashed the C string with its end.
Result<Binding> check_open_enclave(const Evidence& evidence, const Certificate& certificate) {
  if (is_reportdata(evidence.quote, certificate.public_key)) return Binding::public_key;
  const std::string text = dcap::to_pem(certificate.public_key, "PUBLIC KEY");
  if (is_reportdata(evidence.quote, {reinterpret_cast<const std::uint8_t*>(text.c_str()), text.size() + 1}))
    return Binding::public_key_text;
  return mismatch(
      "the quote is for another public key: its REPORTDATA is the SHA-256 of neither form of the certificate's");
}

// The same software in the same configuration: everything but REPORTDATA.
bool of_one_enclave(const dcap::Quote& a, const dcap::Quote& b) {
  if (a.body.index() != b.body.index()) return false;
  const auto bytes_of = [](const dcap::QuoteBody& body) {
    return std::visit(
        [](const auto& fields) { return Bytes(reinterpret_cast<const std::uint8_t*>(&fields), sizeof fields); }, body);
  };
  const Bytes left = bytes_of(a.body), right = bytes_of(b.body), data = dcap::reportdata(a.body);
  const auto before = static_cast<std::size_t>(data.data() - left.data()), behind = before + data.size();
  return same(left.first(before), right.first(before)) && same(left.subspan(behind), right.subspan(behind));
}

}  // namespace

Result<Binding> check_binding(const Evidence& evidence, const Certificate& certificate) {
  switch (evidence.format) {
    case Format::tagged: return check_claims(evidence, certificate);
    case Format::gramine:
      if (is_reportdata(evidence.quote, certificate.public_key)) return Binding::public_key;
      return mismatch("the quote is for another public key: its REPORTDATA is not the SHA-256 of the certificate's");
    case Format::open_enclave: return check_open_enclave(evidence, certificate);
    case Format::intel_copy: break;
  }
  return mismatch("a quote in the place of Intel's PCK extension is bound by tagged evidence alone");
}

Result<std::vector<Binding>> check_bindings(const std::vector<Evidence>& evidence, const Certificate& certificate) {
  std::vector<Binding> bindings;
  const Evidence& first = evidence.front();
  for (const Evidence& one : evidence) {
    if (one.format == Format::intel_copy && first.format == Format::tagged) {
      if (!same(one.quote.whole, first.quote.whole))
        return mismatch("the quote in the place of Intel's PCK extension is not that of the tagged evidence");
      bindings.push_back(bindings.front());
      continue;
    }
    bindings.push_back(TRY(check_binding(one, certificate)));
    if (!of_one_enclave(one.quote, first.quote)) return mismatch("the certificate has quotes of different enclaves");
  }
  return bindings;
}

Result<void> check_nonce(const Evidence& evidence, Bytes nonce) {
  if (evidence.format != Format::tagged || evidence.claim(kNonceClaim).empty())
    return mismatch("the evidence has no nonce, so that it may be of any age");
  if (!equal(evidence.claim(kNonceClaim), nonce)) return mismatch("the evidence has another nonce");
  return {};
}

}  // namespace cloister::ratls

// SPDX-License-Identifier: Apache-2.0
// Verifies a quote. Both sides; no I/O, no clock: the caller names the time and the root. The order of the checks and
// what a caller must still decide are in docs/attestation-verification.md.
#pragma once
#include "src/dcap/cache.h"
#include "src/dcap/quote.h"
#include "src/dcap/verdict.h"
#include "src/dcap/verified.h"

namespace cloister::dcap {

// The root that a caller trusts: its key. Intel has published its root's key in several certificates.
struct TrustAnchor {
  P256Key key;
  bool simulation;  // its certificate says "simulation"

  // From the first certificate of a file in PEM or DER. Its own dates and path length do not matter, those of the root
  // that comes with a quote do.
  static Result<TrustAnchor> from_certificate(const Certificate& certificate);
  // Intel's root for attestation; nothing of a simulation has its key.
  bool is_intels() const;
  // SHA-256 of the key's SubjectPublicKeyInfo in DER: how policies name a root.
  Digest key_hash() const;
  // Whether collateral below it can be judged without the certificate of who signed it.
  bool knows_its_tcb_signer() const;
};

struct Collateral {
  TcbInfoPointer tcb_info;
  EnclaveIdentityPointer qe_identity;
  // Either may be null: the verdict then says that no CRL is in force, and nothing verified comes of it.
  CrlPointer pck_crl, root_crl;
  // Intel's TCB signing certificate, maybe with the root beside it; it signs both documents. May be null below Intel's
  // root alone, whose signer's key is known (intel_keys.h).
  CertificateListPointer tcb_signing;
  // Null, or the CA that must have issued the quote's PCK certificate and the CRL.
  CertificateListPointer pck_ca;
};

struct Judgement;

// A quote of a genuine enclave or trust domain: all signatures, chains, revocations and dates hold at `verdict().time`,
// and a TCB level matches which is not revoked. It does not say that the level is good enough, nor which enclave it is:
// that is the policy's part. Only judge() makes one.
template <>
class Verified<Quote> {
 public:
  // `quote` has been parsed from untrusted bytes. `cache` may be shared by threads.
  static Judgement judge(const Quote& quote, const Collateral& collateral, const TrustAnchor& root, UnixTime time,
                         Cache& cache);

  const QuoteHeader& header() const { return header_; }
  const QuoteBody& body() const { return body_; }
  const sgx::ReportBody& qe_report() const { return qe_report_; }
  const PckIdentity& platform() const { return *verdict_.pck; }
  const Verdict& verdict() const { return verdict_; }
  TcbStatus status() const { return *verdict_.status; }
  bool simulation() const { return verdict_.simulation; }
  // Below which everything was verified.
  const TrustAnchor& root() const { return root_; }

 private:
  Verified(const Quote& quote, const Verdict& verdict, const TrustAnchor& root)
      : header_(quote.header), body_(quote.body), qe_report_(quote.qe_report), verdict_(verdict), root_(root) {}

  QuoteHeader header_;
  QuoteBody body_;
  sgx::ReportBody qe_report_;
  Verdict verdict_;
  TrustAnchor root_;
};

struct Judgement {
  Verdict verdict;                          // always
  std::optional<Verified<Quote>> verified;  // only as the class says
};

}  // namespace cloister::dcap

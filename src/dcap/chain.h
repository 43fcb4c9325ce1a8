// SPDX-License-Identifier: Apache-2.0
// Judges certificates and revocation lists: who signed them, for what, and whether they are in force at a time. Both
// sides; pure but for the cache.
#pragma once
#include "src/dcap/cache.h"

namespace cloister::dcap {

// The texts of what can be wrong with a dated document.
struct DateProblems {
  const char* expired;
  const char* not_yet;
};
Result<void> check_dates(const Validity& validity, UnixTime time, const DateProblems& problems);

class ChainChecks {
 public:
  // All references must outlive this.
  ChainChecks(Cache& cache, const P256Key& root_key, UnixTime time) : cache_(cache), root_key_(root_key), time_(time) {}

  // The chain leads to the root's key, and all three certificates are in force and may do what they do.
  Result<void> pck_chain(const PckChain& chain) const;
  // The certificate that signs TCB infos and identities; `list` may have the root beside it. `root` is the name that
  // must have issued it.
  Result<const Certificate*> tcb_signer(const CertificateList& list, const Certificate& root) const;
  // A CA in a file of its own: a valid CA below the root, with the name and key of `intermediate`.
  Result<void> named_pck_ca(const CertificateList& list, const PckChain& chain) const;

  // Issuer and signature; dates are check_dates()'s.
  Result<void> root_crl(const Crl& crl, const Certificate& root) const;
  Result<void> pck_crl(const Crl& crl, const Certificate& intermediate) const;

 private:
  Result<void> root(const Certificate& certificate) const;
  // The one certificate, or of two the one that is not the root; the other must be it.
  Result<const Certificate*> below_root(const CertificateList& list) const;
  Result<void> intermediate(const Certificate& certificate, const Certificate& root) const;

  Cache& cache_;
  const P256Key& root_key_;
  const UnixTime time_;
};

}  // namespace cloister::dcap

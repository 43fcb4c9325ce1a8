// SPDX-License-Identifier: Apache-2.0
// Remembers parsed certificates and collateral by the SHA-256 of their bytes, and signatures of theirs that were seen
// to hold. Both sides; thread-safe, bounded. It saves parsing and public-key arithmetic only: dates, revocation, levels
// and everything else that may change its answer are checked at every verification.
#pragma once
#include "src/dcap/bounded_cache.h"
#include "src/dcap/crl.h"
#include "src/dcap/enclave_identity.h"
#include "src/dcap/pck_chain.h"
#include "src/dcap/tcb_info.h"

namespace cloister::dcap {

class Cache {
 public:
  struct Limits {
    std::size_t chains = 4 << 20, certificates = 1 << 20, crls = 16 << 20, tcb_infos = 4 << 20, identities = 1 << 20;
    std::size_t signatures = 4096;  // count
  };
  Cache() : Cache(Limits{}) {}
  explicit Cache(const Limits& limits);

  // As the functions of the same names; errors are not remembered.
  Result<PckChainPointer> pck_chain(Bytes certification_data);
  Result<CertificateListPointer> certificates(Bytes file);
  Result<CrlPointer> crl(Bytes file);
  Result<TcbInfoPointer> tcb_info(Bytes file);
  Result<EnclaveIdentityPointer> identity(Bytes file);

  // key.verify(digest, signature), which holds for ever once it held.
  bool verify(const P256Key& key, const Digest& digest, const std::array<std::uint8_t, 64>& signature);

 private:
  struct Nothing {};
  BoundedCache<PckChain> chains_;
  BoundedCache<CertificateList> certificates_;
  BoundedCache<Crl> crls_;
  BoundedCache<TcbInfo> tcb_infos_;
  BoundedCache<EnclaveIdentity> identities_;
  BoundedCache<Nothing> signatures_;
};

}  // namespace cloister::dcap

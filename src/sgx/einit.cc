// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/einit.h"
#include <cstring>
#include "src/sgx/bytes.h"
#include "src/sgx/sigstruct.h"

namespace cloister::sgx {
namespace {

EinitVerdict check_masked_fields(const Secs& secs, const Sigstruct& sigstruct) {
  const Attributes mask = sigstruct.attributemask;
  if ((secs.attributes & mask) != (sigstruct.attributes & mask)) {
    return {ErrorCode::invalid_attribute, "ATTRIBUTES differ from the SIGSTRUCT's where its mask demands them"};
  }
  if ((secs.miscselect & sigstruct.miscmask) != (sigstruct.miscselect & sigstruct.miscmask)) {
    return {ErrorCode::invalid_attribute, "MISCSELECT differs from the SIGSTRUCT's where its mask demands it"};
  }
  if ((secs.cet_attributes & sigstruct.cet_attributes_mask) !=
      (sigstruct.cet_attributes & sigstruct.cet_attributes_mask)) {
    return {ErrorCode::invalid_attribute, "CET_ATTRIBUTES differ from the SIGSTRUCT's where its mask demands them"};
  }
  return {};
}

}  // namespace

EinitVerdict einit_verdict(const Secs& secs, const Sigstruct& sigstruct) {
  if (const auto format = check_format(sigstruct); !format.ok()) {
    return {ErrorCode::invalid_sig_struct, format.error().what()};
  }
  if (const auto signature = verify(sigstruct); !signature.ok()) {
    return {ErrorCode::invalid_signature, signature.error().what()};
  }
  // Only this one: the operation lets an ISVEXTPRODID pass without KSS.
  if (!(secs.attributes.flags & kAttributeKss) && !all_zero(sigstruct.isvfamilyid)) {
    return {ErrorCode::invalid_sig_struct, "ISVFAMILYID is set, but the enclave has no KSS"};
  }
  if (std::memcmp(secs.mrenclave, sigstruct.enclavehash, sizeof secs.mrenclave) != 0) {
    return {ErrorCode::invalid_measurement, "MRENCLAVE is not the SIGSTRUCT's ENCLAVEHASH"};
  }
  return check_masked_fields(secs, sigstruct);
}

Result<void> check_einit(const Secs& secs, const Sigstruct& sigstruct) {
  const EinitVerdict verdict = einit_verdict(secs, sigstruct);
  if (verdict.error == ErrorCode::success) return {};
  return Error(verdict.error == ErrorCode::invalid_sig_struct ? Errc::invalid : Errc::mismatch, verdict.reason);
}

void commit_einit(Secs& secs, const Sigstruct& sigstruct) {
  const Digest signer = mrsigner(sigstruct);
  copy_bytes(secs.mrsigner, std::span(signer));
  secs.isvprodid = sigstruct.isvprodid;
  secs.isvsvn = sigstruct.isvsvn;
  copy_bytes(secs.isvextprodid, sigstruct.isvextprodid);
  copy_bytes(secs.isvfamilyid, sigstruct.isvfamilyid);
  secs.attributes.flags |= kAttributeInit;
}

}  // namespace cloister::sgx

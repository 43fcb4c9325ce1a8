// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/einit.h"
#include <gtest/gtest.h>
#include <algorithm>
#include "src/sgx/signing_key.h"

namespace cloister::sgx {
namespace {

const SigningKey& test_key() {
  static const SigningKey key = SigningKey::generate().take();
  return key;
}

// Signs what `change` makes of a SIGSTRUCT that fits enclave().
Sigstruct certificate(void (*change)(Sigstruct&) = [](Sigstruct&) {}) {
  Sigstruct sigstruct = blank_sigstruct();
  sigstruct.attributes = {kAttributeMode64Bit | kAttributeKss, kXfrmLegacy};
  sigstruct.attributemask = {kAttributeDebug | kAttributeMode64Bit | kAttributeKss, kXfrmLegacy};
  sigstruct.miscselect = sigstruct.miscmask = kMiscselectExinfo;
  sigstruct.enclavehash[0] = 0x42;
  sigstruct.isvfamilyid[15] = 1;
  sigstruct.isvextprodid[15] = 2;
  sigstruct.isvprodid = 3;
  sigstruct.isvsvn = 4;
  change(sigstruct);
  EXPECT_TRUE(test_key().sign(sigstruct).ok());
  return sigstruct;
}

Secs enclave(void (*change)(Secs&) = [](Secs&) {}) {
  Secs secs{};
  secs.attributes = {kAttributeMode64Bit | kAttributeKss, kXfrmLegacy};
  secs.miscselect = kMiscselectExinfo;
  secs.mrenclave[0] = 0x42;
  change(secs);
  return secs;
}

ErrorCode error(const Secs& secs, const Sigstruct& sigstruct) { return einit_verdict(secs, sigstruct).error; }

}  // namespace

TEST(Einit, AcceptsWhatFits) {
  EXPECT_TRUE(check_einit(enclave(), certificate()).ok());
  // Outside the masks the enclave's owner may choose.
  EXPECT_TRUE(check_einit(enclave([](Secs& s) { s.attributes.xfrm |= kXfrmAvx512; }), certificate()).ok());
  EXPECT_TRUE(check_einit(enclave([](Secs& s) { s.miscselect |= kMiscselectCpinfo; }), certificate()).ok());
}

TEST(Einit, RefusesAttributesUnderTheMask) {
  const Sigstruct sigstruct = certificate();
  EXPECT_EQ(error(enclave([](Secs& s) { s.attributes.flags |= kAttributeDebug; }), sigstruct),
            ErrorCode::invalid_attribute);
  EXPECT_EQ(error(enclave([](Secs& s) { s.attributes.xfrm = kXfrmX87; }), sigstruct), ErrorCode::invalid_attribute);
  EXPECT_EQ(error(enclave([](Secs& s) { s.miscselect = 0; }), sigstruct), ErrorCode::invalid_attribute);
  const Sigstruct cet = certificate([](Sigstruct& s) { s.cet_attributes = s.cet_attributes_mask = 1; });
  EXPECT_EQ(error(enclave(), cet), ErrorCode::invalid_attribute);
  EXPECT_EQ(error(enclave([](Secs& s) { s.cet_attributes = 1; }), cet), ErrorCode::success);
  EXPECT_EQ(check_einit(enclave(), cet).error().code(), Errc::mismatch);
}

TEST(Einit, RefusesAnotherMeasurement) {
  EXPECT_EQ(error(enclave([](Secs& s) { s.mrenclave[31] ^= 1; }), certificate()), ErrorCode::invalid_measurement);
}

TEST(Einit, RefusesAFamilyWithoutKss) {
  const auto no_kss = [](Secs& s) { s.attributes.flags &= ~kAttributeKss; };
  EXPECT_EQ(error(enclave(no_kss), certificate()), ErrorCode::invalid_sig_struct);
  EXPECT_EQ(error(enclave(no_kss), certificate([](Sigstruct& s) { s.isvfamilyid[15] = 0; })),
            ErrorCode::invalid_attribute);  // the mask demands KSS
}

TEST(Einit, RefusesBadCertificates) {
  Sigstruct sigstruct = certificate();
  sigstruct.reserved4[0] = 1;
  EXPECT_EQ(error(enclave(), sigstruct), ErrorCode::invalid_sig_struct);
  EXPECT_EQ(check_einit(enclave(), sigstruct).error().code(), Errc::invalid);
  sigstruct = certificate();
  sigstruct.isvsvn += 1;
  EXPECT_EQ(error(enclave(), sigstruct), ErrorCode::invalid_signature);
  sigstruct = certificate();
  sigstruct.q1[0] ^= 1;
  EXPECT_EQ(error(enclave(), sigstruct), ErrorCode::invalid_signature);
}

TEST(Einit, CommitsTheSignersIdentity) {
  Secs secs = enclave();
  const Sigstruct sigstruct = certificate();
  commit_einit(secs, sigstruct);
  EXPECT_TRUE(std::ranges::equal(secs.mrsigner, test_key().mrsigner()));
  EXPECT_TRUE(std::ranges::equal(secs.isvfamilyid, sigstruct.isvfamilyid));
  EXPECT_TRUE(std::ranges::equal(secs.isvextprodid, sigstruct.isvextprodid));
  EXPECT_EQ(secs.isvprodid, 3);
  EXPECT_EQ(secs.isvsvn, 4);
  EXPECT_EQ(secs.attributes.flags, kAttributeMode64Bit | kAttributeKss | kAttributeInit);
}

}  // namespace cloister::sgx

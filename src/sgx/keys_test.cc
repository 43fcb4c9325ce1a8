// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/keys.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>
#include "src/base/hex.h"

namespace cloister::sgx {
namespace {

template <typename Bytes>
void fill(Bytes& bytes, std::uint8_t first) {
  for (auto& byte : bytes) byte = first++;
}

// An enclave that may have every key, its platform, and a request that takes all it can.
struct Scene {
  Platform platform;
  Secs secs{};
  Keyrequest request{};

  explicit Scene(KeyName name = KeyName::seal) {
    fill(platform.fuse_key, 0x10);
    fill(platform.seal_fuses, 0x20);
    fill(platform.owner_epoch, 0x30);
    fill(platform.cpusvn, 0x40);
    fill(platform.report_keyid, 0x50);
    secs.attributes = {
        kAttributeInit | kAttributeMode64Bit | kAttributeProvisionKey | kAttributeEinitTokenKey | kAttributeKss,
        kXfrmLegacy | kXfrmAvx};
    secs.miscselect = kMiscselectExinfo;
    secs.cet_attributes = 1;
    fill(secs.mrenclave, 0x60);
    fill(secs.mrsigner, 0x80);
    fill(secs.configid, 0xa0);
    fill(secs.isvextprodid, 0xe0);
    fill(secs.isvfamilyid, 0xf0);
    secs.isvprodid = 5;
    secs.isvsvn = 7;
    secs.configsvn = 9;
    request.keyname = static_cast<std::uint16_t>(name);
    request.keypolicy =
        kKeypolicyMrenclave | kKeypolicyMrsigner | kKeypolicyConfigid | kKeypolicyIsvfamilyid | kKeypolicyIsvextprodid;
    request.isvsvn = 7;
    request.configsvn = 9;
    request.cet_attributes_mask = 0xff;
    fill(request.cpusvn, 0x40);
    request.attributemask = {~0ull, ~0ull};
    fill(request.keyid, 0x01);
    request.miscmask = ~0u;
  }
  KeyOutcome get() const { return egetkey(platform, secs, request); }
  std::string hex() const {
    const KeyOutcome outcome = get();
    EXPECT_FALSE(outcome.general_protection);
    EXPECT_EQ(outcome.error, ErrorCode::success);
    return to_hex(outcome.key);
  }
};

const KeyName kAllNames[] = {KeyName::einittoken, KeyName::provision, KeyName::provision_seal, KeyName::report,
                             KeyName::seal};

}  // namespace

// SDM vol. 3D, EGETKEY, table "Key Derivation": what each key depends on. The columns are, in the order of kAllNames,
// E(INITTOKEN), P(ROVISION), Q for PROVISION_SEAL, R(EPORT), S(EAL).
TEST(Egetkey, DependsOnWhatTheTableSays) {
  struct Row {
    const char* field;
    const char* keys;
    std::function<void(Scene&)> change;
  };
  const Row rows[] = {
      {"fuse key", "EPQRS", [](Scene& s) { s.platform.fuse_key[0] ^= 1; }},
      {"SEAL_FUSES", "EQRS", [](Scene& s) { s.platform.seal_fuses[0] ^= 1; }},
      {"OWNEREPOCH", "ERS", [](Scene& s) { s.platform.owner_epoch[0] ^= 1; }},
      {"CR_CPUSVN", "R", [](Scene& s) { s.platform.cpusvn[15] += 1; }},
      {"CR_REPORT_KEYID", "", [](Scene& s) { s.platform.report_keyid[0] ^= 1; }},
      {"ATTRIBUTES.FLAGS", "EPQRS", [](Scene& s) { s.secs.attributes.flags ^= kAttributeDebug; }},
      {"ATTRIBUTES.XFRM", "EPQRS", [](Scene& s) { s.secs.attributes.xfrm ^= kXfrmPkru; }},
      {"MISCSELECT", "EPQRS", [](Scene& s) { s.secs.miscselect ^= 1; }},
      {"CET_ATTRIBUTES", "EPQRS", [](Scene& s) { s.secs.cet_attributes ^= 1; }},
      {"MRENCLAVE", "RS", [](Scene& s) { s.secs.mrenclave[31] ^= 1; }},
      {"MRSIGNER", "EPQS", [](Scene& s) { s.secs.mrsigner[31] ^= 1; }},
      {"ISVPRODID", "EPQS", [](Scene& s) { s.secs.isvprodid ^= 1; }},
      {"SECS.ISVSVN", "", [](Scene& s) { s.secs.isvsvn += 1; }},
      {"ISVEXTPRODID", "QS", [](Scene& s) { s.secs.isvextprodid[15] ^= 1; }},
      {"ISVFAMILYID", "QS", [](Scene& s) { s.secs.isvfamilyid[15] ^= 1; }},
      {"CONFIGID", "QRS", [](Scene& s) { s.secs.configid[63] ^= 1; }},
      {"SECS.CONFIGSVN", "R", [](Scene& s) { s.secs.configsvn += 1; }},
      {"KEYREQUEST.ISVSVN", "EPQS", [](Scene& s) { s.request.isvsvn -= 1; }},
      {"KEYREQUEST.CONFIGSVN", "QS", [](Scene& s) { s.request.configsvn -= 1; }},
      {"KEYREQUEST.CPUSVN", "EPQS", [](Scene& s) { s.request.cpusvn[0] -= 1; }},
      {"KEYREQUEST.KEYID", "ERS", [](Scene& s) { s.request.keyid[31] ^= 1; }},
      // The mask itself, at a bit that the enclave does not have.
      {"ATTRIBUTEMASK", "PQS", [](Scene& s) { s.request.attributemask.xfrm ^= kXfrmAmx; }},
      {"MISCMASK", "PQS", [](Scene& s) { s.request.miscmask ^= 1u << 31; }},
      {"KEYPOLICY.MRENCLAVE", "QS", [](Scene& s) { s.request.keypolicy ^= kKeypolicyMrenclave; }},
      {"KEYPOLICY.NOISVPRODID", "QS", [](Scene& s) { s.request.keypolicy ^= kKeypolicyNoisvprodid; }},
  };
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < 5; ++i) {
      Scene scene(kAllNames[i]);
      const std::string before = scene.hex();
      row.change(scene);
      const bool depends = std::string(row.keys).find("EPQRS"[i]) != std::string::npos;
      EXPECT_EQ(scene.hex() != before, depends) << row.field << " and key "
                                                << "EPQRS"[i];
    }
  }
}

TEST(Egetkey, NamesGiveDifferentKeys) {
  std::set<std::string> keys;
  for (const KeyName name : kAllNames) keys.insert(Scene(name).hex());
  EXPECT_EQ(keys.size(), 5u);
}

TEST(Egetkey, PolicyLeavesIdentitiesOut) {
  Scene scene;
  scene.request.keypolicy = kKeypolicyNoisvprodid;
  const std::string before = scene.hex();
  scene.secs.mrenclave[0] ^= 1;
  scene.secs.mrsigner[0] ^= 1;
  scene.secs.isvprodid ^= 1;
  scene.secs.isvextprodid[0] ^= 1;
  scene.secs.isvfamilyid[0] ^= 1;
  scene.secs.configid[0] ^= 1;
  scene.request.configsvn -= 1;
  EXPECT_EQ(scene.hex(), before);
}

TEST(Egetkey, MasksLeaveAttributesOutButNeverDebug) {
  Scene scene;
  scene.request.attributemask = {0, 0};
  scene.request.miscmask = 0;
  const std::string before = scene.hex();
  scene.secs.attributes.xfrm ^= kXfrmAvx;
  scene.secs.attributes.flags ^= kAttributeProvisionKey;
  scene.secs.miscselect ^= 1;
  EXPECT_EQ(scene.hex(), before);
  scene.secs.attributes.flags ^= kAttributeDebug;
  EXPECT_NE(scene.hex(), before);
}

TEST(Egetkey, RefusesVersionsAboveItsOwn) {
  const auto error = [](KeyName name, auto change) {
    Scene scene(name);
    change(scene.request);
    return scene.get().error;
  };
  for (const KeyName name : {KeyName::einittoken, KeyName::provision, KeyName::provision_seal, KeyName::seal}) {
    EXPECT_EQ(error(name, [](Keyrequest& r) { r.isvsvn = 8; }), ErrorCode::invalid_isvsvn);
    EXPECT_EQ(error(name, [](Keyrequest& r) { r.cpusvn[7] += 1; }), ErrorCode::invalid_cpusvn);
  }
  EXPECT_EQ(error(KeyName::seal, [](Keyrequest& r) { r.configsvn = 10; }), ErrorCode::invalid_isvsvn);
  EXPECT_EQ(error(KeyName::provision_seal, [](Keyrequest& r) { r.configsvn = 10; }), ErrorCode::invalid_isvsvn);
}

// After an update of the processor or of the program, the key of before can be asked for, and is the same.
TEST(Egetkey, GivesTheKeysOfOlderVersions) {
  Scene before, after;
  for (auto& svn : after.platform.cpusvn) svn += 1;
  after.secs.isvsvn += 1;
  EXPECT_EQ(after.hex(), before.hex()) << "the request names the version of before";
  const Scene old_request = after;
  std::ranges::copy(after.platform.cpusvn, after.request.cpusvn);
  EXPECT_NE(after.hex(), before.hex()) << "the CPUSVN of now";
  const Keyrequest of_now = after.request;
  after = old_request;
  after.request.isvsvn = after.secs.isvsvn;
  EXPECT_NE(after.hex(), before.hex()) << "the ISVSVN of now";
  after = old_request;
  after.secs.mrenclave[0] ^= 1;
  EXPECT_NE(after.hex(), before.hex()) << "another MRENCLAVE";
  after = old_request;
  after.secs.configid[0] ^= 1;
  EXPECT_NE(after.hex(), before.hex()) << "another CONFIGID";
  after = old_request;
  after.secs.attributes.flags ^= kAttributeDebug;
  EXPECT_NE(after.hex(), before.hex()) << "a debug enclave";
  before.request = of_now;
  EXPECT_EQ(before.get().error, ErrorCode::invalid_cpusvn) << "the platform of before";
}

// CPUSVN is one small number for each component: none may be above the platform's, whatever the others are.
TEST(Egetkey, ComparesCpusvnByComponents) {
  for (std::size_t i = 0; i < sizeof(Keyrequest::cpusvn); ++i) {
    Scene scene;
    std::ranges::fill(scene.request.cpusvn, std::uint8_t{0});
    EXPECT_EQ(scene.get().error, ErrorCode::success);
    scene.request.cpusvn[i] = static_cast<std::uint8_t>(scene.platform.cpusvn[i] + 1);
    EXPECT_EQ(scene.get().error, ErrorCode::invalid_cpusvn) << i;
  }
}

TEST(Egetkey, RefusesKeysThatTheAttributesDoNotGive) {
  for (const KeyName name : {KeyName::provision, KeyName::provision_seal}) {
    Scene scene(name);
    scene.secs.attributes.flags &= ~kAttributeProvisionKey;
    EXPECT_EQ(scene.get().error, ErrorCode::invalid_attribute);
  }
  Scene scene(KeyName::einittoken);
  scene.secs.attributes.flags &= ~kAttributeEinitTokenKey;
  EXPECT_EQ(scene.get().error, ErrorCode::invalid_attribute);
}

TEST(Egetkey, RefusesUnknownNames) {
  for (const std::uint16_t name : {5, 6, 255, 256, 65535}) {
    EXPECT_EQ(Scene(static_cast<KeyName>(name)).get().error, ErrorCode::invalid_keyname) << name;
  }
}

TEST(Egetkey, FaultsOnReservedFields) {
  const auto faults = [](auto change) {
    Scene scene;
    change(scene);
    return scene.get().general_protection;
  };
  EXPECT_FALSE(faults([](Scene&) {}));
  EXPECT_TRUE(faults([](Scene& s) { s.request.reserved1 = 1; }));
  EXPECT_TRUE(faults([](Scene& s) { s.request.reserved2[0] = 1; }));
  EXPECT_TRUE(faults([](Scene& s) { s.request.reserved2[433] = 1; }));
  for (unsigned bit = 6; bit < 16; ++bit) {
    EXPECT_TRUE(faults([bit](Scene& s) { s.request.keypolicy |= static_cast<std::uint16_t>(1u << bit); })) << bit;
  }
}

TEST(Egetkey, FaultsOnKssPoliciesWithoutKss) {
  Scene scene;
  scene.secs.attributes.flags &= ~kAttributeKss;
  scene.request.keypolicy = kKeypolicyMrenclave | kKeypolicyMrsigner;
  scene.request.configsvn = 0;
  EXPECT_FALSE(scene.get().general_protection);
  scene.request.configsvn = 1;
  EXPECT_TRUE(scene.get().general_protection);
  scene.request.configsvn = 0;
  for (const std::uint16_t policy :
       {kKeypolicyNoisvprodid, kKeypolicyConfigid, kKeypolicyIsvfamilyid, kKeypolicyIsvextprodid}) {
    scene.request.keypolicy = policy;
    EXPECT_TRUE(scene.get().general_protection) << policy;
  }
}

// The values of today. They were computed with another AES-CMAC from the layout written out by hand; when one changes,
// data that simulated enclaves sealed are lost.
TEST(Egetkey, KeepsItsValues) {
  EXPECT_EQ(Scene(KeyName::einittoken).hex(), "b94130a68a292b3e6dfdcc85284b0788");
  EXPECT_EQ(Scene(KeyName::provision).hex(), "f992efe4cd610e6e2e79c19a7134c62c");
  EXPECT_EQ(Scene(KeyName::provision_seal).hex(), "c04321f287d823d7387fd0998bf3b44f");
  EXPECT_EQ(Scene(KeyName::report).hex(), "5e9f1a5024c6136b1ddad303f23fdbf7");
  EXPECT_EQ(Scene(KeyName::seal).hex(), "c4e871734e9028184deb69ee89ec134d");
}

}  // namespace cloister::sgx

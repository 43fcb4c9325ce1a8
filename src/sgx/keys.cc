// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/keys.h"
#include <string.h>
#include <type_traits>
#include "src/sgx/bytes.h"

namespace cloister::sgx {
namespace {

// TMP_KEYDEPENDENCIES of the SDM, whose layout is not public. Ours is part of the simulation's file format: data sealed
// yesterday must open tomorrow. PADDING is left out, since after EINIT it is the same constant for every enclave.
struct KeyDependencies {
  std::uint8_t label[16];
  std::uint16_t keyname, keypolicy, isvprodid, isvsvn, configsvn;
  std::uint8_t cet_attributes, cet_attributes_mask;
  std::uint32_t miscselect, miscmask, zero;
  Attributes attributes, attributemask;
  std::uint8_t isvfamilyid[16], isvextprodid[16];
  std::uint8_t owner_epoch[16], seal_fuses[16], cpusvn[16];
  std::uint8_t mrenclave[32], mrsigner[32], keyid[32];
  std::uint8_t configid[64];
};
static_assert(sizeof(KeyDependencies) == 312 && std::has_unique_object_representations_v<KeyDependencies>);

constexpr char kLabel[16] = {'C', 'l', 'o', 'i', 's', 't', 'e', 'r', ' ', 's', 'i', 'm', ' ', 'k', '1', 0};

KeyDependencies dependencies(KeyName name) {
  KeyDependencies all{};
  memcpy(all.label, kLabel, sizeof all.label);
  all.keyname = static_cast<std::uint16_t>(name);
  return all;
}

Key128 derive(const Platform& platform, const KeyDependencies& all) {
  return aes_cmac(platform.fuse_key, {reinterpret_cast<const std::uint8_t*>(&all), sizeof all});
}

bool is_malformed(const Secs& secs, const Keyrequest& request) {
  if (request.reserved1 != 0 || !all_zero(request.reserved2) || (request.keypolicy & kKeypolicyReserved)) return true;
  const bool kss = secs.attributes.flags & kAttributeKss;
  return !kss && ((request.keypolicy & kKeypolicyKss) || request.configsvn > 0);
}

// The security versions that a request may name: none above what runs now.
ErrorCode check_versions(const Platform& platform, const Secs& secs, const Keyrequest& request) {
  for (std::size_t i = 0; i < platform.cpusvn.size(); ++i) {
    if (request.cpusvn[i] > platform.cpusvn[i]) return ErrorCode::invalid_cpusvn;
  }
  if (request.isvsvn > secs.isvsvn) return ErrorCode::invalid_isvsvn;
  return ErrorCode::success;
}

// What all keys but the report key have in common.
KeyDependencies requested(KeyName name, const Secs& secs, const Keyrequest& request) {
  KeyDependencies all = dependencies(name);
  // INIT and DEBUG are in every key, asked for or not: a debug enclave never gets a production enclave's.
  Attributes mask = request.attributemask;
  mask.flags |= kAttributeInit | kAttributeDebug;
  all.attributes = secs.attributes & mask;
  all.miscselect = secs.miscselect & request.miscmask;
  all.cet_attributes = secs.cet_attributes & request.cet_attributes_mask;
  all.isvsvn = request.isvsvn;
  copy_bytes(all.cpusvn, request.cpusvn);
  return all;
}

// The masks themselves, in the keys whose holder can choose them.
void add_masks(KeyDependencies& all, const Keyrequest& request) {
  all.attributemask = request.attributemask;
  all.miscmask = ~request.miscmask;
  all.cet_attributes_mask = request.cet_attributes_mask;
}

// The identity that KEYPOLICY chooses, but for MRENCLAVE and MRSIGNER.
void add_policy(KeyDependencies& all, const Secs& secs, const Keyrequest& request) {
  const std::uint16_t policy = request.keypolicy;
  all.keypolicy = policy;
  if (!(policy & kKeypolicyNoisvprodid)) all.isvprodid = secs.isvprodid;
  if (policy & kKeypolicyIsvfamilyid) copy_bytes(all.isvfamilyid, secs.isvfamilyid);
  if (policy & kKeypolicyIsvextprodid) copy_bytes(all.isvextprodid, secs.isvextprodid);
  if (policy & kKeypolicyConfigid) {
    copy_bytes(all.configid, secs.configid);
    all.configsvn = request.configsvn;
  }
}

Key128 seal_key(const Platform& platform, const Secs& secs, const Keyrequest& request) {
  KeyDependencies all = requested(KeyName::seal, secs, request);
  add_masks(all, request);
  add_policy(all, secs, request);
  if (request.keypolicy & kKeypolicyMrenclave) copy_bytes(all.mrenclave, secs.mrenclave);
  if (request.keypolicy & kKeypolicyMrsigner) copy_bytes(all.mrsigner, secs.mrsigner);
  copy_bytes(all.owner_epoch, std::span(platform.owner_epoch));
  copy_bytes(all.seal_fuses, std::span(platform.seal_fuses));
  copy_bytes(all.keyid, request.keyid);
  return derive(platform, all);
}

Key128 einittoken_key(const Platform& platform, const Secs& secs, const Keyrequest& request) {
  KeyDependencies all = requested(KeyName::einittoken, secs, request);
  all.isvprodid = secs.isvprodid;
  copy_bytes(all.mrsigner, secs.mrsigner);
  copy_bytes(all.owner_epoch, std::span(platform.owner_epoch));
  copy_bytes(all.seal_fuses, std::span(platform.seal_fuses));
  copy_bytes(all.keyid, request.keyid);
  return derive(platform, all);
}

// Depends on neither the owner's epoch nor the seal fuses, since its root is known to who provisions.
Key128 provision_key(const Platform& platform, const Secs& secs, const Keyrequest& request) {
  KeyDependencies all = requested(KeyName::provision, secs, request);
  add_masks(all, request);
  all.isvprodid = secs.isvprodid;
  copy_bytes(all.mrsigner, secs.mrsigner);
  return derive(platform, all);
}

Key128 provision_seal_key(const Platform& platform, const Secs& secs, const Keyrequest& request) {
  KeyDependencies all = requested(KeyName::provision_seal, secs, request);
  add_masks(all, request);
  add_policy(all, secs, request);
  copy_bytes(all.mrsigner, secs.mrsigner);
  copy_bytes(all.seal_fuses, std::span(platform.seal_fuses));
  return derive(platform, all);
}

Targetinfo self_as_target(const Secs& secs) {
  Targetinfo self{};
  copy_bytes(self.measurement, secs.mrenclave);
  self.attributes = secs.attributes;
  self.cet_attributes = secs.cet_attributes;
  self.configsvn = secs.configsvn;
  self.miscselect = secs.miscselect;
  copy_bytes(self.configid, secs.configid);
  return self;
}

}  // namespace

KeyOutcome egetkey(const Platform& platform, const Secs& secs, const Keyrequest& request) {
  if (is_malformed(secs, request)) return {.general_protection = true};
  const auto name = static_cast<KeyName>(request.keyname);
  std::uint64_t needed_attribute = 0;
  switch (name) {
    case KeyName::report:  // takes nothing from the request but KEYID
      return {.key = report_key(platform, self_as_target(secs), request.keyid)};
    case KeyName::einittoken: needed_attribute = kAttributeEinitTokenKey; break;
    case KeyName::provision:
    case KeyName::provision_seal: needed_attribute = kAttributeProvisionKey; break;
    case KeyName::seal: break;
    default: return {.error = ErrorCode::invalid_keyname};
  }
  if ((secs.attributes.flags & needed_attribute) != needed_attribute) return {.error = ErrorCode::invalid_attribute};
  const ErrorCode versions = check_versions(platform, secs, request);
  if (versions != ErrorCode::success) return {.error = versions};
  switch (name) {
    case KeyName::einittoken: return {.key = einittoken_key(platform, secs, request)};
    case KeyName::provision: return {.key = provision_key(platform, secs, request)};
    default: break;
  }
  // The operation of the May 2018 SDM has this check for the seal key alone; its text wants it of every key that
  // permits CONFIGSVN, and the provisioning seal key does.
  if (request.configsvn > secs.configsvn) return {.error = ErrorCode::invalid_isvsvn};
  if (name == KeyName::seal) return {.key = seal_key(platform, secs, request)};
  return {.key = provision_seal_key(platform, secs, request)};
}

Key128 report_key(const Platform& platform, const Targetinfo& target, std::span<const std::uint8_t, 32> keyid) {
  KeyDependencies all = dependencies(KeyName::report);
  all.attributes = target.attributes;
  all.miscselect = target.miscselect;
  all.cet_attributes = target.cet_attributes;
  all.configsvn = target.configsvn;
  copy_bytes(all.configid, target.configid);
  copy_bytes(all.mrenclave, target.measurement);
  copy_bytes(all.keyid, keyid);
  copy_bytes(all.owner_epoch, std::span(platform.owner_epoch));
  copy_bytes(all.seal_fuses, std::span(platform.seal_fuses));
  copy_bytes(all.cpusvn, std::span(platform.cpusvn));
  return derive(platform, all);
}

}  // namespace cloister::sgx

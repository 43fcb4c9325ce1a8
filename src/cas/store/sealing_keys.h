// SPDX-License-Identifier: Apache-2.0
// The keys of CAS's store, all from one sealing key of the processor. In the enclave; tests bring a key of their own.
//
// The processor gives 16 bytes that depend on MRENCLAVE, CONFIGID (so on the owner) and the security version, ISVSVN
// and the processor's own: another program, another owner's CAS or another machine get another key. HKDF-SHA256 makes a
// key for each purpose, so that no two uses can be played against each other. All are wiped when they go.
#pragma once
#include <array>
#include <string>
#include "src/base/result.h"
#include "src/base/secret.h"

namespace cloister::cas {

// What keys are of besides an identity. An update of microcode raises CPUSVN, another signature may raise ISVSVN.
// CPUSVN is no number: which of two is the older one only the processor says, by giving the key of that alone.
struct SecurityVersion {
  std::array<std::uint8_t, 16> cpusvn{};
  std::uint16_t isvsvn = 0;
  bool operator==(const SecurityVersion&) const = default;
};
// "CPUSVN 0123…, ISVSVN 4".
std::string version_text(const SecurityVersion& version);

class SealingKeySource {
 public:
  virtual ~SealingKeySource() = default;
  // That of now.
  virtual const SecurityVersion& version() const = 0;
  // ENOKEY for a version that is not at most the one of now.
  virtual Result<SecretBytes> sealing_key(const SecurityVersion& version) const = 0;
};

using KeyId = std::array<std::uint8_t, 16>;

struct StoreKeys {
  SecretBytes records;  // AES-256-GCM, by way of Sealer; likewise audit and root
  SecretBytes audit;
  SecretBytes root;
  SecretBytes names;        // HMAC of a record's name
  SecretBytes elements;     // HMAC of a record's element in the set hash
  SecretBytes states;       // HMAC of a state, for audit entries
  KeyId id{};               // not secret: tells a database of other keys from one that was changed
  SecurityVersion version;  // that they are of

  static Result<StoreKeys> derive(const SealingKeySource& source, const SecurityVersion& version);
};
// For a successor alone (src/cas/upgrade): the processor's own key stays here.
SecretBytes encode(const StoreKeys& keys);
Result<StoreKeys> decode_store_keys(std::span<const std::uint8_t> bytes);

using Mac = std::array<std::uint8_t, 32>;
// HMAC-SHA256.
Mac hmac(std::span<const std::uint8_t> key, std::span<const std::uint8_t> bytes);

}  // namespace cloister::cas

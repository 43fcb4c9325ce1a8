// SPDX-License-Identifier: Apache-2.0
// The keys of CAS's store, all from one sealing key of the processor. In the enclave; tests bring a key of their own.
//
// The processor gives 16 bytes that depend on MRENCLAVE, CONFIGID (so on the owner), ISVSVN and the processor's own
// security version: another program, another owner's CAS or another machine get another key. HKDF-SHA256 makes a key
// for each purpose, so that no two uses can be played against each other. All are wiped when they go.
#pragma once
#include <array>
#include <string>
#include "src/base/result.h"
#include "src/base/secret.h"

namespace cloister::cas {

class SealingKeySource {
 public:
  virtual ~SealingKeySource() = default;
  virtual Result<SecretBytes> sealing_key() const = 0;
};

// The file of `/dev/attestation` that gives it to a program in an enclave.
class DeviceSealingKey final : public SealingKeySource {
 public:
  static constexpr char kPath[] = "/dev/attestation/keys/_sgx_mrenclave";
  static constexpr std::size_t kSize = 16;
  explicit DeviceSealingKey(std::string path = kPath) : path_(std::move(path)) {}
  // Errc::io where there is no such file, which is so outside of an enclave; Errc::invalid for another size.
  Result<SecretBytes> sealing_key() const override;

 private:
  std::string path_;
};

using KeyId = std::array<std::uint8_t, 16>;

struct StoreKeys {
  SecretBytes records;  // AES-256-GCM, by way of Sealer; likewise audit and root
  SecretBytes audit;
  SecretBytes root;
  SecretBytes names;     // HMAC of a record's name
  SecretBytes elements;  // HMAC of a record's element in the set hash
  SecretBytes states;    // HMAC of a state, for audit entries
  KeyId id{};            // not secret: tells a database of other keys from one that was changed

  static Result<StoreKeys> derive(const SealingKeySource& source);
};
// For a successor alone (src/cas/upgrade): the processor's own key stays here.
SecretBytes encode(const StoreKeys& keys);
Result<StoreKeys> decode_store_keys(std::span<const std::uint8_t> bytes);

using Mac = std::array<std::uint8_t, 32>;
// HMAC-SHA256.
Mac hmac(std::span<const std::uint8_t> key, std::span<const std::uint8_t> bytes);

}  // namespace cloister::cas

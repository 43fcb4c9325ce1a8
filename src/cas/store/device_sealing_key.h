// SPDX-License-Identifier: Apache-2.0
// The sealing keys that the processor gives to this program, by /dev/attestation. In the enclave.
#pragma once
#include "src/cas/device/device_file.h"
#include "src/cas/store/sealing_keys.h"

namespace cloister::cas {

class DeviceSealingKey final : public SealingKeySource {
 public:
  static constexpr std::size_t kSize = 16;
  // Asks once for the version of now, which stays as long as the enclave does. Errc::io where there is no such device,
  // which is so outside of an enclave.
  static Result<DeviceSealingKey> open(const std::string& device = kAttestationDevice);

  const SecurityVersion& version() const override { return version_; }
  Result<SecretBytes> sealing_key(const SecurityVersion& version) const override;

 private:
  DeviceSealingKey(std::string device, const SecurityVersion& version)
      : device_(std::move(device)), version_(version) {}

  std::string device_;
  SecurityVersion version_;
};

}  // namespace cloister::cas

// SPDX-License-Identifier: Apache-2.0
// What CAS knows of the enclave that it runs in, and how it proves it: by /dev/attestation, like any program. In the
// enclave.
#pragma once
#include <mutex>
#include <string>
#include <vector>
#include "src/cas/device/device_file.h"
#include "src/release/evidence.h"

namespace cloister::cas {

class OwnEnclave {
 public:
  // Reads CONFIGID, which names the owner. `problem` is one line: outside of an enclave, or in one that was not started
  // as a CAS, there is nothing to read or another CONFIGID.
  static Result<OwnEnclave> open(std::string& problem, const std::string& device = kAttestationDevice);

  const release::Digest& owner_key_hash() const { return owner_key_hash_; }
  const release::Digest& mrenclave() const { return mrenclave_; }
  // A quote over these 64 bytes; takes as long as the quoting service does. One at a time.
  Result<std::vector<std::uint8_t>> quote(const release::ReportData& data) const;

 private:
  OwnEnclave(std::string device, const release::Digest& owner, const release::Digest& mrenclave)
      : device_(std::move(device)), owner_key_hash_(owner), mrenclave_(mrenclave) {}

  std::string device_;
  release::Digest owner_key_hash_, mrenclave_;
  // user_report_data is one for the whole enclave.
  std::unique_ptr<std::mutex> quoting_ = std::make_unique<std::mutex>();
};

}  // namespace cloister::cas

// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/quoting_enclave_image.h"
#include <openssl/crypto.h>
#include <cstring>
#include "abi/enclave_layout.h"
#include "src/dcap/simulation/quoting_enclave.h"
#include "src/host/device/sim_device.h"
#include "src/las/server/kept_secret.h"
#include "src/sgx/signing_key.h"

namespace cloister::las {
namespace {
namespace simulation = dcap::simulation;

// All that is measured of it. Another text is another MRENCLAVE.
constexpr char kImage[] = "Cloister simulated quoting enclave, version 1";

Result<sgx::SigningKey> signing_key(const std::string& path) {
  std::string pem = TRY(kept_secret(path, sgx::generate_signing_key));
  auto key = sgx::SigningKey::from_pem(pem);
  OPENSSL_cleanse(pem.data(), pem.size());
  return key;
}

sgx::Secs quoting_secs() {
  sgx::Secs secs{};
  secs.size = layout::kElrangeSize;
  secs.ssaframesize = layout::kSsaFramePages;
  secs.attributes = {simulation::kQeAttributes, sgx::kXfrmLegacy};
  return secs;
}

Result<sgx::Sigstruct> signature(const std::string& directory, const sgx::Digest& mrenclave, std::uint16_t isvsvn) {
  sgx::Sigstruct sigstruct = sgx::blank_sigstruct();
  sigstruct.date = 0x20260101;
  sigstruct.miscmask = ~0u;
  sigstruct.attributes = quoting_secs().attributes;
  sigstruct.attributemask = {~std::uint64_t{0}, ~std::uint64_t{0}};
  sigstruct.isvprodid = simulation::kQeIsvprodid;
  sigstruct.isvsvn = isvsvn;
  std::memcpy(sigstruct.enclavehash, mrenclave.data(), mrenclave.size());
  const sgx::SigningKey key = TRY(signing_key(directory + "/attestation/qe-signing-key.pem"));
  TRY(key.sign(sigstruct));
  return sigstruct;
}
}  // namespace

Result<std::shared_ptr<const sgx::KeyLeaves>> start_quoting_enclave(const std::string& directory,
                                                                    std::uint16_t isvsvn) {
  auto device = std::make_shared<host::SimDevice>(TRY(host::load_sim_platform(directory)), false,
                                                  host::LeafMode::patched, std::string());
  TRY(device->create(quoting_secs()));
  std::array<std::uint8_t, sgx::kPageSize> page{};
  std::memcpy(page.data(), kImage, sizeof kImage);
  TRY(device->add_page(layout::kImageBase, sgx::kSecinfoRegR, page));
  TRY(device->initialise(TRY(signature(directory, device->measurement(), isvsvn))));
  return std::shared_ptr<const sgx::KeyLeaves>(std::move(device));
}

}  // namespace cloister::las

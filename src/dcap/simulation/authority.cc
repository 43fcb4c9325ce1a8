// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/simulation/authority.h"
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include "src/dcap/certificate.h"
#include "src/dcap/pck_chain.h"

namespace cloister::dcap::simulation {
namespace {

constexpr UnixTime kThirtyYears = UnixTime{30} * 365 * 86400;
constexpr const char* kMembers[] = {"root", "pck-ca", "tcb-signing"};

Error no_state() { return Error(Errc::io, "the simulation's attestation keys cannot be read or written"); }

bool write_file(const std::string& path, std::string_view text, mode_t mode) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (descriptor < 0) return false;
  const bool written =
      write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(descriptor) == 0;
  close(descriptor);
  return written;
}

Result<std::string> read_text(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return no_state();
  char buffer[16 * 1024];
  const ssize_t size = read(descriptor, buffer, sizeof buffer);
  close(descriptor);
  if (size <= 0) return no_state();
  std::string text(buffer, static_cast<std::size_t>(size));
  OPENSSL_cleanse(buffer, sizeof buffer);
  return text;
}

Result<void> write_member(const std::string& directory, const char* name, const Authority::Member& member) {
  std::string key = TRY(member.key.to_pem());
  const bool written = write_file(directory + "/" + name + "-key.pem", key, 0600) &&
                       write_file(directory + "/" + name + ".pem", to_pem(member.certificate, "CERTIFICATE"), 0644);
  OPENSSL_cleanse(key.data(), key.size());
  if (!written) return no_state();
  return {};
}

Result<Authority::Member> read_member(const std::string& directory, const char* name) {
  std::string pem = TRY(read_text(directory + "/" + name + "-key.pem"));
  auto key = PrivateKey::from_pem(pem);
  OPENSSL_cleanse(pem.data(), pem.size());
  const std::string certificate = TRY(read_text(directory + "/" + name + ".pem"));
  auto blocks = TRY(parse_pem(certificate, "CERTIFICATE", 1));
  return Authority::Member{TRY(std::move(key)), std::move(blocks[0])};
}

Result<Authority> read_authority(const std::string& directory) {
  Authority::Member root = TRY(read_member(directory, kMembers[0]));
  Authority::Member pck_ca = TRY(read_member(directory, kMembers[1]));
  Authority::Member tcb_signing = TRY(read_member(directory, kMembers[2]));
  Authority authority{std::move(root), std::move(pck_ca), std::move(tcb_signing), Validity{}};
  authority.validity = TRY(Certificate::parse(authority.root.certificate)).validity();
  return authority;
}

// Written under another name and renamed, so that the directory is whole or not there.
Result<void> create_directory(const std::string& directory, UnixTime now) {
  const Authority authority = TRY(make_authority(now));
  std::string temporary = directory + ".XXXXXX";
  if (!mkdtemp(temporary.data())) return no_state();
  TRY(write_member(temporary, kMembers[0], authority.root));
  TRY(write_member(temporary, kMembers[1], authority.pck_ca));
  TRY(write_member(temporary, kMembers[2], authority.tcb_signing));
  if (rename(temporary.c_str(), directory.c_str()) == 0) return {};
  // Somebody else was faster, or it cannot be done; reading will tell.
  for (const char* name : kMembers) {
    unlink((temporary + "/" + name + "-key.pem").c_str());
    unlink((temporary + "/" + name + ".pem").c_str());
  }
  rmdir(temporary.c_str());
  return {};
}

}  // namespace

Result<Authority> make_authority(UnixTime now) {
  PrivateKey root = TRY(PrivateKey::generate()), pck_ca = TRY(PrivateKey::generate()),
             tcb_signing = TRY(PrivateKey::generate());
  const Validity validity{now, now + kThirtyYears};
  const auto certificate = [&](const char* name, const PrivateKey& key, std::optional<int> path_length) {
    return make_certificate({.common_name = name,
                             .issuer_common_name = kRootName,
                             .serial = serial_of(key.point()),
                             .validity = validity,
                             .path_length = path_length,
                             .sgx_extension = {}},
                            key, root);
  };
  OwnedBytes root_certificate = TRY(certificate(kRootName, root, 1)),
             pck_ca_certificate = TRY(certificate(kPckCaName, pck_ca, 0)),
             tcb_signing_certificate = TRY(certificate(kTcbSigningName, tcb_signing, std::nullopt));
  return Authority{{std::move(root), std::move(root_certificate)},
                   {std::move(pck_ca), std::move(pck_ca_certificate)},
                   {std::move(tcb_signing), std::move(tcb_signing_certificate)},
                   validity};
}

Result<Authority> load_authority(const std::string& directory, UnixTime now) {
  if (access((directory + "/root.pem").c_str(), F_OK) != 0) TRY(create_directory(directory, now));
  return read_authority(directory);
}

}  // namespace cloister::dcap::simulation

// SPDX-License-Identifier: Apache-2.0
#include "src/pccs/directory.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include "src/base/hex.h"

namespace cloister::pccs {
namespace {

using dcap::CollateralKind;

Result<dcap::OwnedBytes> read_descriptor(int descriptor, std::size_t limit) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0 ||
      static_cast<std::size_t>(status.st_size) > limit)
    return Error(Errc::io, "not a file of a usable size");
  dcap::OwnedBytes bytes(static_cast<std::size_t>(status.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t size = ::read(descriptor, bytes.data() + have, bytes.size() - have);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Error(Errc::io, "a file that cannot be read");
    have += static_cast<std::size_t>(size);
  }
  return bytes;
}

bool write_all(int descriptor, dcap::Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(descriptor, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return true;
}

}  // namespace

std::string Directory::file_name(CollateralKind kind, const dcap::CollateralRequest& request) const {
  const std::string tee = request.tdx ? "/tdx" : "/sgx";
  switch (kind) {
    case CollateralKind::tcb_info: return path_ + tee + "/tcb/" + to_hex(request.fmspc) + ".json";
    case CollateralKind::qe_identity: return path_ + tee + "/qe_identity.json";
    case CollateralKind::pck_crl: return path_ + "/pckcrl/" + (request.platform_ca ? "platform.der" : "processor.der");
    case CollateralKind::root_crl: return path_ + "/rootcacrl.der";
    case CollateralKind::tcb_signing: return path_ + "/tcb_signing.pem";
    case CollateralKind::pck_ca: return path_ + "/pckcrl/" + (request.platform_ca ? "platform.pem" : "processor.pem");
  }
  return path_;
}

Result<dcap::CollateralFile> Directory::read(CollateralKind kind, const dcap::CollateralRequest& request) const {
  const std::string name = file_name(kind, request);
  const int descriptor = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Error(Errc::io, "the directory has no such file");
  auto bytes = read_descriptor(descriptor, size_limit(kind));
  close(descriptor);
  return dcap::CollateralFile{TRY(std::move(bytes)), name};
}

Result<void> Directory::write(CollateralKind kind, const dcap::CollateralRequest& request, dcap::Bytes bytes) const {
  const std::string name = file_name(kind, request);
  std::error_code code;
  std::filesystem::create_directories(std::filesystem::path(name).parent_path(), code);
  std::string temporary = name + ".XXXXXX";
  const int descriptor = mkstemp(temporary.data());
  if (descriptor < 0) return Error(Errc::io, "cannot be written");
  const bool written = write_all(descriptor, bytes) && fchmod(descriptor, 0644) == 0;
  close(descriptor);
  if (written && rename(temporary.c_str(), name.c_str()) == 0) return {};
  unlink(temporary.c_str());
  return Error(Errc::io, "cannot be written");
}

}  // namespace cloister::pccs

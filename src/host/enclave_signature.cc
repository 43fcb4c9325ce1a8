// SPDX-License-Identifier: Apache-2.0
#include "src/host/enclave_signature.h"
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include "abi/enclave_layout.h"
#include "src/base/hex.h"
#include "src/files/file_bytes.h"
#include "src/files/file_view.h"
#include "src/sgx/development_family.h"
#include "src/sgx/signing_key.h"
#include "src/sgx/sigstruct.h"

namespace cloister::host {
namespace {
constexpr std::uint64_t kXfrmPkru = 1 << 9, kXfrmAmx = 3 << 17;

Result<sgx::SigningKey> development_key(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) {
    const auto pem = TRY(sgx::generate_signing_key());
    // Without a place to keep it there is another key the next time.
    if (path.empty() ||
        !write_file_unless_there(path, {reinterpret_cast<const std::uint8_t*>(pem.data()), pem.size()}, 0600).ok())
      return sgx::SigningKey::from_pem(pem);
  }
  const auto pem = TRY(read_file(path));
  return sgx::SigningKey::from_pem({reinterpret_cast<const char*>(pem.data()), pem.size()});
}
}  // namespace

sgx::Secs make_secs(std::uint64_t debug) {
  sgx::Secs secs{};
  secs.size = layout::kElrangeSize;
  secs.ssaframesize = layout::kSsaFramePages;
  secs.miscselect = sgx::kMiscselectExinfo;
  secs.attributes.flags = sgx::kAttributeMode64Bit | sgx::kAttributeKss | debug;
  std::uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  // Protection keys are not served, and their register is no vector register that a system call may lose.
  // Tiles need a permission of the host's kernel that nobody asks for; with them, signal frames would be 8 KiB larger
  // than natively, and not fit stacks of SIGSTKSZ bytes.
  secs.attributes.xfrm = (static_cast<std::uint64_t>(high) << 32 | low) & ~(kXfrmPkru | kXfrmAmx);
  return secs;
}

sgx::Sigstruct unsigned_sigstruct(std::uint64_t attribute_flags, const sgx::Digest& mrenclave) {
  sgx::Sigstruct sigstruct = sgx::blank_sigstruct();
  sigstruct.date = 0x20260101;
  sigstruct.miscselect = sgx::kMiscselectExinfo;
  sigstruct.miscmask = ~0u;
  sigstruct.attributes = {attribute_flags, sgx::kXfrmLegacy};
  sigstruct.attributemask = {~std::uint64_t{0}, sgx::kXfrmLegacy};
  std::memcpy(sigstruct.enclavehash, mrenclave.data(), mrenclave.size());
  return sigstruct;
}

Result<sgx::Sigstruct> development_signature(const DevelopmentKey& development, std::uint64_t attribute_flags,
                                             const sgx::Digest& mrenclave) {
  std::string path;  // none without a cache
  if (!development.cache_directory.empty()) {
    const std::string directory = development.cache_directory + "/sigstructs";
    mkdir(directory.c_str(), 0700);
    path = directory + "/" + to_hex(mrenclave) + ((attribute_flags & sgx::kAttributeDebug) != 0 ? ".debug" : "");
  }
  sgx::Sigstruct wanted = unsigned_sigstruct(attribute_flags, mrenclave);
  std::ranges::copy(sgx::kDevelopmentFamily, wanted.isvfamilyid);
  if (const auto cached = FileView::open(path); cached.ok())
    if (auto parsed = sgx::parse_sigstruct(cached.value().bytes());
        parsed.ok() && sgx::signed_bytes(parsed.value()) == sgx::signed_bytes(wanted))
      return parsed.value();
  const auto key = TRY(development_key(development.path));
  TRY(key.sign(wanted));
  if (!path.empty()) (void)write_file_atomically(path, sgx::bytes_of(wanted), 0600).ok();  // only a cache
  return wanted;
}
}  // namespace cloister::host

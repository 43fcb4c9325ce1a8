// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/attest/sealing_key_files.h"
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include "src/enclave/attest/leaves.h"
#include "src/enclave/core/task.h"
#include "src/enclave/vfs/generated.h"

namespace cloister::attest {
namespace {
using vfs::kDevfs;
using vfs::TextNode;

constexpr std::string_view kName = "_sgx_mrenclave";
constexpr std::uint64_t kOfVersions = std::uint64_t{1} << 63;  // inodes of files that are not listed

struct Version {
  std::uint8_t cpusvn[16];
  std::uint16_t isvsvn;
};

Version own_version() {
  const sgx::ReportBody body = own_report().body;
  Version version{};
  std::memcpy(version.cpusvn, body.cpusvn, sizeof version.cpusvn);
  version.isvsvn = body.isvsvn;
  return version;
}

// What a sealing key counts of ATTRIBUTES and MISCSELECT are the bits that Intel keeps for what bears on security, and
// INIT and DEBUG, which the processor counts in any case. KSS is in it by the policy, which is refused without. The
// rest may change under a program that stays the same: a newer processor or driver brings AEX-Notify, CET and vector
// registers, and what was sealed must open (docs/decisions/0013).
constexpr std::uint64_t kCountedAttributes =
    std::uint64_t{0xff} << 56 | 1u << 3 | sgx::kAttributeInit | sgx::kAttributeDebug;
constexpr std::uint32_t kCountedMiscselect = 0xf000'0000;

// `version`: the processor refuses one that is beyond its own, or above the enclave's.
Result<std::string> sealing_key(const Version& version) {
  sgx::Keyrequest request{};
  request.keyname = static_cast<std::uint16_t>(sgx::KeyName::seal);
  request.keypolicy = sgx::kKeypolicyMrenclave | sgx::kKeypolicyConfigid;
  request.isvsvn = version.isvsvn;
  request.configsvn = own_report().body.configsvn;
  std::memcpy(request.cpusvn, version.cpusvn, sizeof request.cpusvn);
  request.attributemask = {kCountedAttributes, 0};
  request.miscmask = kCountedMiscselect;
  sgx::Key128 key = TRY(get_key(request));
  std::string text(reinterpret_cast<const char*>(key.data()), key.size());
  explicit_bzero(key.data(), key.size());
  return text;
}

int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool read_digits(std::string_view text, std::uint8_t* to) {
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]), low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return false;
    to[i / 2] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

// One name for each version, and nothing else.
std::optional<Version> version_of(std::string_view name) {
  constexpr std::size_t kCpusvn = kName.size() + 1, kIsvsvn = kCpusvn + 33;
  if (name.size() != kIsvsvn + 4 || !name.starts_with(kName) || name[kCpusvn - 1] != '.' || name[kIsvsvn - 1] != '.')
    return std::nullopt;
  Version version{};
  std::uint8_t isvsvn[2];
  if (!read_digits(name.substr(kCpusvn, 32), version.cpusvn) || !read_digits(name.substr(kIsvsvn), isvsvn))
    return std::nullopt;
  version.isvsvn = static_cast<std::uint16_t>(isvsvn[0] << 8 | isvsvn[1]);
  return version;
}
}  // namespace

vfs::NodeRef make_sealing_key_directory(std::uint64_t inode, std::uint32_t user, std::uint32_t group) {
  const TextNode::Attributes for_its_user{0400, user, group};
  const auto current = std::make_shared<TextNode>(kDevfs, inode + 1, for_its_user,
                                                  [](vfs::Task&) { return sealing_key(own_version()); });
  const auto lookup = [current, for_its_user](vfs::Task&, const std::string& name) -> Result<vfs::NodeRef> {
    if (name == kName) return vfs::NodeRef(current);
    const auto version = version_of(name);
    if (!version) return Error::from_errno(ENOENT);
    return vfs::NodeRef(std::make_shared<TextNode>(kDevfs, std::hash<std::string>{}(name) | kOfVersions, for_its_user,
                                                   [version](vfs::Task&) { return sealing_key(*version); }));
  };
  const auto list = [current](vfs::Task&) -> Result<std::vector<vfs::DirectoryEntry>> {
    return std::vector<vfs::DirectoryEntry>{{std::string(kName), current->inode, vfs::entry_type(current->type())}};
  };
  return std::make_shared<vfs::GeneratedDirectory>(kDevfs, inode, TextNode::Attributes{0755, 0, 0}, lookup, list);
}
}  // namespace cloister::attest

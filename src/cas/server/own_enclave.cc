// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/own_enclave.h"
#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include "abi/sgx/report.h"
#include "src/dcap/quote.h"

namespace cloister::cas {
namespace {
// A device says nothing of its size beforehand.
Result<std::vector<std::uint8_t>> read_device(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Error::from_errno(errno);
  std::vector<std::uint8_t> bytes(dcap::kQuoteSizeLimit + 1);
  const ssize_t size = read(file, bytes.data(), bytes.size());
  const int error = errno;
  close(file);
  if (size < 0) return Error::from_errno(error);
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

// A device takes what it is given in one write.
Result<void> write_device(const std::string& path, std::span<const std::uint8_t> bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return Error::from_errno(errno);
  const ssize_t written = write(file, bytes.data(), bytes.size());
  const int error = errno;
  close(file);
  if (written != static_cast<ssize_t>(bytes.size())) return Error::from_errno(written < 0 ? error : EIO);
  return {};
}
}  // namespace

Result<OwnEnclave> OwnEnclave::open(std::string& problem, const std::string& device) {
  const auto bytes = read_device(device + "/my_target_info");
  if (!bytes.ok() || bytes.value().size() != sizeof(sgx::Targetinfo)) {
    problem = "there is no " + device + ": CAS runs inside an enclave; start it by `cloister cas serve`";
    return Error(Errc::unsupported, "not in an enclave");
  }
  sgx::Targetinfo self;
  std::memcpy(&self, bytes.value().data(), sizeof self);
  release::Digest owner, mrenclave;
  std::memcpy(owner.data(), self.configid, owner.size());
  std::memcpy(mrenclave.data(), self.measurement, mrenclave.size());
  const release::ConfigId expected = release::cas_id(owner);
  if (!release::equal(expected, self.configid)) {
    problem = "this enclave's CONFIGID names no owner: start CAS by `cloister cas serve --owner KEYHASH`";
    return Error(Errc::invalid, "CONFIGID is not a CAS's");
  }
  return OwnEnclave(device, owner, mrenclave);
}

Result<std::vector<std::uint8_t>> OwnEnclave::quote(const release::ReportData& data) const {
  const std::lock_guard lock(*quoting_);
  TRY(write_device(device_ + "/user_report_data", data));
  auto quote = TRY(read_device(device_ + "/quote"));
  if (quote.empty() || quote.size() > dcap::kQuoteSizeLimit)
    return Error(Errc::invalid, "the quote has no usable size");
  return quote;
}
}  // namespace cloister::cas

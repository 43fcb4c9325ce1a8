// SPDX-License-Identifier: Apache-2.0
#include "src/enclave/attest/device_files.h"
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include "abi/evidence_label.h"
#include "src/enclave/attest/leaves.h"
#include "src/enclave/attest/quote.h"
#include "src/enclave/attest/sealing_key_files.h"
#include "src/enclave/core/task.h"
#include "src/enclave/vfs/generated.h"
#include "src/sgx/report.h"

namespace cloister::attest {
namespace {
using vfs::kDevfs;
using vfs::StaticDirectory;
using vfs::TextNode;

// What the files of one instance share.
struct State {
  std::mutex mutex;
  ReportData report_data{};
  sgx::Targetinfo target{};
  bool has_target = false;
  std::string verified;  // the last REPORT that held
};
using StateRef = std::shared_ptr<State>;

template <typename T>
std::string bytes_of(const T& object) {
  return {reinterpret_cast<const char*>(&object), sizeof object};
}

// A report that could be taken for the runtime's own evidence is not for programs to have, whoever makes them ask.
Result<void> store_report_data(State& state, const std::string& bytes) {
  ReportData data{};
  if (bytes.size() > data.size()) return Error::from_errno(EINVAL);
  std::copy(bytes.begin(), bytes.end(), data.begin());
  if (std::equal(std::begin(kEvidenceLabel), std::end(kEvidenceLabel), data.begin() + 32))
    return Error::from_errno(EPERM);
  const std::lock_guard guard(state.mutex);
  state.report_data = data;
  return {};
}

Result<std::string> read_quote(State& state) {
  ReportData data;
  {
    const std::lock_guard guard(state.mutex);
    data = state.report_data;
  }
  const auto quote = quote_for(data, OnSignal::interrupt);
  if (quote.ok()) return std::string(quote.value().begin(), quote.value().end());
  const int error = quote.error().errno_value();
  return Error::from_errno(error == EINTR ? static_cast<int>(-core::kRestartSys) : error);
}

Result<void> store_target(State& state, const std::string& bytes) {
  if (bytes.size() != sizeof state.target) return Error::from_errno(EINVAL);
  const std::lock_guard guard(state.mutex);
  std::memcpy(&state.target, bytes.data(), sizeof state.target);
  state.has_target = true;
  return {};
}

Result<std::string> read_report(State& state) {
  const std::lock_guard guard(state.mutex);
  if (!state.has_target) return Error::from_errno(EINVAL);
  return bytes_of(make_report(state.target, state.report_data));
}

Result<void> verify_report(State& state, const std::string& bytes) {
  sgx::Report report;
  if (bytes.size() != sizeof report) return Error::from_errno(EINVAL);
  std::memcpy(&report, bytes.data(), sizeof report);
  sgx::Keyrequest request{};
  request.keyname = static_cast<std::uint16_t>(sgx::KeyName::report);
  std::memcpy(request.keyid, report.keyid, sizeof request.keyid);
  sgx::Key128 key = TRY(get_key(request));
  const bool holds = sgx::check_report(report, key);
  explicit_bzero(key.data(), key.size());
  if (!holds) return Error::from_errno(EBADMSG);
  const std::lock_guard guard(state.mutex);
  state.verified = bytes;
  return {};
}

}  // namespace

std::shared_ptr<StaticDirectory> make_attestation_directory(std::uint32_t user, std::uint32_t group) {
  const auto state = std::make_shared<State>();
  const auto directory = std::make_shared<StaticDirectory>(kDevfs, vfs::HostBacked::no);
  std::uint64_t inode = 0x41540000;
  const auto add = [&](const char* name, std::uint32_t mode, TextNode::Read read, TextNode::Write write = nullptr) {
    directory->add(name, std::make_shared<TextNode>(kDevfs, ++inode, TextNode::Attributes{mode, 0, 0}, std::move(read),
                                                    std::move(write)));
  };
  add("my_target_info", 0444, [](vfs::Task&) { return bytes_of(sgx::targetinfo_of(own_report().body)); });
  add(
      "target_info", 0666,
      [state](vfs::Task&) {
        const std::lock_guard guard(state->mutex);
        return bytes_of(state->target);
      },
      [state](vfs::Task&, const std::string& bytes) { return store_target(*state, bytes); });
  add(
      "user_report_data", 0666,
      [state](vfs::Task&) {
        const std::lock_guard guard(state->mutex);
        return bytes_of(state->report_data);
      },
      [state](vfs::Task&, const std::string& bytes) { return store_report_data(*state, bytes); });
  add("report", 0444, [state](vfs::Task&) { return read_report(*state); });
  add(
      "verified_report", 0666,
      [state](vfs::Task&) {
        const std::lock_guard guard(state->mutex);
        return state->verified;
      },
      [state](vfs::Task&, const std::string& bytes) { return verify_report(*state, bytes); });
  add("attestation_type", 0444, [](vfs::Task&) { return std::string(has_quoting_service() ? "dcap" : "none"); });
  add("quote", 0444, [state](vfs::Task&) { return read_quote(*state); });
  directory->add("keys", make_sealing_key_directory(inode + 1, user, group));
  return directory;
}
}  // namespace cloister::attest

// SPDX-License-Identifier: Apache-2.0
#include "src/client/state.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include "src/cas/secrets/certificate.h"
#include "src/cas/secrets/keys.h"
#include "src/cas/secrets/pem_text.h"
#include "src/files/file_bytes.h"

namespace cloister::client {
namespace {

constexpr char kPins[] = "/cas.json";

std::string cause(const Error& error) {
  return error.is_errno() ? std::strerror(error.errno_value()) : std::string(error.what());
}

Error failed(const Error& error, const std::string& file, std::string& problem) {
  problem = file + ": " + cause(error);
  return error;
}

// One process of the user at a time; the lock ends with the descriptor.
class Lock {
 public:
  explicit Lock(const std::string& folder)
      : descriptor_(open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (descriptor_ >= 0 && flock(descriptor_, LOCK_EX) != 0) close(std::exchange(descriptor_, -1));
  }
  ~Lock() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Lock(const Lock&) = delete;
  bool held() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

Result<OwnerKey> key_from_files(const std::string& folder, const std::vector<std::uint8_t>& pem) {
  const auto key = TRY(cas::private_key_from_pem(text_of(pem)));
  const auto certificate = TRY(read_file(folder + "/owner.crt"));
  const SecretBytes der = TRY(cas::public_key_der(*key));
  return OwnerKey{
      .key = std::string(text_of(pem)), .certificate = std::string(text_of(certificate)), .hash = sgx::sha256(der)};
}

// The certificate first: a key without one would be taken for the user's.
Result<void> make_key(const std::string& folder) {
  const auto key = TRY(cas::generate_key(session::KeyType::p256));
  const cas::CertificateRequest request{.common_name = "cloister owner", .now = std::time(nullptr)};
  const auto certificate = TRY(cas::issue_certificate(request, *key, nullptr));
  const SecretBytes crt = TRY(cas::write_pem("CERTIFICATE", TRY(cas::certificate_der(*certificate))));
  const SecretBytes pem = TRY(cas::write_pem("PRIVATE KEY", TRY(cas::private_key_der(*key))));
  TRY(write_file_atomically(folder + "/owner.crt", crt, 0600));
  return write_file_atomically(folder + "/owner.key", pem, 0600);
}

}  // namespace

Result<State> State::open(std::string& problem) {
  const char* const base = std::getenv("XDG_CONFIG_HOME");
  const char* const home = std::getenv("HOME");
  if (base && *base == '/') return open(std::string(base) + "/cloister", problem);
  if (home && *home == '/') return open(std::string(home) + "/.config/cloister", problem);
  problem = "neither XDG_CONFIG_HOME nor HOME names a folder for this command's state";
  return Error(Errc::invalid, "no folder for the state");
}

Result<State> State::open(const std::string& folder, std::string& problem) {
  std::error_code code;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), code);
  struct stat found {};
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed(Error::from_errno(errno), folder, problem);
  if (stat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    return failed(Error(Errc::invalid, "is no folder"), folder, problem);
  if (found.st_uid != geteuid() || (found.st_mode & 022) != 0) {
    problem = folder + ": others can write there; make it yours alone (chmod 700)";
    return Error(Errc::invalid, "the state is not the user's alone");
  }
  return State(folder);
}

Result<OwnerKey> State::owner_key(std::string& problem) const {
  const std::string file = folder_ + "/owner.key";
  const Lock lock(folder_);
  if (!lock.held()) return failed(Error::from_errno(errno), folder_ + "/lock", problem);
  std::error_code code;
  if (!std::filesystem::exists(file, code) && !code)
    if (const auto made = make_key(folder_); !made.ok()) return failed(made.error(), file, problem);
  auto pem = read_file(file);
  if (!pem.ok()) return failed(pem.error(), file, problem);
  auto key = key_from_files(folder_, pem.value());
  wipe(pem.value().data(), pem.value().size());
  if (!key.ok()) return failed(key.error(), file, problem);
  return key;
}

Result<std::vector<Pin>> State::pins(std::string& problem) const {
  const std::string file = folder_ + kPins;
  const auto bytes = read_file(file);
  if (!bytes.ok() && bytes.error().is_errno() && bytes.error().errno_value() == ENOENT) return std::vector<Pin>{};
  if (!bytes.ok()) return failed(bytes.error(), file, problem);
  auto pins = read_pins(text_of(bytes.value()));
  if (!pins.ok()) return failed(pins.error(), file, problem);
  return pins;
}

Result<void> State::change_pins(const Change& change, std::string& problem) const {
  const Lock lock(folder_);
  if (!lock.held()) return failed(Error::from_errno(errno), folder_ + "/lock", problem);
  std::vector<Pin> list = TRY(pins(problem));
  change(list);
  const std::string text = write_pins(list);
  const auto written =
      write_file_atomically(folder_ + kPins, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, 0600);
  if (!written.ok()) return failed(written.error(), folder_ + kPins, problem);
  return {};
}

}  // namespace cloister::client

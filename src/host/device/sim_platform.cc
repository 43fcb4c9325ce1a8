// SPDX-License-Identifier: Apache-2.0
#include "src/host/device/sim_platform.h"
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include "src/files/file_bytes.h"

namespace cloister::host {
namespace {
struct Fuses {
  std::uint8_t fuse_key[16];
  std::uint8_t seal_fuses[16];
  std::uint8_t owner_epoch[16];
  std::uint8_t cpusvn[16];
};

std::span<const std::uint8_t> bytes_of(const Fuses& fuses) {
  return {reinterpret_cast<const std::uint8_t*>(&fuses), sizeof fuses};
}

bool make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (mkdir(path.substr(0, end).c_str(), 0700) != 0 && errno != EEXIST) return false;
    if (end == std::string::npos) break;
  }
  return access(path.c_str(), W_OK | X_OK) == 0;
}

bool read_fuses(const std::string& file, Fuses* fuses) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool whole = read(descriptor, fuses, sizeof *fuses) == static_cast<ssize_t>(sizeof *fuses);
  close(descriptor);
  return whole;
}

// Two first users agree on one set.
bool create_fuses(const std::string& file) {
  Fuses fuses{};
  if (getrandom(&fuses, sizeof fuses, 0) != static_cast<ssize_t>(sizeof fuses)) return false;
  std::memset(fuses.owner_epoch, 0, sizeof fuses.owner_epoch);
  std::memset(fuses.cpusvn, 1, sizeof fuses.cpusvn);
  return write_file_unless_there(file, bytes_of(fuses), 0600).ok();
}
}  // namespace

std::string sim_state_directory(const std::string& directory) {
  if (!directory.empty()) return directory;
  if (const char* named = std::getenv("CLOISTER_SIM_DIR"); named != nullptr && *named != '\0') return named;
  const std::string system = "/var/lib/cloister/sim";
  if (access((system + "/fuses").c_str(), R_OK) == 0 || getuid() == 0) return system;
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : "/tmp") + "/.local/share/cloister/sim";
}

Result<sgx::Platform> load_sim_platform(const std::string& directory) {
  const std::string file = directory + "/fuses";
  Fuses fuses;
  if (!read_fuses(file, &fuses)) {
    if (!make_directories(directory) || !create_fuses(file) || !read_fuses(file, &fuses))
      return Error(Errc::io, "cannot create the simulation's state; set CLOISTER_SIM_DIR to a directory of your own");
  }
  sgx::Platform platform{};
  std::memcpy(platform.fuse_key.data(), fuses.fuse_key, 16);
  std::memcpy(platform.seal_fuses.data(), fuses.seal_fuses, 16);
  std::memcpy(platform.owner_epoch.data(), fuses.owner_epoch, 16);
  std::memcpy(platform.cpusvn.data(), fuses.cpusvn, 16);
  // Reports are for one start of a machine; the boot id gives enclaves of one boot the same key id.
  const int boot = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (boot >= 0) {
    char text[36] = {};
    if (read(boot, text, sizeof text) == static_cast<ssize_t>(sizeof text))
      std::memcpy(platform.report_keyid.data(), text, 32);
    close(boot);
  }
  return platform;
}

Result<void> set_sim_cpusvn(const std::string& directory, std::span<const std::uint8_t, 16> cpusvn) {
  TRY(load_sim_platform(directory));  // makes them where there are none
  const std::string file = directory + "/fuses";
  Fuses fuses;
  if (!read_fuses(file, &fuses)) return Error(Errc::io, "the simulation's state cannot be read");
  std::memcpy(fuses.cpusvn, cpusvn.data(), cpusvn.size());
  if (!write_file_atomically(file, bytes_of(fuses), 0600).ok())
    return Error(Errc::io, "the simulation's state cannot be written");
  return {};
}
}  // namespace cloister::host

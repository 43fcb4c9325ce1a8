// SPDX-License-Identifier: Apache-2.0
#include "src/las/server/kept_secret.h"
#include <openssl/crypto.h>
#include <unistd.h>
#include <cerrno>
#include "src/files/file_bytes.h"

namespace cloister::las {
namespace {
Result<std::string> read_secret(const std::string& path) {
  auto bytes = TRY(read_file(path));
  std::string text(bytes.begin(), bytes.end());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return text;
}
}  // namespace

Result<std::string> kept_secret(const std::string& path, const std::function<Result<std::string>()>& make) {
  if (auto kept = read_secret(path); kept.ok()) return kept;
  std::string made = TRY(make());
  const auto written =
      write_file_unless_there(path, {reinterpret_cast<const std::uint8_t*>(made.data()), made.size()}, 0600);
  OPENSSL_cleanse(made.data(), made.size());
  if (!written.ok()) return Error(Errc::io, "a key of the simulation cannot be written into its directory");
  return read_secret(path);
}

}  // namespace cloister::las

// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/simulation/platform_svns.h"
#include <cerrno>
#include <cstdio>
#include <memory>
#include "src/dcap/openssl_pointers.h"

namespace cloister::dcap::simulation {
namespace {
using File = std::unique_ptr<std::FILE, FreeWith<std::fclose>>;
constexpr char kForm[] = "pcesvn %hu\nqe_isvsvn %hu\n";
}  // namespace

Result<PlatformSvns> load_svns(const std::string& file) {
  PlatformSvns svns;
  const File in(std::fopen(file.c_str(), "re"));
  if (!in && errno == ENOENT) return svns;
  if (!in || std::fscanf(in.get(), kForm, &svns.pcesvn, &svns.qe_isvsvn) != 2)
    return Error(Errc::io, "the simulated platform's SVNs cannot be read");
  return svns;
}

Result<void> save_svns(const std::string& file, const PlatformSvns& svns) {
  const std::string temporary = file + ".new";
  {
    const File out(std::fopen(temporary.c_str(), "we"));
    if (!out || std::fprintf(out.get(), kForm, svns.pcesvn, svns.qe_isvsvn) < 0 || std::fflush(out.get()) != 0)
      return Error(Errc::io, "the simulated platform's SVNs cannot be written");
  }
  if (std::rename(temporary.c_str(), file.c_str()) != 0)
    return Error(Errc::io, "the simulated platform's SVNs cannot be written");
  return {};
}

}  // namespace cloister::dcap::simulation

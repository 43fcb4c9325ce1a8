// SPDX-License-Identifier: Apache-2.0
// The form is that of memory dumps made by tracing the SGX driver (sgx-tracer, Pandora): DIR/enclave.json is a list of
// one SECS (entry_type 0), then in the order of EADD each page (2), a TCS page followed by its fields (1).
// DIR/enclave.dump holds the bytes at their offsets in ELRANGE; nothing lies between them (a sparse file).
#include "src/cli/verb_sgx_dump.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include "abi/sgx/page.h"
#include "src/cli/complain.h"
#include "src/cli/instance_source.h"
#include "src/files/file_bytes.h"
#include "src/files/file_view.h"
#include "src/host/enclave_builder.h"
#include "src/host/enclave_signature.h"

namespace cloister {
namespace {
using Json = nlohmann::ordered_json;
enum EntryType { kSecs = 0, kTcs = 1, kPage = 2 };

Json secs_entry(const sgx::Secs& secs) {
  return {{"entry_type", kSecs},
          {"size", secs.size},
          {"base", 0},
          {"ssa_frame_size", secs.ssaframesize},
          {"miscselect", secs.miscselect},
          {"attributes", secs.attributes.flags},
          {"xfrm", secs.attributes.xfrm}};
}

Json page_entry(std::uint64_t offset, std::uint64_t flags) {
  const bool is_tcs = sgx::page_type(flags) == sgx::PageType::tcs;
  const std::string permissions{(flags & sgx::kSecinfoR) != 0 ? 'R' : '-', (flags & sgx::kSecinfoW) != 0 ? 'W' : '-',
                                (flags & sgx::kSecinfoX) != 0 ? 'X' : '-'};
  return {{"entry_type", kPage},
          {"src", 0},
          {"offset", offset},
          {"length", sgx::kPageSize},
          {"secinfo", flags},
          {"flags", 1},
          {"measured", 1},
          {"count", sgx::kPageSize},
          {"permissions", permissions},
          {"type", is_tcs ? "PT_TCS" : "PT_REG"}};
}

Json tcs_entry(const sgx::Tcs& tcs) {
  return {{"entry_type", kTcs},     {"state", tcs.state},    {"flags", tcs.flags},         {"ssa_offset", tcs.ossa},
          {"ssa_index", tcs.cssa},  {"ssa_num", tcs.nssa},   {"entry_offset", tcs.oentry}, {"exit_addr", tcs.aep},
          {"fs_base", tcs.ofsbase}, {"gs_base", tcs.ogsbase}};
}

// Writes both files; the errno of what could not be written.
Result<std::size_t> dump(const std::string& directory, const LaunchManifest& manifest) {
  const auto image = TRY(FileView::open(image_path(manifest.flags)));
  const std::string name = directory + "/enclave.dump";
  const int file = open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return Error::from_errno(errno);
  Json list = Json::array({secs_entry(host::make_secs(0))});
  std::size_t pages = 0;
  const auto written = host::for_each_page(
      image.bytes(), manifest, [&](std::uint64_t address, std::uint64_t flags, auto page) -> Result<void> {
        if (pwrite(file, page.data(), page.size(), static_cast<off_t>(address)) != static_cast<ssize_t>(page.size()))
          return Error::from_errno(errno);
        list.push_back(page_entry(address, flags));
        if (sgx::page_type(flags) == sgx::PageType::tcs) {
          sgx::Tcs tcs;
          std::memcpy(&tcs, page.data(), sizeof tcs);
          list.push_back(tcs_entry(tcs));
        }
        ++pages;
        return {};
      });
  const bool closed = close(file) == 0;
  if (!written.ok()) return written.error();
  if (!closed) return Error::from_errno(errno);
  const std::string text = list.dump(1) + "\n";
  TRY(write_file_atomically(directory + "/enclave.json",
                            {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, 0644));
  return pages;
}
}  // namespace

int sgx_dump_verb(int argc, char** argv) {
  RunOptions options;
  if (const int status = parse_run_options(
          argc, argv, "sgx dump", "Writes what is measured: DIR/enclave.dump (sparse) and DIR/enclave.json.", &options);
      status >= 0)
    return status;
  std::string problem;
  int status = 125;
  const auto instance = find_instance(options, &problem, &status);
  if (!instance) return complain(problem, status);
  if (mkdir(options.out.c_str(), 0755) != 0 && errno != EEXIST)
    return complain("--out " + options.out + ": " + std::strerror(errno), 2);
  const auto pages = dump(options.out, instance->measured.manifest);
  if (!pages.ok()) {
    const char* const why =
        pages.error().is_errno() ? std::strerror(pages.error().errno_value()) : pages.error().what();
    return complain("--out " + options.out + ": " + why, 125);
  }
  std::printf("%s/enclave.dump: %zu pages\n", options.out.c_str(), pages.value());
  return 0;
}
}  // namespace cloister

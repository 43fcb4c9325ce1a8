// SPDX-License-Identifier: Apache-2.0
// cloister-link: the step after linking that makes the enclave runtime's ELF file fit for an enclave. Build time.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include "src/files/file_bytes.h"
#include "src/analysis/runtime_image.h"
#include "src/analysis/site_names.h"

namespace cloister {
namespace {

constexpr char kUsage[] =
    "usage: cloister-link [OPTION]... INPUT OUTPUT\n"
    "  Redirects the system calls of a static-PIE runtime, relocates it, checks it.\n"
    "  --base ADDRESS    where it will run (default 0xFFC0000000)\n"
    "  --keep SYMBOL     leave the sites of this function alone (may be repeated)\n"
    "  --forbid FILE     symbols that must not be linked in, one a line (may be repeated)\n"
    "  --max-size BYTES  greatest loaded size\n"
    "  --json            a report instead of the one-line summary\n";

struct Arguments {
  RuntimeImageOptions options;
  std::string input, output;
  std::vector<std::string> forbid;
  bool json = false;
};

bool parse_number(const char* text, std::uint64_t& value) {
  char* end = nullptr;
  value = std::strtoull(text, &end, 0);
  return end != text && *end == 0;
}

// Returns what is wrong, or nullptr.
const char* parse(int argc, char** argv, Arguments& out) {
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool more = i + 1 < argc;
    if (argument == "--json")
      out.json = true;
    else if (argument == "--keep" && more)
      out.options.keep.push_back(argv[++i]);
    else if (argument == "--forbid" && more)
      out.forbid.push_back(argv[++i]);
    else if (argument == "--base" && more) {
      if (!parse_number(argv[++i], out.options.base)) return "--base is not a number";
    } else if (argument == "--max-size" && more) {
      if (!parse_number(argv[++i], out.options.max_size)) return "--max-size is not a number";
    } else if (argument.starts_with("-"))
      return "unknown or incomplete option";
    else
      files.push_back(argument);
  }
  if (files.size() != 2) return "INPUT and OUTPUT are needed";
  out.input = files[0];
  out.output = files[1];
  return nullptr;
}

Result<void> read_forbidden(const std::string& path, Arguments& arguments) {
  const auto bytes = TRY(read_file(path));
  std::string line;
  for (const std::uint8_t byte : bytes) {
    if (byte != '\n') line.push_back(static_cast<char>(byte));
    if (byte != '\n' && &byte != &bytes.back()) continue;
    if (!line.empty() && line[0] != '#') arguments.options.forbidden.push_back(line);
    line.clear();
  }
  return {};
}

void print_json(const RuntimeImage& image) {
  nlohmann::ordered_json report;
  for (const SiteKind kind : {SiteKind::syscall, SiteKind::cpuid, SiteKind::rdtsc, SiteKind::rdtscp})
    report["redirected"][name_of(kind)] = image.redirected[static_cast<std::size_t>(kind)];
  report["trampoline_bytes"] = image.trampoline_bytes;
  report["trampoline_room"] = image.trampoline_room;
  report["relocations_applied"] = image.relocations_applied;
  report["relocations_left"] = image.relocations_left;
  report["loaded_size"] = image.loaded_size;
  report["problems"] = image.problems;
  report["remaining"] = nlohmann::ordered_json::array();
  for (const RemainingHit& hit : image.remaining)
    report["remaining"].push_back(
        {{"address", hit.address}, {"kind", name_of(hit.kind)}, {"function", hit.function}, {"reason", hit.reason}});
  std::printf("%s\n", report.dump(2).c_str());
}

void print_summary(const Arguments& arguments, const RuntimeImage& image) {
  const auto count = [&](const char* reason) {
    std::size_t n = 0;
    for (const RemainingHit& hit : image.remaining) n += hit.reason == reason;
    return n;
  };
  const auto redirected = [&](SiteKind kind) { return image.redirected[static_cast<std::size_t>(kind)]; };
  std::printf(
      "%s: redirected %u syscall, %u cpuid, %u rdtsc, %u rdtscp; remaining: %zu kept, %zu in other "
      "instructions, %zu unreached; trampolines %llu of %llu bytes; %llu relocations applied, %llu left; "
      "loaded size %llu\n",
      arguments.output.c_str(), redirected(SiteKind::syscall), redirected(SiteKind::cpuid), redirected(SiteKind::rdtsc),
      redirected(SiteKind::rdtscp), count("kept"), count("inside another instruction"), count("unreached"),
      static_cast<unsigned long long>(image.trampoline_bytes), static_cast<unsigned long long>(image.trampoline_room),
      static_cast<unsigned long long>(image.relocations_applied),
      static_cast<unsigned long long>(image.relocations_left), static_cast<unsigned long long>(image.loaded_size));
}

int complain(const std::string& file, const Error& error) {
  std::fprintf(stderr, "cloister-link: %s: %s%s%s\n", file.c_str(), error.what(), error.is_errno() ? ": " : "",
               error.is_errno() ? std::strerror(error.errno_value()) : "");
  return 1;
}

int run(int argc, char** argv) {
  Arguments arguments;
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) return std::fputs(kUsage, stdout) < 0;
  if (const char* wrong = parse(argc, argv, arguments)) {
    std::fprintf(stderr, "cloister-link: %s\n%s", wrong, kUsage);
    return 2;
  }
  for (const std::string& path : arguments.forbid)
    if (const auto forbidden = read_forbidden(path, arguments); !forbidden.ok())
      return complain(path, forbidden.error());
  const auto input = read_file(arguments.input);
  if (!input.ok()) return complain(arguments.input, input.error());
  const auto image = make_runtime_image(input.value(), arguments.options);
  if (!image.ok()) return complain(arguments.input, image.error());
  if (arguments.json) print_json(image.value());
  for (const std::string& problem : image.value().problems)
    std::fprintf(stderr, "cloister-link: %s: %s\n", arguments.input.c_str(), problem.c_str());
  if (!image.value().problems.empty()) return 1;
  const auto written = write_file_atomically(arguments.output, image.value().bytes, 0755);
  if (!written.ok()) return complain(arguments.output, written.error());
  if (!arguments.json) print_summary(arguments, image.value());
  return 0;
}

}  // namespace
}  // namespace cloister

int main(int argc, char** argv) { return cloister::run(argc, argv); }

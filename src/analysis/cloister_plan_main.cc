// SPDX-License-Identifier: Apache-2.0
// cloister-plan: computes the rewrite plans of ELF files, or tells what they would be. Owner's side.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include "src/analysis/analyse.h"
#include "src/files/file_bytes.h"
#include "src/analysis/site_names.h"

namespace cloister {
namespace {

constexpr char kUsage[] =
    "usage: cloister-plan [--text | --json] [--sites] [--out DIR] ELF...\n"
    "  Analyses each file and prints what its rewrite plan holds.\n"
    "  --out DIR  writes DIR/<SHA-256 of the file>.plan for each\n"
    "  --sites    lists every hit with its verdict\n";

struct Options {
  bool json = false, sites = false;
  std::string out;
  std::vector<std::string> files;
};

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::planned: return "planned";
    case Verdict::inside_other: return "inside-other";
    case Verdict::no_code: return "no-code";
    case Verdict::unreached: return "unreached";
    case Verdict::no_window: return "no-window";
  }
  return "?";
}

nlohmann::ordered_json report_of(const std::string& path, const std::string& hash, const Analysis& analysis,
                                 double milliseconds, const Options& options) {
  nlohmann::ordered_json report, sites;
  std::size_t vectors_dead = 0, unreached = 0, no_window = 0;
  for (const char* kind : {"syscall", "cpuid", "rdtsc", "rdtscp"}) sites[kind] = 0;
  for (const PlannedSite& site : analysis.plan.sites) {
    sites[name_of(site.kind)] = sites[name_of(site.kind)].get<int>() + 1;
    vectors_dead += site.vectors_dead;
  }
  for (const Finding& finding : analysis.findings) {
    unreached += finding.verdict == Verdict::unreached;
    no_window += finding.verdict == Verdict::no_window;
  }
  report["file"] = path;
  report["sha256"] = hash;
  report["raw_hits"] = analysis.plan.raw_hit_count;
  report["sites"] = sites;
  report["planned"] = analysis.plan.sites.size();
  report["vectors_dead"] = vectors_dead;
  report["left_to_trap"] = {{"unreached", unreached}, {"no_window", no_window}};
  report["milliseconds"] = milliseconds;
  if (!options.sites) return report;
  std::size_t next = 0;
  for (const Finding& finding : analysis.findings) {
    nlohmann::ordered_json entry = {
        {"address", finding.address}, {"kind", name_of(finding.kind)}, {"verdict", name_of(finding.verdict)}};
    if (finding.verdict == Verdict::planned) {
      const PlannedSite& site = analysis.plan.sites[next++];
      entry["window"] = {site.window_start, site.window_start + site.window.size()};
      entry["vectors_dead"] = site.vectors_dead;
    }
    report["hits"].push_back(entry);
  }
  return report;
}

void print_text(const nlohmann::ordered_json& report) {
  const auto number = [](const nlohmann::ordered_json& value) { return value.get<long>(); };
  std::printf(
      "%s: planned %ld (syscall %ld, cpuid %ld, rdtsc %ld, rdtscp %ld; vectors dead %ld) of %ld raw hits, "
      "left to the trap %ld (unreached %ld, no window %ld), %.1f ms\n",
      report["file"].get<std::string>().c_str(), number(report["planned"]), number(report["sites"]["syscall"]),
      number(report["sites"]["cpuid"]), number(report["sites"]["rdtsc"]), number(report["sites"]["rdtscp"]),
      number(report["vectors_dead"]), number(report["raw_hits"]),
      number(report["left_to_trap"]["unreached"]) + number(report["left_to_trap"]["no_window"]),
      number(report["left_to_trap"]["unreached"]), number(report["left_to_trap"]["no_window"]),
      report["milliseconds"].get<double>());
  if (!report.contains("hits")) return;
  for (const auto& hit : report["hits"]) {
    std::printf("  0x%lx %s %s", number(hit["address"]), hit["kind"].get<std::string>().c_str(),
                hit["verdict"].get<std::string>().c_str());
    if (hit.contains("window"))
      std::printf(" [0x%lx, 0x%lx)%s", number(hit["window"][0]), number(hit["window"][1]),
                  hit["vectors_dead"].get<bool>() ? " vectors dead" : "");
    std::printf("\n");
  }
}

Result<nlohmann::ordered_json> process(const std::string& path, const Options& options) {
  const auto bytes = TRY(read_file(path));
  const auto start = std::chrono::steady_clock::now();
  const Analysis analysis = TRY(analyse_in_detail(bytes));
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  const std::string hash = sha256_hex(bytes);
  if (!options.out.empty())
    TRY(write_file_atomically(options.out + "/" + hash + ".plan", encode_plan(analysis.plan), 0644));
  return report_of(path, hash, analysis, time.count(), options);
}

// Returns what is wrong, or nullptr.
const char* parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--json")
      options.json = true;
    else if (argument == "--text")
      options.json = false;
    else if (argument == "--sites")
      options.sites = true;
    else if (argument == "--out" && i + 1 < argc)
      options.out = argv[++i];
    else if (argument.starts_with("-"))
      return "unknown or incomplete option";
    else
      options.files.push_back(argument);
  }
  return options.files.empty() ? "no file given" : nullptr;
}

int run(int argc, char** argv) {
  Options options;
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) return std::fputs(kUsage, stdout) < 0;
  if (const char* problem = parse(argc, argv, options)) {
    std::fprintf(stderr, "cloister-plan: %s\n%s", problem, kUsage);
    return 2;
  }
  int status = 0;
  nlohmann::ordered_json reports = nlohmann::ordered_json::array();
  for (const std::string& path : options.files) {
    const auto report = process(path, options);
    if (!report.ok()) {
      const Error& error = report.error();
      std::fprintf(stderr, "cloister-plan: %s: %s%s%s\n", path.c_str(), error.what(), error.is_errno() ? ": " : "",
                   error.is_errno() ? std::strerror(error.errno_value()) : "");
      status = 1;
    } else if (options.json) {
      reports.push_back(report.value());
    } else {
      print_text(report.value());
    }
  }
  if (options.json) std::printf("%s\n", reports.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  return status;
}

}  // namespace
}  // namespace cloister

int main(int argc, char** argv) { return cloister::run(argc, argv); }

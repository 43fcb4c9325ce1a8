// SPDX-License-Identifier: Apache-2.0
// `cloister quote simulate`: what the simulated quoting enclave and its provisioning service do for the software
// device. Every line that it prints says "simulation".
#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include "src/base/hex.h"
#include "src/cli/read_file.h"
#include "src/cli/collateral_wishes.h"
#include "src/cli/verb_quote.h"
#include "src/dcap/simulation/platform_svns.h"
#include "src/dcap/verdict_fields.h"
#include "src/host/device/sim_platform.h"
#include "src/las/server/simulated_quoting.h"
#include "src/pccs/directory.h"

namespace cloister {
namespace {

namespace simulation = dcap::simulation;

Result<las::SimulatedPlatform> open_platform() { return las::open_simulated_platform(host::sim_state_directory("")); }

int failed(const std::string& what, const Error& error) {
  std::fprintf(stderr, "simulation: cloister quote simulate: %s: %s\n", what.c_str(), error.what());
  return 2;
}
int say(const std::string& lines) { return print(dcap::marked_as_simulation(lines), 0); }

bool write_file(const std::string& path, dcap::Bytes bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return static_cast<bool>(out.flush());
}

template <std::size_t kSize>
bool parse_hex(const std::string& text, std::uint8_t (&into)[kSize]) {
  if (text.empty()) return true;
  const auto bytes = from_hex(text);
  if (!bytes.ok() || bytes.value().size() > kSize) return false;
  std::ranges::copy(bytes.value(), into);
  return true;
}

struct PlatformOptions {
  std::string cpusvn;
  std::optional<std::uint16_t> pcesvn, qe_isvsvn;
};

// What changes a platform is done before it is opened.
Result<void> change(const PlatformOptions& options, const std::string& directory) {
  if (!options.cpusvn.empty()) {
    std::uint8_t cpusvn[16] = {};
    if (options.cpusvn.size() != 32 || !parse_hex(options.cpusvn, cpusvn))
      return Error(Errc::invalid, "--cpusvn has not 32 hexadecimal digits");
    TRY(host::set_sim_cpusvn(directory, cpusvn));
  }
  if (!options.pcesvn && !options.qe_isvsvn) return {};
  TRY(host::load_sim_platform(directory));  // makes the directory
  const std::string file = directory + "/svns";
  simulation::PlatformSvns svns = TRY(simulation::load_svns(file));
  svns.pcesvn = options.pcesvn.value_or(svns.pcesvn);
  svns.qe_isvsvn = options.qe_isvsvn.value_or(svns.qe_isvsvn);
  return simulation::save_svns(file, svns);
}

int platform(const PlatformOptions& options) {
  const std::string directory = host::sim_state_directory("");
  if (const auto changed = change(options, directory); !changed.ok()) return failed("platform", changed.error());
  const auto state = open_platform();
  if (!state.ok()) return failed("state", state.error());
  const las::SimulatedPlatform& s = state.value();
  const dcap::PckIdentity& pck = s.quoting_enclave.pck();
  const sgx::ReportBody& enclave = s.quoting_enclave.report_body();
  return say("state                 " + s.directory + "\nroot                  " + s.root_file() +
             "\nfmspc                 " + to_hex(pck.fmspc) + "\nppid                  " + to_hex(pck.ppid) +
             "\ncpusvn                " + to_hex(pck.cpusvn) + "\npcesvn                " + std::to_string(pck.pcesvn) +
             "\nqe_isvsvn             " + std::to_string(s.svns.qe_isvsvn) + "\nqe_mrenclave          " +
             to_hex(enclave.mrenclave) + "\nqe_mrsigner           " + to_hex(enclave.mrsigner) + "\n");
}

struct QuoteOptions {
  std::string report, out, mrenclave, mrsigner, configid, reportdata;
  std::uint16_t isvprodid = 0, isvsvn = 0;
  bool debug = false;
};

// A report as an enclave with these fields would get it. Whoever has the fuses can make any.
Result<sgx::Report> made_up_report(const las::SimulatedPlatform& state, const QuoteOptions& options) {
  sgx::Secs secs{};
  std::uint8_t reportdata[sgx::kReportdataSize] = {};
  if (!parse_hex(options.mrenclave, secs.mrenclave) || !parse_hex(options.mrsigner, secs.mrsigner) ||
      !parse_hex(options.configid, secs.configid) || !parse_hex(options.reportdata, reportdata))
    return Error(Errc::invalid, "a field is no hexadecimal text of its size");
  secs.attributes = {
      sgx::kAttributeInit | sgx::kAttributeMode64Bit | sgx::kAttributeKss | (options.debug ? sgx::kAttributeDebug : 0),
      sgx::kXfrmLegacy};
  secs.isvprodid = options.isvprodid;
  secs.isvsvn = options.isvsvn;
  return sgx::ereport(TRY(host::load_sim_platform(state.directory)), secs, state.quoting_enclave.targetinfo(),
                      reportdata);
}

Result<sgx::Report> read_report(const std::string& path) {
  const auto bytes = TRY(read_file(path, sizeof(sgx::Report)));
  if (bytes.size() != sizeof(sgx::Report)) return Error(Errc::invalid, "is no REPORT of 432 bytes");
  sgx::Report report;
  std::memcpy(&report, bytes.data(), sizeof report);
  return report;
}

int quote(const QuoteOptions& options) {
  const auto state = open_platform();
  if (!state.ok()) return failed("state", state.error());
  const auto report = options.report.empty() ? made_up_report(state.value(), options) : read_report(options.report);
  if (!report.ok()) return failed(options.report.empty() ? "report" : options.report, report.error());
  const auto quote = state.value().quoting_enclave.quote(report.value());
  if (!quote.ok()) return failed(options.report.empty() ? "report" : options.report, quote.error());
  if (!write_file(options.out, quote.value())) return failed(options.out, Error(Errc::io, "cannot be written"));
  return say("quote of " + std::to_string(quote.value().size()) + " bytes in " + options.out +
             "; it verifies only with --trusted-root " + state.value().root_file() + "\n");
}

int target_info(const std::string& out) {
  const auto state = open_platform();
  if (!state.ok()) return failed("state", state.error());
  const sgx::Targetinfo target = state.value().quoting_enclave.targetinfo();
  if (!write_file(out, {reinterpret_cast<const std::uint8_t*>(&target), sizeof target}))
    return failed(out, Error(Errc::io, "cannot be written"));
  return say("TARGETINFO of the quoting enclave in " + out + "\n");
}

struct CollateralOptions {
  std::string directory;
  las::CollateralWishes wishes;
  dcap::UnixTime time = std::time(nullptr);
};

int collateral(const CollateralOptions& options) {
  const auto state = open_platform();
  if (!state.ok()) return failed("state", state.error());
  const auto files = las::make_collateral(state.value(), options.wishes, options.time);
  if (!files.ok()) return failed("collateral", files.error());
  const pccs::Directory directory(options.directory);
  std::string lines;
  for (std::size_t i = 0; i < dcap::kCollateralKinds; ++i) {
    const auto kind = static_cast<dcap::CollateralKind>(i);
    const auto written = directory.write(kind, simulation::kCollateralRequest, files.value()[kind].bytes);
    const std::string file = directory.file_name(kind, simulation::kCollateralRequest);
    if (!written.ok()) return failed(file, written.error());
    lines += std::string(name(kind)) + " in " + file + "\n";
  }
  return say(lines + "TCB level " + std::to_string(options.wishes.tcb_level) +
             (options.wishes.revoke ? ", this platform revoked" : "") + ", root " + state.value().root_file() + "\n");
}

void add_platform(CLI::App& noun, int& exit_status) {
  CLI::App* const verb = noun.add_subcommand("platform", "Show the simulated platform, and change its SVNs");
  const auto options = std::make_shared<PlatformOptions>();
  verb->add_option("--cpusvn", options->cpusvn, "Its CPUSVN, which is the SVNs of the sixteen components")
      ->type_name("HEX");
  verb->add_option("--pcesvn", options->pcesvn, "SVN of the provisioning certification enclave");
  verb->add_option("--qe-isvsvn", options->qe_isvsvn, "SVN of the quoting enclave");
  verb->callback([options, &exit_status] { exit_status = platform(*options); });
}

void add_quote(CLI::App& noun, int& exit_status) {
  CLI::App* const verb = noun.add_subcommand("quote", "Turn a report of the software device into a quote");
  const auto options = std::make_shared<QuoteOptions>();
  verb->add_option("--out", options->out, "Where the quote goes")->required()->type_name("FILE");
  auto* const report =
      verb->add_option("--report", options->report, "A REPORT for the quoting enclave; without it one is made up");
  report->type_name("FILE");
  for (const auto& [flag, into] :
       {std::pair{"--mrenclave", &options->mrenclave}, std::pair{"--mrsigner", &options->mrsigner},
        std::pair{"--configid", &options->configid}, std::pair{"--reportdata", &options->reportdata}})
    verb->add_option(flag, *into, "For a report that is made up")->excludes(report)->type_name("HEX");
  verb->add_option("--isvprodid", options->isvprodid, "For a report that is made up")->excludes(report);
  verb->add_option("--isvsvn", options->isvsvn, "For a report that is made up")->excludes(report);
  verb->add_flag("--debug", options->debug, "For a report that is made up: a debug enclave")->excludes(report);
  verb->callback([options, &exit_status] { exit_status = quote(*options); });
}

void add_target_info(CLI::App& noun, int& exit_status) {
  CLI::App* const verb = noun.add_subcommand("target-info", "Write the quoting enclave's TARGETINFO, for EREPORT");
  const auto out = std::make_shared<std::string>();
  verb->add_option("--out", *out, "Where it goes")->required()->type_name("FILE");
  verb->callback([out, &exit_status] { exit_status = target_info(*out); });
}

void add_collateral(CLI::App& noun, int& exit_status) {
  CLI::App* const verb = noun.add_subcommand(
      "collateral", "Publish collateral for simulated quotes, as `quote verify --cache` and tools/pccs take it");
  const auto options = std::make_shared<CollateralOptions>();
  verb->add_option("--dir", options->directory, "Where it goes")->required()->type_name("DIR");
  add_collateral_wishes(*verb, options->wishes);
  verb->add_option("--time", options->time, "When it is issued, in seconds since 1970 (now)")->type_name("UNIX");
  verb->callback([options, &exit_status] { exit_status = collateral(*options); });
}

}  // namespace

void add_quote_simulate(CLI::App& noun, int& exit_status) {
  CLI::App* const simulate = noun.add_subcommand("simulate", "Quotes and collateral of the simulated platform");
  simulate->require_subcommand(1);
  add_quote(*simulate, exit_status);
  add_target_info(*simulate, exit_status);
  add_collateral(*simulate, exit_status);
  add_platform(*simulate, exit_status);
}

}  // namespace cloister

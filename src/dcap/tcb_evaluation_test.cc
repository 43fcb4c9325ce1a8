// SPDX-License-Identifier: Apache-2.0
// Intel's rules where the published cases are silent.
#include "src/dcap/tcb_evaluation.h"
#include <gtest/gtest.h>

namespace cloister::dcap {
namespace {
using S = TcbStatus;

TcbLevel level(std::uint8_t sgx, std::uint16_t pcesvn, std::uint8_t tdx, S status) {
  TcbLevel made{};
  made.sgx_components.fill(sgx);
  made.tdx_components.fill(tdx);
  made.pcesvn = pcesvn;
  made.status = status;
  return made;
}

struct World {
  PckIdentity pck{};
  Quote quote{};
  TcbInfo info{};
  EnclaveIdentity identity{};

  World() {
    pck.components.fill(5);
    pck.pcesvn = 10;
    identity.levels = {{.isvsvn = 8, .status = S::up_to_date, .date = 0, .advisories = {}},
                       {.isvsvn = 4, .status = S::out_of_date, .date = 0, .advisories = {}},
                       {.isvsvn = 2, .status = S::revoked, .date = 0, .advisories = {}}};
    quote.qe_report.isvsvn = 8;
    info.levels = {level(5, 10, 0, S::up_to_date), level(5, 9, 0, S::configuration_needed),
                   level(3, 5, 0, S::out_of_date)};
  }
  void make_tdx(std::uint8_t minor, std::uint8_t version, std::uint8_t rest) {
    TdReport15 report{};
    std::fill(std::begin(report.base.tee_tcb_svn), std::end(report.base.tee_tcb_svn), rest);
    report.base.tee_tcb_svn[0] = minor;
    report.base.tee_tcb_svn[1] = version;
    std::copy(std::begin(report.base.tee_tcb_svn), std::end(report.base.tee_tcb_svn), report.tee_tcb_svn2);
    quote.body = report;
    info.is_tdx = true;
    info.levels = {level(5, 10, 4, S::up_to_date)};
    info.tdx_module_identities = {{.id = "TDX_01",
                                   .module = {},
                                   .levels = {{.isvsvn = 4, .status = S::up_to_date, .date = 0, .advisories = {}},
                                              {.isvsvn = 2, .status = S::out_of_date, .date = 0, .advisories = {}}}}};
  }
  TcbEvaluation evaluate() const { return evaluate_tcb(pck, quote, info, identity); }
  S status() const { return evaluate().status; }
};
}  // namespace

TEST(TcbEvaluation, EveryComponentAndPcesvnMustReach) {
  World world;
  EXPECT_EQ(world.status(), S::up_to_date);
  world.pck.pcesvn = 9;
  EXPECT_EQ(world.status(), S::configuration_needed);
  world.pck.components[15] = 4;
  EXPECT_EQ(world.status(), S::out_of_date);
  world.pck.components[0] = 2;
  EXPECT_EQ(world.status(), S::not_supported);
  EXPECT_EQ(world.evaluate().platform, nullptr);
  EXPECT_NE(world.evaluate().qe, nullptr);
}

TEST(TcbEvaluation, QuotingEnclave) {
  World world;
  world.quote.qe_report.isvsvn = 7;
  EXPECT_EQ(world.status(), S::out_of_date);
  world.pck.pcesvn = 9;
  EXPECT_EQ(world.status(), S::out_of_date_configuration_needed);
  world.quote.qe_report.isvsvn = 3;
  EXPECT_EQ(world.status(), S::revoked);
  world.quote.qe_report.isvsvn = 1;
  EXPECT_EQ(world.status(), S::not_supported);
}

TEST(TcbEvaluation, Converging) {
  const S outdated[] = {S::out_of_date}, revoked[] = {S::out_of_date, S::revoked}, good[] = {S::up_to_date};
  EXPECT_EQ(converge(S::sw_hardening_needed, outdated), S::out_of_date);
  EXPECT_EQ(converge(S::configuration_and_sw_hardening_needed, outdated), S::out_of_date_configuration_needed);
  EXPECT_EQ(converge(S::out_of_date_configuration_needed, outdated), S::out_of_date_configuration_needed);
  EXPECT_EQ(converge(S::revoked, outdated), S::revoked);
  EXPECT_EQ(converge(S::up_to_date, revoked), S::revoked);
  EXPECT_EQ(converge(S::configuration_needed, good), S::configuration_needed);
}

TEST(TcbEvaluation, ModuleWithAnIdentityTakesTheFirstTwoComponents) {
  World world;
  world.make_tdx(4, 1, 4);
  EXPECT_EQ(world.status(), S::up_to_date);  // although component 1 is 1 and the level's is 4
  world.make_tdx(3, 1, 4);
  EXPECT_EQ(world.status(), S::out_of_date);
  world.make_tdx(1, 1, 4);
  EXPECT_EQ(world.status(), S::not_supported);
  world.make_tdx(4, 2, 4);  // there is no TDX_02
  EXPECT_EQ(world.status(), S::not_supported);
  world.make_tdx(4, 1, 3);
  EXPECT_EQ(world.status(), S::not_supported);
  world.make_tdx(4, 0, 4);  // without an identity all components count
  EXPECT_EQ(world.status(), S::not_supported);
  EXPECT_FALSE(world.evaluate().has_module);
  world.info.levels[0].tdx_components[1] = 0;
  EXPECT_EQ(world.status(), S::up_to_date);
}

TEST(TcbEvaluation, Relaunch) {
  World world;
  world.make_tdx(2, 1, 4);
  EXPECT_EQ(world.status(), S::out_of_date);
  std::get<TdReport15>(world.quote.body).tee_tcb_svn2[0] = 4;
  EXPECT_EQ(world.status(), S::td_relaunch_advised);
  world.info.levels[0].status = S::configuration_needed;
  EXPECT_EQ(world.status(), S::td_relaunch_advised_configuration_needed);
  world.info.levels[0].status = S::out_of_date;
  EXPECT_EQ(world.status(), S::out_of_date);
  world.info.levels[0].status = S::revoked;
  EXPECT_EQ(world.status(), S::revoked);
  std::get<TdReport15>(world.quote.body).tee_tcb_svn2[0] = 1;
  EXPECT_EQ(world.status(), S::not_supported);
}

TEST(TcbEvaluation, NamesOfTheModulesIdentity) {
  World world;
  world.make_tdx(4, 1, 4);
  world.info.tdx_module_identities[0].id = "tdx_01";
  EXPECT_EQ(world.status(), S::up_to_date);
  TdReport10 report{};
  report.tee_tcb_svn[1] = 1;
  world.info.tdx_module.emplace();
  EXPECT_TRUE(check_tdx_module(report, world.info).ok());
  report.mrsignerseam[47] = 1;
  EXPECT_FALSE(check_tdx_module(report, world.info).ok());
  report.mrsignerseam[47] = 0;
  report.seamattributes[7] = 1;
  EXPECT_FALSE(check_tdx_module(report, world.info).ok());
}
}  // namespace cloister::dcap

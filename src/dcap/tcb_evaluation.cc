// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/tcb_evaluation.h"
#include <algorithm>
#include "src/base/hex.h"
#include "src/dcap/isvsvn_levels.h"

namespace cloister::dcap {
namespace {

using Svns = std::span<const std::uint8_t, 16>;
constexpr std::size_t kModuleMinor = 0, kModuleVersion = 1;  // in TEE_TCB_SVN

bool reaches(Svns svns, Svns level, std::size_t first) {
  for (std::size_t i = first; i < svns.size(); ++i) {
    if (svns[i] < level[i]) return false;
  }
  return true;
}

// `tee_tcb_svn` is null for SGX. The first two TDX components are the module's; they count only where the module has no
// identity of its own.
const TcbLevel* find_platform_level(const PckIdentity& pck, const std::uint8_t (*tee_tcb_svn)[16],
                                    const TcbInfo& info) {
  for (const TcbLevel& level : info.levels) {
    if (!reaches(pck.components, level.sgx_components, 0) || pck.pcesvn < level.pcesvn) continue;
    if (tee_tcb_svn) {
      const std::size_t first = (*tee_tcb_svn)[kModuleVersion] > 0 ? 2 : 0;
      if (!reaches(*tee_tcb_svn, level.tdx_components, first)) continue;
    }
    return &level;
  }
  return nullptr;
}

const TdxModuleIdentity* find_module(const TcbInfo& info, std::uint8_t version) {
  const std::string wanted = "TDX_" + to_hex({&version, 1});
  const auto same = [&](const TdxModuleIdentity& identity) {
    return std::ranges::equal(identity.id, wanted, [](char a, char b) {
      const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
      return upper(a) == upper(b);
    });
  };
  const auto found = std::ranges::find_if(info.tdx_module_identities, same);
  return found == info.tdx_module_identities.end() ? nullptr : &*found;
}

TcbEvaluation evaluate(const PckIdentity& pck, const std::uint8_t (*tee_tcb_svn)[16], const IsvsvnLevel* qe,
                       const TcbInfo& info) {
  TcbEvaluation result{.platform = find_platform_level(pck, tee_tcb_svn, info),
                       .qe = qe,
                       .has_module = tee_tcb_svn && (*tee_tcb_svn)[kModuleVersion] > 0,
                       .module = nullptr,
                       .status = TcbStatus::not_supported};
  if (result.has_module) {
    const TdxModuleIdentity* const module = find_module(info, (*tee_tcb_svn)[kModuleVersion]);
    if (module) result.module = find_level(module->levels, (*tee_tcb_svn)[kModuleMinor]);
  }
  if (!result.platform || !result.qe || (result.has_module && !result.module)) return result;
  TcbStatus parts[2] = {result.qe->status, result.has_module ? result.module->status : TcbStatus::up_to_date};
  result.status = converge(result.platform->status, parts);
  return result;
}

}  // namespace

TcbEvaluation evaluate_tcb(const PckIdentity& pck, const Quote& quote, const TcbInfo& info,
                           const EnclaveIdentity& identity) {
  const IsvsvnLevel* const qe = find_level(identity, quote.qe_report);
  const TdReport10* const report = td_report(quote.body);
  TcbEvaluation result = evaluate(pck, report ? &report->tee_tcb_svn : nullptr, qe, info);
  const auto* const report15 = std::get_if<TdReport15>(&quote.body);
  if (report15 && result.status != TcbStatus::not_supported) {
    const TcbStatus current = evaluate(pck, &report15->tee_tcb_svn2, qe, info).status;
    result.status = current == TcbStatus::not_supported ? current : with_relaunch(result.status, current);
  }
  return result;
}

Result<void> check_tdx_module(const TdReport10& report, const TcbInfo& info) {
  const TdxModule* expected = &*info.tdx_module;
  if (const std::uint8_t version = report.tee_tcb_svn[kModuleVersion]; version > 0) {
    if (info.tdx_module_identities.empty())
      return Error(Errc::mismatch, "TCB info mismatch: it has no TDX module identities, and the TD's module wants one");
    const TdxModuleIdentity* const identity = find_module(info, version);
    if (!identity) return Error(Errc::mismatch, "TDX module mismatch: the TCB info has no identity for its version");
    expected = &identity->module;
  }
  if (!std::ranges::equal(report.mrsignerseam, expected->mrsigner))
    return Error(Errc::mismatch, "TDX module mismatch: MRSIGNERSEAM is not that of the TCB info");
  // Intel demands zero besides, so that the mask never matters.
  const auto zero = [](std::uint8_t byte) { return byte == 0; };
  if (!std::ranges::all_of(report.seamattributes, zero) || !std::ranges::all_of(expected->attributes, zero))
    return Error(Errc::mismatch, "TDX module mismatch: SEAMATTRIBUTES are not those of the TCB info");
  return {};
}

}  // namespace cloister::dcap

// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/attribute_names.h"
#include <cinttypes>
#include <cstdio>
#include "abi/sgx/attributes.h"

namespace cloister::sgx {
namespace {
constexpr BitName kFlags[] = {
    {kAttributeInit, "INIT"},
    {kAttributeDebug, "DEBUG"},
    {kAttributeMode64Bit, "MODE64BIT"},
    {kAttributeProvisionKey, "PROVISIONKEY"},
    {kAttributeEinitTokenKey, "EINITTOKEN_KEY"},
    {kAttributeCet, "CET"},
    {kAttributeKss, "KSS"},
    {kAttributeAexNotify, "AEXNOTIFY"},
};
// The state components of XCR0 and IA32_XSS (SDM vol. 1, "XSAVE-Supported Features").
constexpr BitName kStates[] = {
    {1u << 0, "X87"},    {1u << 1, "SSE"},       {1u << 2, "AVX"},       {1u << 3, "BNDREGS"},    {1u << 4, "BNDCSR"},
    {1u << 5, "OPMASK"}, {1u << 6, "ZMM_HI256"}, {1u << 7, "HI16_ZMM"},  {1u << 8, "PT"},         {1u << 9, "PKRU"},
    {1u << 10, "PASID"}, {1u << 11, "CET_U"},    {1u << 12, "CET_S"},    {1u << 13, "HDC"},       {1u << 14, "UINTR"},
    {1u << 15, "LBR"},   {1u << 16, "HWP"},      {1u << 17, "XTILECFG"}, {1u << 18, "XTILEDATA"}, {1u << 19, "APX"},
};
constexpr BitName kMisc[] = {{kMiscselectExinfo, "EXINFO"}, {kMiscselectCpinfo, "CPINFO"}};
}  // namespace

std::vector<std::string> bit_names(std::uint64_t bits, std::span<const BitName> names) {
  std::vector<std::string> found;
  for (const auto& [bit, name] : names) {
    if (bits & bit) found.emplace_back(name);
    bits &= ~bit;
  }
  if (bits) {
    char text[19];
    std::snprintf(text, sizeof text, "0x%" PRIx64, bits);
    found.emplace_back(text);
  }
  return found;
}

std::vector<std::string> attribute_flag_names(std::uint64_t flags) { return bit_names(flags, kFlags); }
std::vector<std::string> xfrm_names(std::uint64_t xfrm) { return bit_names(xfrm, kStates); }
std::vector<std::string> miscselect_names(std::uint32_t miscselect) { return bit_names(miscselect, kMisc); }

}  // namespace cloister::sgx

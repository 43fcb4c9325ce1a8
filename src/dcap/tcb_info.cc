// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/tcb_info.h"
#include <tuple>
#include "src/dcap/isvsvn_levels.h"
#include "src/dcap/signed_json.h"

namespace cloister::dcap {
namespace {

// Documents in use have up to 22 levels.
constexpr std::size_t kLevelLimit = 256;
constexpr std::size_t kModuleLimit = 64;

Result<void> read_components(const nlohmann::json* list, std::array<std::uint8_t, 16>& components) {
  if (list->size() != components.size()) return Error(Errc::invalid, "a TCB level has not 16 components");
  std::size_t i = 0;
  for (const auto& entry : *list)
    components[i++] = static_cast<std::uint8_t>(TRY(JsonFields(entry).number<"svn">(255)));
  return {};
}

// Versions 1 and 2 name the components one by one: sgxtcbcomp01svn to sgxtcbcomp16svn.
template <std::size_t kIndex>
constexpr auto component_name() {
  char text[] = "sgxtcbcomp00svn";
  text[10] = static_cast<char>('0' + (kIndex + 1) / 10);
  text[11] = static_cast<char>('0' + (kIndex + 1) % 10);
  return MemberName(text);
}

template <std::size_t kIndex = 0>
Result<void> read_named_components(const JsonFields& tcb, std::array<std::uint8_t, 16>& components) {
  constexpr auto kName = component_name<kIndex>();
  components[kIndex] = static_cast<std::uint8_t>(TRY(tcb.number<kName>(255)));
  if constexpr (kIndex + 1 < 16) TRY(read_named_components<kIndex + 1>(tcb, components));
  return {};
}

Result<TcbLevel> parse_level(const TcbInfo& info, const JsonFields& fields, std::size_t index) {
  TcbLevel level{};
  level.index = index;
  const JsonFields tcb = TRY(fields.object<"tcb">());
  if (info.version < 3) {
    TRY(read_named_components(tcb, level.sgx_components));
  } else {
    TRY(read_components(TRY(tcb.array<"sgxtcbcomponents">(16)), level.sgx_components));
    if (info.is_tdx) TRY(read_components(TRY(tcb.array<"tdxtcbcomponents">(16)), level.tdx_components));
  }
  level.pcesvn = static_cast<std::uint16_t>(TRY(tcb.number<"pcesvn">(65535)));
  const auto status = level_status(info.version == 1 ? TRY(fields.text<"status">()) : TRY(fields.text<"tcbStatus">()));
  if (!status) return JsonFields::problem<"tcbStatus">();
  level.status = *status;
  if (info.version > 1) level.date = TRY(fields.date<"tcbDate">());
  level.advisories = TRY(advisory_ids(fields));
  return level;
}

auto order(const TcbLevel& level) { return std::tie(level.sgx_components, level.pcesvn, level.tdx_components); }

Result<void> parse_levels(const JsonFields& fields, TcbInfo& info) {
  std::size_t index = 0;
  for (const auto& entry : *TRY(fields.array<"tcbLevels">(kLevelLimit)))
    info.levels.push_back(TRY(parse_level(info, JsonFields(entry), index++)));
  std::ranges::stable_sort(info.levels, [](const TcbLevel& a, const TcbLevel& b) { return order(a) > order(b); });
  for (std::size_t i = 1; i < info.levels.size(); ++i) {
    if (order(info.levels[i]) == order(info.levels[i - 1])) return Error(Errc::invalid, "two TCB levels are the same");
  }
  return {};
}

Result<TdxModule> parse_module(const JsonFields& fields) {
  TdxModule module{};
  module.mrsigner = TRY((fields.hex<"mrsigner", 48>()));
  module.attributes = TRY((fields.hex<"attributes", 8>()));
  module.attributes_mask = TRY((fields.hex<"attributesMask", 8>()));
  return module;
}

Result<void> parse_tdx_part(const JsonFields& fields, TcbInfo& info) {
  const bool has_module = fields.find<"tdxModule">(), has_identities = fields.find<"tdxModuleIdentities">();
  if (!info.is_tdx) {
    if (has_module || has_identities) return Error(Errc::invalid, "a TCB info for SGX has a TDX module");
    return {};
  }
  info.tdx_module = TRY(parse_module(TRY(fields.object<"tdxModule">())));
  if (!has_identities) return {};
  for (const auto& entry : *TRY(fields.array<"tdxModuleIdentities">(kModuleLimit))) {
    const JsonFields identity(entry);
    auto& known = info.tdx_module_identities.emplace_back();
    known.id = TRY(identity.text<"id">());
    known.module = TRY(parse_module(identity));
    known.levels = TRY(parse_isvsvn_levels(identity));
  }
  return {};
}

Result<void> parse_kind(const JsonFields& fields, TcbInfo& info) {
  info.version = TRY(fields.number<"version">(UINT32_MAX));
  if (info.version < 1 || info.version > 3)
    return Error(Errc::unsupported, "the TCB info's version is neither 2 nor 3");
  if (info.version == 3) {
    const std::string_view id = TRY(fields.text<"id">());
    if (id != "SGX" && id != "TDX") return Error(Errc::unsupported, "the TCB info is for neither SGX nor TDX");
    info.is_tdx = id == "TDX";
  }
  if (info.version == 1) return {};
  if (TRY(fields.number<"tcbType">(UINT32_MAX)) != 0)
    return Error(Errc::unsupported, "the TCB info's tcbType is not 0");
  info.tcb_evaluation_data_number = TRY(fields.number<"tcbEvaluationDataNumber">(UINT32_MAX));
  return {};
}

}  // namespace

Result<TcbInfo> parse_tcb_info(Bytes file) {
  const SignedJson document = TRY(split_signed_json(file, "tcbInfo"));
  const nlohmann::json body = TRY(parse_json(document.body));
  const JsonFields fields(body);
  TcbInfo info{};
  info.signed_part = {sgx::sha256({reinterpret_cast<const std::uint8_t*>(document.body.data()), document.body.size()}),
                      document.signature};
  TRY(parse_kind(fields, info));
  info.validity.from = TRY(fields.date<"issueDate">());
  info.validity.until = TRY(fields.date<"nextUpdate">());
  info.fmspc = TRY((fields.hex<"fmspc", 6>()));
  if (info.version == 3 || fields.find<"pceId">()) info.pceid = TRY((fields.hex<"pceId", 2>()));
  if (info.version == 3) TRY(parse_tdx_part(fields, info));
  TRY(parse_levels(fields, info));
  return info;
}

}  // namespace cloister::dcap

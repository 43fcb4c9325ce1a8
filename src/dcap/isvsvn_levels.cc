// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/isvsvn_levels.h"

namespace cloister::dcap {
namespace {

constexpr std::size_t kLevelLimit = 256;

Result<IsvsvnLevel> parse_level(const JsonFields& fields) {
  const auto status = level_status(TRY(fields.text<"tcbStatus">()));
  if (status != TcbStatus::up_to_date && status != TcbStatus::out_of_date && status != TcbStatus::revoked)
    return JsonFields::problem<"tcbStatus">();
  const JsonFields tcb = TRY(fields.object<"tcb">());
  IsvsvnLevel level{};
  level.status = *status;
  level.isvsvn = static_cast<std::uint16_t>(TRY(tcb.number<"isvsvn">(65535)));
  level.date = TRY(fields.date<"tcbDate">());
  level.advisories = TRY(advisory_ids(fields));
  return level;
}

}  // namespace

Result<std::vector<IsvsvnLevel>> parse_isvsvn_levels(const JsonFields& fields) {
  std::vector<IsvsvnLevel> levels;
  for (const auto& entry : *TRY(fields.array<"tcbLevels">(kLevelLimit)))
    levels.push_back(TRY(parse_level(JsonFields(entry))));
  std::ranges::stable_sort(levels, std::ranges::greater{}, &IsvsvnLevel::isvsvn);
  for (std::size_t i = 1; i < levels.size(); ++i) {
    if (levels[i].isvsvn == levels[i - 1].isvsvn)
      return Error(Errc::invalid, "two levels of an identity have the same ISVSVN");
  }
  return levels;
}

const IsvsvnLevel* find_level(const std::vector<IsvsvnLevel>& levels, std::uint16_t isvsvn) {
  for (const IsvsvnLevel& level : levels) {
    if (isvsvn >= level.isvsvn) return &level;
  }
  return nullptr;
}

}  // namespace cloister::dcap

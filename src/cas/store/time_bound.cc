// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/time_bound.h"
#include <algorithm>

namespace cloister::cas {
namespace {

constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kTextLimit = 256;

}  // namespace

Result<void> TimeBound::accepts(dcap::UnixTime now, dcap::UnixTime clock_seen, std::span<const CollateralMark> marks,
                                std::string& problem) const {
  const auto refuse = [&](std::string text) {
    problem = std::move(text);
    return Error(Errc::mismatch, "older than what was seen before");
  };
  if (now + kClockTolerance < clock_seen)
    return refuse("the clock was set back: it says " + dcap::iso_time(now) + " and has said " +
                  dcap::iso_time(clock_seen));
  for (const CollateralMark& mark : marks) {
    if (const auto found = seen_.find({mark.root, mark.document}); found != seen_.end()) {
      const Seen& seen = found->second;
      if (mark.issued < seen.issued)
        return refuse(mark.document + " was issued at " + dcap::iso_time(mark.issued) + ", and one of " +
                      dcap::iso_time(seen.issued) + " was seen before");
      if (mark.number < seen.number)
        return refuse(mark.document + " has the number " + std::to_string(mark.number) + ", and number " +
                      std::to_string(seen.number) + " was seen before");
    }
    for (auto other = seen_.lower_bound({mark.root, ""}); other != seen_.end() && other->first.first == mark.root;
         ++other)
      if (now < other->second.issued)
        return refuse("the clock says " + dcap::iso_time(now) + ", and " + other->first.second + " of " +
                      dcap::iso_time(other->second.issued) + " was seen before");
  }
  return {};
}

bool TimeBound::knows(std::span<const CollateralMark> marks) const {
  for (const CollateralMark& mark : marks) {
    const auto found = seen_.find({mark.root, mark.document});
    if (found == seen_.end() || mark.issued > found->second.issued || mark.number > found->second.number) return false;
  }
  return true;
}

bool TimeBound::note(std::span<const CollateralMark> marks) {
  bool moved = false;
  for (const CollateralMark& mark : marks) {
    const std::pair key(mark.root, mark.document);
    const auto found = seen_.find(key);
    if (found == seen_.end()) {
      if (seen_.size() >= kMarkLimit || mark.root.size() > kTextLimit || mark.document.size() > kTextLimit) continue;
      seen_[key] = {mark.issued, mark.number};
      moved = true;
      continue;
    }
    const Seen newest{std::max(found->second.issued, mark.issued), std::max(found->second.number, mark.number)};
    moved = moved || newest != found->second;
    found->second = newest;
  }
  return moved;
}

std::vector<std::uint8_t> TimeBound::encode() const {
  FieldWriter<std::vector<std::uint8_t>> writer;
  writer.number(kFormat).number(static_cast<std::uint32_t>(seen_.size()));
  for (const auto& [key, seen] : seen_)
    writer.text(key.first).text(key.second).number(static_cast<std::uint64_t>(seen.issued)).number(seen.number);
  return writer.take();
}

Result<TimeBound> TimeBound::decode(Bytes bytes) {
  constexpr char kMalformed[] = "the bound of time is malformed";
  FieldReader reader(bytes);
  if (TRY(reader.number<std::uint32_t>(kMalformed)) != kFormat)
    return Error(Errc::unsupported, "the bound of time has an unknown format");
  const auto count = TRY(reader.count(24, kMarkLimit, kMalformed));
  TimeBound bound;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string root(TRY(reader.text(kTextLimit, kMalformed)));
    const std::string document(TRY(reader.text(kTextLimit, kMalformed)));
    const std::pair key(root, document);
    Seen seen{};
    seen.issued = static_cast<dcap::UnixTime>(TRY(reader.number<std::uint64_t>(kMalformed)));
    seen.number = TRY(reader.number<std::uint64_t>(kMalformed));
    if (!bound.seen_.empty() && key <= bound.seen_.rbegin()->first) return Error(Errc::invalid, kMalformed);
    bound.seen_.emplace_hint(bound.seen_.end(), key, seen);
  }
  TRY(reader.end(kMalformed));
  return bound;
}

}  // namespace cloister::cas

// SPDX-License-Identifier: Apache-2.0
// Setting the lower bound of the clock back, after a clock that was ahead.
#include "src/cas/sessions/sessions.h"

namespace cloister::cas {
namespace {

std::string time_text(std::uint64_t milliseconds) {
  return dcap::iso_time(static_cast<dcap::UnixTime>(milliseconds / 1000));
}

}  // namespace

Outcome<ClockReset> Sessions::reset_clock(dcap::UnixTime owners_time, const ClientIdentity& client) {
  constexpr char kSubject[] = "clock";
  using Kind = Failure::Kind;
  if (!is_owner(client))
    return refused(kSubject, client,
                   {.kind = Kind::not_allowed,
                    .what = "the clock's bound is set back by CAS's owner alone",
                    .hint = "`cloister cas owner` shows your key's hash, `cloister cas list` the owner's"});
  const std::uint64_t now = clock_(), newest = store_.newest_time();
  const auto seconds = static_cast<dcap::UnixTime>(now / 1000);
  // Otherwise the host could put its clock back to an old revocation list's days and wait for the owner's request.
  if (owners_time < seconds - TimeBound::kClockTolerance || owners_time > seconds + TimeBound::kClockTolerance)
    return refused(kSubject, client,
                   {.kind = Kind::conflict,
                    .what = "CAS's clock says " + time_text(now) + ", and yours " + dcap::iso_time(owners_time),
                    .hint = "they may differ by " + std::to_string(TimeBound::kClockTolerance) +
                            " seconds; set the one right that is wrong"});
  if (newest <= now)
    return Failure{.kind = Kind::conflict,
                   .what = "the clock has not been ahead: the latest time in the audit log is " + time_text(newest),
                   .hint = "there is nothing to set back"};
  Mutation mutation;
  mutation.entries.push_back(entry(audit::Kind::clock_reset, kSubject, client));
  mutation.entries.back().time = now;
  mutation.entries.back().text = "from " + time_text(newest) + ", to " + time_text(now);
  if (const auto committed = committer_.commit(std::move(mutation)); !committed.ok())
    return Failure{
        .kind = Kind::later, .what = "CAS cannot write at the moment", .hint = "nothing was changed; try again later"};
  return ClockReset{.from = newest, .to = now};
}

}  // namespace cloister::cas

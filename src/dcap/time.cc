// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/time.h"
#include <cstdio>

namespace cloister::dcap {
namespace {

struct Fields {
  int year, month, day, hour, minute, second;
};

// Days since 1970-01-01 of a date in the Gregorian calendar; eras of 400 years begin in March.
std::int64_t days(int year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

Result<UnixTime> seconds(const Fields& f) {
  if (f.month < 1 || f.month > 12 || f.day < 1 || f.day > days_in_month(f.year, f.month) || f.hour > 23 ||
      f.minute > 59 || f.second > 59)
    return Error(Errc::invalid, "a date that does not exist");
  return days(f.year, f.month, f.day) * 86400 + f.hour * 3600 + f.minute * 60 + f.second;
}

// Reads `text` against `form`, in which Y, M, D, h, m, s stand for one digit each and the rest for itself.
Result<UnixTime> parse(std::string_view text, std::string_view form, int century) {
  Fields f{};
  if (text.size() != form.size()) return Error(Errc::invalid, "not a date in the expected form");
  for (std::size_t i = 0; i < form.size(); ++i) {
    int* const field = form[i] == 'Y'   ? &f.year
                       : form[i] == 'M' ? &f.month
                       : form[i] == 'D' ? &f.day
                       : form[i] == 'h' ? &f.hour
                       : form[i] == 'm' ? &f.minute
                       : form[i] == 's' ? &f.second
                                        : nullptr;
    if (!field) {
      if (text[i] != form[i]) return Error(Errc::invalid, "not a date in the expected form");
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return Error(Errc::invalid, "not a date in the expected form");
    *field = *field * 10 + (text[i] - '0');
  }
  if (century) f.year += f.year < 50 ? century + 100 : century;
  return seconds(f);
}

}  // namespace

Result<UnixTime> parse_iso_time(std::string_view text) { return parse(text, "YYYY-MM-DDThh:mm:ssZ", 0); }
Result<UnixTime> parse_utc_time(std::string_view text) { return parse(text, "YYMMDDhhmmssZ", 1900); }
Result<UnixTime> parse_generalized_time(std::string_view text) { return parse(text, "YYYYMMDDhhmmssZ", 0); }

std::string iso_time(UnixTime time) {
  std::int64_t day = time / 86400, rest = time % 86400;
  if (rest < 0) rest += 86400, --day;
  const std::int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                static_cast<int>(yoe + era * 400 + (month <= 2 ? 1 : 0)), month,
                static_cast<int>(doy - (153 * mp + 2) / 5 + 1), static_cast<int>(rest / 3600),
                static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
  return text;
}

}  // namespace cloister::dcap

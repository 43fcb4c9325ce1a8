// SPDX-License-Identifier: Apache-2.0
#include "src/base/size_text.h"
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace cloister {
Result<std::uint64_t> parse_size(const std::string& text) {
  // strtoull would take a sign and blanks, and wrap -1 to the largest number.
  if (text.empty() || text.front() < '0' || text.front() > '9' || text.find('\0') != std::string::npos)
    return Error(Errc::invalid, "not a size");
  char* end = nullptr;
  errno = 0;
  const unsigned long long number = std::strtoull(text.c_str(), &end, 10);
  if (errno != 0) return Error(Errc::invalid, "too large");
  unsigned shift = 0;
  switch (*end) {
    case 'K':
    case 'k': shift = 10; break;
    case 'M':
    case 'm': shift = 20; break;
    case 'G':
    case 'g': shift = 30; break;
    case 'T':
    case 't': shift = 40; break;
    case '\0': return static_cast<std::uint64_t>(number);
    default: return Error(Errc::invalid, "unknown suffix");
  }
  if (std::strcmp(end + 1, "") != 0 && std::strcmp(end + 1, "iB") != 0 && std::strcmp(end + 1, "B") != 0)
    return Error(Errc::invalid, "unknown suffix");
  if (number > (~0ULL >> shift)) return Error(Errc::invalid, "too large");
  return static_cast<std::uint64_t>(number) << shift;
}

std::string size_text(std::uint64_t size) {
  for (const auto& [suffix, shift] : {std::pair{"T", 40}, {"G", 30}, {"M", 20}, {"K", 10}})
    if (size != 0 && size % (1ULL << shift) == 0) return std::to_string(size >> shift) + suffix;
  return std::to_string(size);
}
}  // namespace cloister

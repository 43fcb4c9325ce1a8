// SPDX-License-Identifier: Apache-2.0
#include "src/measure/script.h"
#include <algorithm>
#include <sstream>

namespace cloister {
namespace {
constexpr std::size_t kLineLimit = 256;  // Linux's BINPRM_BUF_SIZE
constexpr char kBlank[] = " \t";
}  // namespace

std::optional<std::vector<std::string>> read_script_line(std::span<const std::uint8_t> file) {
  if (file.size() < 2 || file[0] != '#' || file[1] != '!') return {};
  const auto* const begin = reinterpret_cast<const char*>(file.data()) + 2;
  std::string line(begin, std::min(file.size(), kLineLimit) - 2);
  line.resize(std::min(line.find('\n'), line.size()));
  line.resize(std::min(line.find('\0'), line.size()));
  const std::size_t start = line.find_first_not_of(kBlank), last = line.find_last_not_of(kBlank);
  if (start == std::string::npos) return {};
  line = line.substr(start, last - start + 1);
  const std::size_t end = line.find_first_of(kBlank);
  if (end == std::string::npos) return std::vector{line};
  return std::vector{line.substr(0, end), line.substr(line.find_first_not_of(kBlank, end))};
}

std::vector<std::string> skip_env(const std::vector<std::string>& words) {
  const std::string& program = words.front();
  if (words.size() != 2 || program.substr(program.rfind('/') + 1) != "env") return words;
  const bool split = words[1].compare(0, 2, "-S") == 0;
  std::vector<std::string> rest;
  if (split) {
    std::istringstream text(words[1].substr(2));
    for (std::string word; text >> word;) rest.push_back(word);
  } else {
    rest.push_back(words[1]);
  }
  // Options and assignments are env's own business.
  const bool is_plain = !rest.empty() && rest.front().front() != '-' && rest.front().find('=') == std::string::npos;
  return is_plain ? rest : words;
}
}  // namespace cloister

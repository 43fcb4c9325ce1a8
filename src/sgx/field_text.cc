// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/field_text.h"

namespace cloister::sgx {
namespace {

constexpr std::size_t kNameWidth = 22;
using Json = nlohmann::ordered_json;

std::string in_words(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_null()) return "-";
  if (!value.is_array()) return value.dump();
  std::string list;
  for (const Json& item : value) {
    if (!list.empty()) list += ' ';
    list += item.is_string() ? item.get_ref<const std::string&>() : item.dump();
  }
  return list;
}

std::string line(std::string name, const Json& value) {
  name.resize(std::max(kNameWidth, name.size() + 1), ' ');
  name += in_words(value);
  while (name.back() == ' ') name.pop_back();
  return name + '\n';
}

}  // namespace

std::string field_text(const Json& fields) {
  std::string out;
  for (const auto& [name, value] : fields.items()) {
    if (!value.is_object()) {
      out += line(name, value);
      continue;
    }
    for (const auto& [member, inner] : value.items()) out += line(name + '.' + member, inner);
  }
  return out;
}

}  // namespace cloister::sgx

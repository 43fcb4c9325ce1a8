// SPDX-License-Identifier: Apache-2.0
// Fields that are made for JSON as lines of text: the same facts in the same order. Owner's tools; not in an enclave
// image.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace cloister::sgx {

// One line for each field; a field that is an object has a line for each of its members, "object.member". Objects in
// members are written as JSON.
std::string field_text(const nlohmann::ordered_json& fields);

}  // namespace cloister::sgx

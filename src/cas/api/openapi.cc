// SPDX-License-Identifier: Apache-2.0
#include "src/cas/api/api.h"

extern "C" const char cloister_openapi_begin[], cloister_openapi_end[];

namespace cloister::cas {
std::string_view openapi() {
  return {cloister_openapi_begin, static_cast<std::size_t>(cloister_openapi_end - cloister_openapi_begin)};
}
}  // namespace cloister::cas

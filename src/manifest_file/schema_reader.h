// SPDX-License-Identifier: Apache-2.0
// Reading typed values out of a YAML tree: the first problem is kept, and everything after it is skipped. Owner's side.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>
#include "src/yaml/document.h"

namespace cloister {
class SchemaReader {
 public:
  explicit SchemaReader(yaml::Problem* problem) : problem_(problem) {}
  bool ok() const { return !failed_; }
  void refuse(const yaml::Place& place, std::string what, std::string hint = {});

  struct Key {
    const char* name;
    std::function<void(const yaml::Value&)> read;
  };
  // Every entry's key must be one of `keys`; a near miss is suggested.
  void mapping(const yaml::Value& value, const char* what, const std::vector<Key>& keys);
  void sequence(const yaml::Value& value, const char* what, const std::function<void(const yaml::Value&)>& item);

  // Without a NUL, which would end it early inside.
  std::string text(const yaml::Value& value, const char* what);
  std::string bytes(const yaml::Value& value, const char* what);
  bool boolean(const yaml::Value& value, const char* what);
  // Decimal, or octal as 0o755.
  std::uint64_t number(const yaml::Value& value, const char* what, std::uint64_t low, std::uint64_t high);
  std::uint32_t mode(const yaml::Value& value);
  std::uint64_t size(const yaml::Value& value, const char* what, std::uint64_t low, std::uint64_t high);
  // Absolute, without "", "." or ".." components and without a trailing slash.
  std::string path(const yaml::Value& value, const char* what);

 private:
  yaml::Problem* problem_;
  bool failed_ = false;
};
}  // namespace cloister

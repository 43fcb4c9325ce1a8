// SPDX-License-Identifier: Apache-2.0
// Addresses of global and local symbols of an ELF file, for tests that look into a running enclave from outside.
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace cloister::adversary {

class Symbols {
 public:
  // `base` is where the file is loaded. Throws std::runtime_error when the file has no symbol table.
  Symbols(const std::string& path, std::uint64_t base);
  // Throws std::runtime_error for an unknown name.
  std::uint64_t at(const std::string& name) const;

 private:
  std::string path_;
  std::uint64_t base_;
  std::map<std::string, std::uint64_t> values_;
};

std::uint64_t elf_entry(const std::string& path);
}  // namespace cloister::adversary

// SPDX-License-Identifier: Apache-2.0
// Which records there are, and what the file must have for each; contents as far as they fit. In the enclave's memory,
// so that it is right whatever the file says. Not thread-safe.
#pragma once
#include <list>
#include <map>
#include <memory>
#include "src/cas/store/sealed_store.h"
#include "src/sgx/measurement.h"

namespace cloister::cas {

struct IndexEntry {
  Mac column{};  // the record's name as the file has it
  std::uint64_t version = kAbsent;
  sgx::Digest sealed_hash{};
};

class RecordIndex {
 public:
  explicit RecordIndex(std::size_t cache_size) : cache_size_(cache_size) {}

  const IndexEntry* find(std::string_view name) const;
  std::vector<std::string> list(std::string_view prefix) const;
  std::size_t count() const { return records_.size(); }

  void set(const std::string& name, const IndexEntry& entry);
  void erase(std::string_view name);

  // Null when it has to be read.
  std::shared_ptr<const Record> cached(std::string_view name);
  // Of the version that is current.
  void remember(std::string_view name, std::shared_ptr<const Record> content);

 private:
  struct Known;
  using Records = std::map<std::string, Known, std::less<>>;
  using Recent = std::list<Records::iterator>;
  struct Known {
    IndexEntry entry;
    std::shared_ptr<const Record> content;
    Recent::iterator place;  // in recent_, while there is content
  };
  void forget(Records::iterator record);

  Records records_;
  Recent recent_;  // the latest used first
  std::size_t cache_size_;
  std::size_t cached_ = 0;
};

}  // namespace cloister::cas

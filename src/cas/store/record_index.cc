// SPDX-License-Identifier: Apache-2.0
#include "src/cas/store/record_index.h"

namespace cloister::cas {

const IndexEntry* RecordIndex::find(std::string_view name) const {
  const auto found = records_.find(name);
  return found == records_.end() ? nullptr : &found->second.entry;
}

std::vector<std::string> RecordIndex::list(std::string_view prefix) const {
  std::vector<std::string> names;
  for (auto record = records_.lower_bound(prefix); record != records_.end() && record->first.starts_with(prefix);
       ++record)
    names.push_back(record->first);
  return names;
}

void RecordIndex::set(const std::string& name, const IndexEntry& entry) {
  const auto record = records_.try_emplace(name).first;
  forget(record);
  record->second.entry = entry;
}

void RecordIndex::erase(std::string_view name) {
  const auto record = records_.find(name);
  if (record == records_.end()) return;
  forget(record);
  records_.erase(record);
}

std::shared_ptr<const Record> RecordIndex::cached(std::string_view name) {
  const auto record = records_.find(name);
  if (record == records_.end() || !record->second.content) return nullptr;
  recent_.splice(recent_.begin(), recent_, record->second.place);
  return record->second.content;
}

void RecordIndex::remember(std::string_view name, std::shared_ptr<const Record> content) {
  const auto record = records_.find(name);
  if (record == records_.end() || content->content.size() > cache_size_) return;
  forget(record);
  cached_ += content->content.size();
  recent_.push_front(record);
  record->second.content = std::move(content);
  record->second.place = recent_.begin();
  while (cached_ > cache_size_) forget(recent_.back());
}

void RecordIndex::forget(Records::iterator record) {
  if (!record->second.content) return;
  cached_ -= record->second.content->content.size();
  recent_.erase(record->second.place);
  record->second.content = nullptr;
}

}  // namespace cloister::cas

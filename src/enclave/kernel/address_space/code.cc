// SPDX-License-Identifier: Apache-2.0
// Executable memory: what may become it, rewrite plans, and pages that change between data and code.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include "src/enclave/core/check.h"
#include "src/enclave/core/host_call.h"
#include "src/enclave/kernel/address_space/elf_text.h"
#include "src/enclave/kernel/address_space/implementation.h"

namespace cloister::kernel {

void AddressSpace::Implementation::print_once(bool* printed, const char* text) {
  if (*printed) return;
  *printed = true;
  core::print_to_host(core::PrintStream::error, text, std::strlen(text));
}

// Executable is what the measurement covers: a file that may be executed and that the program has not been able to
// change.
Result<void> AddressSpace::Implementation::check_executable(int protection, const MappedFile* file, bool modified) {
  if ((protection & PROT_EXEC) == 0 || options.dynamic_code == DynamicCode::allowed) return {};
  if (file != nullptr && file->may_execute() && !modified && (protection & PROT_WRITE) == 0) return {};
  print_once(&refusal_printed,
             "cloister: refused to make memory executable that is no measured file; --allow insecure_dynamic_code "
             "permits it\n");
  return failure(EACCES);
}

std::shared_ptr<Module> AddressSpace::Implementation::make_module(const Area& area) {
  if (area.is_anonymous() || area.file->plan().empty()) return nullptr;
  const auto segment = find_executable_segment(*area.file, area.file_offset, area.size(), staging.bytes());
  if (!segment) return nullptr;
  const auto plan = PlanView::parse(area.file->plan());
  if (!plan.ok()) return nullptr;
  // The part of the segment that this mapping shows.
  const std::uint64_t begin = std::max(segment->offset, area.file_offset);
  const std::uint64_t end = std::min(segment->offset + segment->size, area.file_offset + area.size());
  const std::uint64_t address = area.start + (begin - area.file_offset);
  const std::uint64_t bias = address - (segment->address + (begin - segment->offset));
  auto module = std::make_shared<Module>(area.file, plan.value(), TextRange{bias, address, end - begin});
  if (module->sites.empty()) return nullptr;

  const std::uint64_t size = page_up(module->text.trampolines_size);
  const std::uint64_t place = placement.within_2_gib(areas, area.range(), size);
  const bool large = size > StagingBuffer::kSize;
  auto* const bytes = large ? static_cast<std::uint8_t*>(std::aligned_alloc(kPageSize, size)) : staging.bytes();
  const auto print_failure = [this] {
    print_once(&mismatch_printed,
               "cloister: a rewrite plan cannot be applied; system calls there are trapped, which is slow\n");
  };
  bool done = false;
  if (place != 0 && bytes != nullptr) {
    std::memset(bytes, 0xCC, size);
    done = module->write(place, {bytes, size}).ok() && core::publish_code(place, bytes, size) == 0;
  }
  if (large) std::free(bytes);
  if (!done) {
    print_failure();
    return nullptr;
  }
  Area trampolines;
  trampolines.start = place;
  trampolines.end = place + size;
  trampolines.protection = PROT_READ | PROT_EXEC;
  trampolines.flags = MAP_PRIVATE;
  trampolines.name = "[trampolines]";
  areas.insert(std::move(trampolines));
  modules.emplace(place, module);
  return module;
}

void AddressSpace::Implementation::release_unused_modules() {
  for (auto at = modules.begin(); at != modules.end();) {
    if (at->second.use_count() > 1) {
      ++at;
      continue;
    }
    const PageRange trampolines = at->second->trampolines();
    at = modules.erase(at);
    (void)release(trampolines).ok();
  }
}

Result<void> AddressSpace::Implementation::switch_to_code(PageRange run) {
  return checked(core::make_executable(run.start, run.size()));
}

// Code pages (published by EACCEPTCOPY) never become writable: they are replaced by data pages with the same contents.
Result<void> AddressSpace::Implementation::switch_to_data(PageRange run, std::uint8_t state,
                                                          std::uint64_t permissions) {
  for (std::uint64_t at = run.start; at < run.end; at += StagingBuffer::kSize) {
    const std::uint64_t size = std::min<std::uint64_t>(run.end - at, StagingBuffer::kSize);
    if ((state & kPageRead) == 0) TRY(checked(core::protect_pages(at, size, kPageRead)));
    std::memcpy(staging.bytes(), reinterpret_cast<const void*>(at), size);
    TRY(checked(core::remove_pages(at, size)));
    put_back(at, size, permissions);
  }
  return {};
}

void AddressSpace::Implementation::put_back(std::uint64_t address, std::uint64_t size, std::uint64_t permissions) {
  if (core::publish_data(address, staging.bytes(), size, permissions) != 0)
    core::enclave_fail("the host has no room for memory of the program that it held before", __FILE__, __LINE__);
}
}  // namespace cloister::kernel

// SPDX-License-Identifier: Apache-2.0
// The applied rewrite plan of one executable mapping: its trampolines, and where each site's window lies. Trusted,
// kernel storey.
//
// All trampolines are made at once when the file is mapped; text comes in by chunks, and each piece gets its windows
// (or the part of a window that lies in it: the replacing bytes follow from the plan alone) before it is published.
#pragma once
#include <memory>
#include <optional>
#include <vector>
#include "src/enclave/kernel/address_space.h"
#include "src/enclave/kernel/address_space/area_map.h"
#include "src/plan/trampoline.h"

namespace cloister::kernel {

struct Module {
  struct Site {
    std::uint32_t offset;      // of the window from the text's start
    std::uint32_t trampoline;  // from the trampolines' start
    const std::uint8_t* window;
    std::uint8_t size;
    std::uint64_t end() const { return std::uint64_t{offset} + size; }
  };

  Module(std::shared_ptr<MappedFile> owner, const PlanView& plan, const TextRange& range);

  std::shared_ptr<MappedFile> file;  // owns the plan's bytes
  RewrittenText text;                // trampolines_address is set when they are placed
  std::vector<Site> sites;           // ascending

  PageRange trampolines() const {
    return {text.trampolines_address, page_up(text.trampolines_address + text.trampolines_size)};
  }
  // Writes the trampolines for `address` to `to` (text.trampolines_size bytes). Not within 2 GiB: an error.
  Result<void> write(std::uint64_t address, std::span<std::uint8_t> to);
  // Rewrites the windows in `bytes`, which is to run at `address`. Errc::mismatch when the text is not the plan's.
  Result<void> rewrite(std::uint64_t address, std::span<std::uint8_t> bytes) const;
};
}  // namespace cloister::kernel

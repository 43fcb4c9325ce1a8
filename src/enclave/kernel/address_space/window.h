// SPDX-License-Identifier: Apache-2.0
// How much one fault brings in. Trusted, kernel storey; arithmetic only.
#pragma once
#include <algorithm>
#include "src/enclave/kernel/address_space/area_map.h"

namespace cloister::kernel {
struct WindowSizes {
  std::uint64_t first, last;  // powers of two
};

// The window for a fault at `page` after one that brought in `before`: twice as much if it continues upwards or
// downwards where that ended, else the aligned block of `first` bytes around the page. Within `bounds`; it always
// contains the page.
inline PageRange next_window(PageRange before, std::uint64_t page, PageRange bounds, WindowSizes sizes) {
  PageRange window{page & ~(sizes.first - 1), (page & ~(sizes.first - 1)) + sizes.first};
  if (!before.is_empty()) {
    const std::uint64_t blocks = (before.size() + sizes.first - 1) / sizes.first;
    const std::uint64_t grown = std::clamp(blocks * 2 * sizes.first, sizes.first, sizes.last);
    const std::uint64_t behind = page + kPageSize;
    if (page == before.end)
      window = {page, page + grown};
    else if (behind == before.start)
      window = {behind > grown ? behind - grown : 0, behind};
  }
  return window.clipped_to(bounds);
}
}  // namespace cloister::kernel

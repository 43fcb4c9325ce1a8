// SPDX-License-Identifier: Apache-2.0
// Pages that the program gave up and that stay in the enclave for a while: programs map, unmap and map the same size
// again, and a page that goes to the host and comes back costs several times what it costs to zero it. Trusted,
// freestanding.
//
// A kept page is tied to its address. It has no permission at all, confirmed by EACCEPT, so that an access after munmap
// faults as anywhere; to everyone but this file it is absent. Its contents are wiped before it is handed out (rule
// S-16). That takes a moment in which the page can be seen, so only who gives away new addresses, which no other thread
// can know yet, may ask for kept pages; anyone else gets new ones in their place.
#pragma once
#include <cstdint>

namespace cloister::core {
// How many pages are kept at most; 0 at first.
void set_kept_limit(std::uint64_t pages);
std::uint64_t kept_pages();

// Committed pages of the range become kept ones. Code, and what goes beyond the limit, is removed.
long release_pages(std::uint64_t address, std::uint64_t size);
// Kept pages of the range become committed, readable and writable, with zeroes. No other thread knows the range.
long reuse_pages(std::uint64_t address, std::uint64_t size);
// Kept pages of the range go to the host.
long drop_kept_pages(std::uint64_t address, std::uint64_t size);
// So do `count` kept pages, wherever they are, or as many as there are. The lowest first: new mappings take the highest
// place that is large enough, and so the others are likelier to be of use.
long drop_any_kept_pages(std::uint64_t count);
}  // namespace cloister::core

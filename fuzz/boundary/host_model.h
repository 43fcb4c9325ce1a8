// SPDX-License-Identifier: Apache-2.0
// The host of the boundary fuzzer: a small world of files and sockets that answers every host call honestly or not, as
// the input chooses. No call reaches the real host.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>
#include "fuzz/boundary/choices.h"
#include "fuzz/boundary/streams.h"

namespace cloister::fuzz {
// What the enclave did instead of returning: it stopped for good (thrown by the transport of host calls).
struct Stopped {};

inline constexpr std::size_t kMeasuredSize = 20'000;
inline constexpr std::uint8_t kMeasuredByte = 'm';  // every byte of /measured

// From now on `choices` decides the answers; without any the host is honest.
void begin_host(Choices* choices);
// No lies from here on: the rest of the input's state is cleared away.
void calm_host();
unsigned lies_told();
const std::string& last_words();  // the line of a stop
bool broke_inside();              // it was no lie, but a check of our own that failed
// Host descriptors that are open, and all that were ever given out. But for doorbells: the enclave may keep those.
std::vector<std::uint64_t> open_host_descriptors();
std::vector<std::uint64_t> given_host_descriptors();
// Of the connection there; null: nothing is open.
Stream* find_stream(std::uint64_t host_descriptor);
}  // namespace cloister::fuzz

// SPDX-License-Identifier: Apache-2.0
// Any bytes as a program whose crash is reported: nothing, or rules that the walk over the stack may rely on. The first
// byte chooses between a file (with the position asked for in eight bytes) and a frame program of its own. Seeds:
// fuzz/seeds/call_frames.
#include <cstdlib>
#include <cstring>
#include "src/enclave/loader/frame_table.h"

using namespace cloister;

namespace {
void must(bool condition) {
  if (!condition) std::abort();
}

void check(const std::optional<loader::FrameRules>& rules) {
  if (rules.has_value()) must(rules->cfa_register < loader::kFrameRegisters);
}

void look_up(loader::FrameReader& in) {
  const std::uint64_t position = in.fixed(8);
  const auto file = in.rest();
  std::size_t bytes = 0;
  const loader::ReadAt read = [&](std::uint64_t offset, void* to, std::size_t count) -> Result<void> {
    must(offset <= file.size() && count <= file.size() - offset);  // asked only for what the file has
    must((bytes += count) <= 64 << 20);                            // and not for ever
    std::memcpy(to, file.data() + offset, count);
    return {};
  };
  check(loader::find_frame_rules(read, file.size(), position));
}

void run(loader::FrameReader& in) {
  loader::FrameProgram program;
  program.code_alignment = in.fixed(1);
  program.data_alignment = in.fixed_signed(1);
  const std::uint64_t distance = in.fixed(2);
  program.initial = in.take(in.fixed(1));
  program.instructions = in.rest();
  if (in.ok()) check(loader::run_frame_program(program, distance));
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  loader::FrameReader in({data, size});
  if (in.fixed(1) == 0)
    look_up(in);
  else
    run(in);
  return 0;
}

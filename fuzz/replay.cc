// SPDX-License-Identifier: Apache-2.0
// The main function of a fuzzing program that was built without libFuzzer: every file of a folder as an input, then so
// many changes of them, the same ones in every run. It finds what breaks a fuzzing program or one of its seeds; it does
// not search.
//   fuzz_NAME FOLDER CHANGES
// The input at which the program ended is left as FOLDER/ended-here.
#include <sanitizer/common_interface_defs.h>
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
[[gnu::weak]] int LLVMFuzzerInitialize(int*, char***);
}

namespace {
using Input = std::vector<std::uint8_t>;
constexpr std::size_t kLargestMadeUp = 2048;

std::filesystem::path folder;
Input current;

void leave_input() {
  std::ofstream file(folder / "ended-here", std::ios::binary);
  file.write(reinterpret_cast<const char*>(current.data()), static_cast<std::streamsize>(current.size()));
}

void leave_input_of_abort(int) {
  leave_input();
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

void run(Input input) {
  current = std::move(input);
  LLVMFuzzerTestOneInput(current.data(), current.size());
}

std::vector<Input> read_inputs() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Input> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Changes {
 public:
  explicit Changes(const std::vector<Input>& inputs) : inputs_(inputs) {}

  Input next() {
    Input input = inputs_.empty() ? made_up() : inputs_[below(inputs_.size())];
    for (std::size_t left = 1 + below(4); left > 0; --left) change(input);
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

  Input made_up() {
    Input input(1 + below(kLargestMadeUp));
    std::generate(input.begin(), input.end(), [this] { return byte(); });
    return input;
  }

  void change(Input& input) {
    if (input.empty()) {
      input.push_back(byte());
      return;
    }
    const std::size_t at = below(input.size());
    const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(5)) {
      case 0: *place = static_cast<std::uint8_t>(*place ^ 1U << below(8)); break;
      case 1: *place = byte(); break;
      case 2: input.resize(at); break;
      case 3: input.insert(place, byte()); break;
      default:
        input.erase(place,
                    place + static_cast<std::ptrdiff_t>(1 + below(std::min<std::size_t>(16, input.size() - at))));
    }
  }

  const std::vector<Input>& inputs_;
  std::mt19937_64 random_{20260101};
};
}  // namespace

int main(int argc, char** argv) {
  unsigned changes = 0;
  if (argc != 3 ||
      std::from_chars(argv[2], argv[2] + std::char_traits<char>::length(argv[2]), changes).ec != std::errc{}) {
    std::fprintf(stderr, "usage: %s FOLDER CHANGES\n", argv[0]);
    return 2;
  }
  folder = argv[1];
  const std::vector<Input> inputs = read_inputs();
  __sanitizer_set_death_callback(leave_input);
  std::signal(SIGABRT, leave_input_of_abort);
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  for (const Input& input : inputs) run(input);
  Changes made(inputs);
  for (unsigned i = 0; i < changes; ++i) run(made.next());
  __sanitizer_set_death_callback(nullptr);  // a leak is of no input alone
  std::printf("%zu inputs and %u changes of them: nothing broke\n", inputs.size(), changes);
  return 0;
}

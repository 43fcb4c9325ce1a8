// SPDX-License-Identifier: Apache-2.0
// libstdc++: streams, strings, containers, one exception, static constructors and destructors.
// build: pie nopie static static-pie
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

struct Announce {
  explicit Announce(const char* n) : name(n) { std::cout << "construct " << name << "\n"; }
  ~Announce() { std::cout << "destroy " << name << "\n"; }
  const char* name;
};
static Announce global("global");

int main() {
  Announce local("local");
  std::map<std::string, int> numbers{{"one", 1}, {"two", 2}};
  for (const auto& [name, value] : numbers) std::cout << name << "=" << value << std::endl;
  try {
    throw std::runtime_error("thrown");
  } catch (const std::exception& e) {
    std::cout << "caught " << e.what() << "\n";
  }
  return 3;
}

// SPDX-License-Identifier: Apache-2.0
// cloister-image RUNTIME.elf OUTPUT.sgxs: the last step of the enclave image's build.
#include <cstdio>
#include <fstream>
#include <iterator>
#include "src/base/hex.h"
#include "src/image/image_writer.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: cloister-image RUNTIME.elf OUTPUT.sgxs\n");
    return 2;
  }
  std::ifstream input(argv[1], std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
  const auto image = cloister::make_enclave_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  if (!image.ok()) {
    std::fprintf(stderr, "cloister-image: %s: %s\n", argv[1], image.error().what());
    return 1;
  }
  std::ofstream output(argv[2], std::ios::binary | std::ios::trunc);
  output.write(reinterpret_cast<const char*>(image.value().sgxs.data()),
               static_cast<std::streamsize>(image.value().sgxs.size()));
  output.close();
  if (!output) {
    std::fprintf(stderr, "cloister-image: %s: cannot be written\n", argv[2]);
    return 1;
  }
  std::printf("enclave image: %llu pages, MRENCLAVE of the image alone %s\n",
              static_cast<unsigned long long>(image.value().page_count),
              cloister::to_hex(image.value().mrenclave).c_str());
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/inspect.h"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include "src/base/hex.h"
#include "src/sgx/sgxs.h"
#include "src/sgx/sgxs_writer.h"
#include "src/sgx/sigstruct.h"
#include "src/sgx/vectors_for_test.h"

namespace cloister::sgx {
namespace {

nlohmann::json inspected(std::span<const std::uint8_t> file) {
  return nlohmann::json::parse(inspect(file, Rendering::json).take().output);
}

std::vector<std::uint8_t> stream() {
  std::vector<std::uint8_t> out;
  SgxsWriter writer(out, 1, 0x10000);
  const std::array<std::uint8_t, kPageSize> page{};
  EXPECT_TRUE(writer.add_page(0, kSecinfoRegRx, page).ok());
  EXPECT_TRUE(writer.add_unmeasured_page(0x1000, kSecinfoRegRw, page).ok());
  EXPECT_TRUE(writer.add_page(0x2000, kSecinfoTcs, page).ok());
  return out;
}

}  // namespace

// Every field that the independent description of the public SIGSTRUCTs has.
TEST(Inspect, AgreesWithThePublicFields) {
  CLOISTER_NEED_VECTORS("sgxs/fields.json");
  const auto all = nlohmann::json::parse(read_bytes(vectors_directory() / "sgxs/fields.json"));
  std::size_t compared = 0;
  for (const auto& [name, expected] : all.items()) {
    const auto bytes = read_bytes(vectors_directory() / "sgxs" / name);
    EXPECT_TRUE(inspect(bytes, Rendering::text).take().holds);
    const auto fields = inspected(bytes);
    for (const auto& [key, value] : expected.items()) {
      if (key == "size" || key == "sha256" || key == "source") continue;
      const std::string ours = key == "rsa_pkcs1v15_sha256_valid" ? "signature_valid" : key;
      EXPECT_EQ(fields.at(ours), value) << name << " " << key;
      ++compared;
    }
  }
  EXPECT_GE(compared, 14u * 18u);
}

TEST(Inspect, SaysWhatDoesNotHold) {
  const Sigstruct blank = blank_sigstruct();
  const auto fields = inspected(bytes_of(blank));
  EXPECT_FALSE(fields.at("valid"));
  EXPECT_TRUE(fields.at("format_valid"));
  EXPECT_FALSE(fields.at("signature_valid"));
  EXPECT_FALSE(fields.at("q1_q2_valid"));
  EXPECT_EQ(fields.at("verdict"), "the modulus is no 3072-bit number");
  EXPECT_FALSE(inspect(bytes_of(blank), Rendering::text).take().holds);
}

TEST(Inspect, DescribesAStream) {
  const auto fields = inspected(stream());
  EXPECT_EQ(fields.at("kind"), "sgxs");
  EXPECT_EQ(fields.at("mrenclave"), to_hex(measure_sgxs(stream()).value()));
  EXPECT_EQ(fields.at("size"), 0x10000);
  EXPECT_EQ(fields.at("pages"), 3);
  EXPECT_EQ(fields.at("tcs_pages"), 1);
  EXPECT_EQ(fields.at("measured_bytes"), 8192);
  EXPECT_EQ(fields.at("unmeasured_bytes"), 4096);
  EXPECT_EQ(fields.at("canonical"), true);
}

TEST(Inspect, TextHasTheSameFacts) {
  const std::string text = inspect(stream(), Rendering::text).take().output;
  EXPECT_NE(text.find("canonical             yes\n"), std::string::npos) << text;
  EXPECT_NE(text.find("mrenclave             " + to_hex(measure_sgxs(stream()).value()) + "\n"), std::string::npos);
}

TEST(Inspect, RefusesOtherFiles) {
  EXPECT_EQ(inspect({}, Rendering::json).error().code(), Errc::invalid);
  const std::vector<std::uint8_t> bytes(4096);
  EXPECT_EQ(inspect(bytes, Rendering::json).error().code(), Errc::invalid);
  auto cut = stream();
  cut.pop_back();
  EXPECT_EQ(inspect(cut, Rendering::json).error().code(), Errc::invalid);
}

}  // namespace cloister::sgx

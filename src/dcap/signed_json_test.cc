// SPDX-License-Identifier: Apache-2.0
#include "src/dcap/signed_json.h"
#include <gtest/gtest.h>
#include <string>
#include "src/dcap/enclave_identity.h"

namespace cloister::dcap {
namespace {
Result<SignedJson> split(const std::string& text) {
  return split_signed_json({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "body");
}
const std::string kSignature = "\"signature\":\"" + std::string(128, 'a') + "\"";
}  // namespace

TEST(SignedJson, ExactBytesOfTheBody) {
  const std::string text = "{\"body\":{\"a\" : [ \"}\\\"{\" ]}," + kSignature + "}";
  EXPECT_EQ(split(text).value().body, "{\"a\" : [ \"}\\\"{\" ]}");
  const std::string other = "\n{ " + kSignature + " ,\n \"body\" : {} }\r\n";
  EXPECT_EQ(split(other).value().body, "{}");
}

TEST(SignedJson, OneBodyAndOneSignatureAndNothingElse) {
  EXPECT_FALSE(split("{\"body\":{}}").ok());
  EXPECT_FALSE(split("{" + kSignature + "}").ok());
  EXPECT_FALSE(split("{\"body\":{},\"body\":{}," + kSignature + "}").ok());
  EXPECT_FALSE(split("{\"body\":{}," + kSignature + "," + kSignature + "}").ok());
  EXPECT_FALSE(split("{\"body\":{}," + kSignature + ",\"more\":1}").ok());
  EXPECT_FALSE(split("{\"body\":[]," + kSignature + "}").ok());
  EXPECT_FALSE(split("{\"body\":{}," + kSignature + "}x").ok());
  EXPECT_FALSE(split("{\"body\":{}," + kSignature + ",}").ok());
  EXPECT_FALSE(split("{\"b\\u006fdy\":{}," + kSignature + "}").ok());
  EXPECT_FALSE(split("{\"body\":{},\"signature\":\"aa\"}").ok());
  EXPECT_FALSE(split("{\"body\":{,\"signature\":\"aa\"}").ok());
  EXPECT_FALSE(split("").ok());
}

TEST(SignedJson, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return "{\"body\":{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}," + kSignature + "}";
  };
  EXPECT_TRUE(split(nested(kJsonDepthLimit - 1)).ok());
  EXPECT_FALSE(split(nested(kJsonDepthLimit)).ok());
  EXPECT_FALSE(split(nested(200'000)).ok());
}

TEST(SignedJson, BrokenBodiesAreErrorsAndNotExceptions) {
  for (const char* body :
       {"{\"version\":}", "{\"version\":2,}", "{\"version\":-1}", "{\"version\":1e400}", "{\"version\":2,\"id\":7}",
        "{\"id\":\"\xff\"}", "{}", "{\"version\":null}", "{\"version\":2,\"id\":\"QE\",\"tcbLevels\":{}}"}) {
    std::string text = "{\"enclaveIdentity\":";
    text.append(body).append(",").append(kSignature).append("}");
    const auto identity = parse_enclave_identity({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    ASSERT_FALSE(identity.ok()) << body;
    EXPECT_NE(identity.error().what()[0], '\0');
  }
}
}  // namespace cloister::dcap

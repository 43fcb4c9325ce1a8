// SPDX-License-Identifier: Apache-2.0
// The vectors were made by another program from docs/protocol-attestation.md, which shows them.
#include "src/release/messages.h"
#include <gtest/gtest.h>
#include <functional>
#include "src/base/hex.h"
#include "src/release/messages_for_test.h"

namespace cloister::release {
namespace {
using Buffer = std::vector<std::uint8_t>;

Buffer plain(const SecretBytes& bytes) { return {bytes.begin(), bytes.end()}; }

// Decodes and encodes again; empty when it is refused.
Buffer again(const Buffer& bytes) {
  const auto type = message_type(bytes);
  if (!type.ok()) return {};
  const auto encoded = [](const auto& message) { return message.ok() ? encode(message.value()) : Buffer(); };
  switch (type.value()) {
    case MessageType::hello: return encoded(decode_hello(bytes));
    case MessageType::challenge: return encoded(decode_challenge(bytes));
    case MessageType::evidence: return encoded(decode_evidence(bytes));
    case MessageType::deny: return encoded(decode_deny(bytes));
    case MessageType::exit: return encoded(decode_exit(bytes));
    case MessageType::noted: return encoded(decode_noted(bytes));
    case MessageType::grant: break;
  }
  const auto configuration = decode_grant(bytes);
  return configuration.ok() ? plain(encode(configuration.value())) : Buffer();
}

const Buffer kAll[] = {encode(sample_hello()),    encode(sample_challenge()),
                       encode(sample_evidence()), plain(encode(sample_configuration())),
                       encode(sample_deny()),     encode(sample_exit()),
                       encode(sample_noted())};

std::string refusal(const std::function<void(Configuration&)>& change) {
  Configuration configuration = sample_configuration();
  change(configuration);
  const auto decoded = decode_grant(encode(configuration));
  return decoded.ok() ? "" : decoded.error().what();
}
}  // namespace

TEST(Messages, WorkedBytes) {
  EXPECT_EQ(to_hex(encode(sample_hello())), kHelloBytes);
  EXPECT_EQ(to_hex(encode(sample_challenge())), kChallengeBytes);
  EXPECT_EQ(to_hex(encode(sample_evidence())), "030500000071756f7465");
  EXPECT_EQ(to_hex(encode(sample_deny())), "050200000007000000346632612d3137");
  EXPECT_EQ(to_hex(encode(sample_exit())), "060100000009000000060000006b696c6c6564");
  EXPECT_EQ(to_hex(encode(sample_noted())), kNotedBytes);
  EXPECT_EQ(to_hex(encode(sample_configuration())), kGrantBytes);
}

TEST(Messages, DecodingGivesWhatWasEncoded) {
  for (const Buffer& bytes : kAll) EXPECT_EQ(again(bytes), bytes);
  const auto hello = decode_hello(kAll[0]);
  ASSERT_TRUE(hello.ok());
  EXPECT_EQ(hello.value().config_id, "shop/web");
  const auto configuration = decode_grant(kAll[3]);
  ASSERT_TRUE(configuration.ok());
  EXPECT_EQ(std::get<HostArgument>(configuration.value().arguments[1][1]).position, 1U);
  EXPECT_EQ(text_of(configuration.value().files[0].contents), "abc");
}

TEST(Messages, EveryTruncationAndEveryExtraByteIsRefused) {
  for (const Buffer& bytes : kAll) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_TRUE(again({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}).empty()) << size;
    Buffer longer = bytes;
    longer.push_back(0);
    EXPECT_TRUE(again(longer).empty());
  }
}

TEST(Messages, AChangedByteIsRefusedOrMeansSomethingElse) {
  for (const Buffer& bytes : kAll)
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (const int change : {0x01, 0x80, 0xff}) {
        Buffer changed = bytes;
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
        const Buffer result = again(changed);
        EXPECT_TRUE(result.empty() || result == changed) << at;
      }
}

TEST(Messages, ErrorsNameTheField) {
  Hello hello = sample_hello();
  hello.config_id.clear();
  EXPECT_STREQ(decode_hello(encode(hello)).error().what(), "HELLO: config_id is empty");
  hello.config_id = std::string(kConfigIdLimit + 1, 'x');
  EXPECT_STREQ(decode_hello(encode(hello)).error().what(), "HELLO: config_id is cut off, too long or has a NUL");
  hello = sample_hello();
  hello.enclave_key[10] ^= 1;
  EXPECT_STREQ(decode_hello(encode(hello)).error().what(), "HELLO: enclave_key is no P-256 key");
  Buffer bytes = kAll[0];
  bytes[1] = 2;
  EXPECT_STREQ(decode_hello(bytes).error().what(), "HELLO: version is not 1");
  EXPECT_STREQ(decode_hello(kAll[1]).error().what(), "HELLO: another type");
  Deny deny = sample_deny();
  deny.reference = "a\x1b[2J";
  EXPECT_STREQ(decode_deny(encode(deny)).error().what(), "DENY: reference is not letters, digits and '-'");
  deny = sample_deny();
  deny.code = static_cast<Deny::Code>(4);
  EXPECT_STREQ(decode_deny(encode(deny)).error().what(), "DENY: code is not 1 to 3");
}

TEST(Messages, AConfigurationHasOneFormAndKeepsToItsLimits) {
  EXPECT_EQ(refusal([](Configuration&) {}), "");
  EXPECT_EQ(refusal([](Configuration& c) { c.arguments.clear(); }), "GRANT: no arguments, not even the program's name");
  EXPECT_EQ(refusal([](Configuration& c) { c.arguments[0].emplace_back(secret_from("x")); }),
            "GRANT: an argument has two literal pieces side by side");
  EXPECT_EQ(refusal([](Configuration& c) { c.arguments[2].emplace_back(SecretBytes()); }),
            "GRANT: a piece of an argument is empty");
  EXPECT_EQ(refusal([](Configuration& c) { c.arguments[2].emplace_back(HostArgument{1}); }),
            "GRANT: an argument of the host is used twice");
  EXPECT_EQ(refusal([](Configuration& c) { c.arguments[2].emplace_back(HostArgument{0}); }),
            "GRANT: the position of a host's argument is not 1 to 4096");
  EXPECT_EQ(refusal([](Configuration& c) { std::swap(c.environment[0], c.environment[1]); }),
            "GRANT: the variables are not ascending");
  EXPECT_EQ(refusal([](Configuration& c) { c.environment[1].name = c.environment[0].name; }),
            "GRANT: the variables are not ascending");
  EXPECT_EQ(refusal([](Configuration& c) { c.environment[0].name += "="; }),
            "GRANT: the name of a variable is empty or has '='");
  EXPECT_EQ(refusal([](Configuration& c) { c.environment[1].value = secret_from("x"); }),
            "GRANT: a variable of the host has a value");
  EXPECT_EQ(refusal([](Configuration& c) { c.environment[0].value.push_back(0); }),
            "GRANT: the value of a variable is cut off or has a NUL");
  for (const char* path : {"", "x", "/x/", "//x", "/x/../y", "/./x", "/"})
    EXPECT_EQ(refusal([&](Configuration& c) { c.files[0].path = path; }),
              "GRANT: the path of a file is not absolute and plain")
        << path;
  EXPECT_EQ(refusal([](Configuration& c) { c.files[0].mode = 010000; }),
            "GRANT: the mode of a file has bits that are none");
  EXPECT_EQ(refusal([](Configuration& c) {
              for (const char* path : {"/etc/x.key-old", "/etc/x.key/below"}) c.files.push_back({path, 0, 0, 0, {}});
            }),
            "GRANT: a file lies below another file");
  EXPECT_EQ(refusal([](Configuration& c) { c.working_directory = "srv"; }),
            "GRANT: the working directory is not absolute and plain");
}

TEST(Messages, ACountAllocatesNothingThatCannotFollow) {
  const Buffer bytes = {4, 0xff, 0xff, 0xff, 0x7f};
  EXPECT_STREQ(decode_grant(bytes).error().what(), "GRANT: the number of arguments is too large");
}

TEST(Frames, SizesAreBounded) {
  EXPECT_EQ(decode_frame_size(frame_size(65536), kFrameLimit).value(), 65536U);
  EXPECT_FALSE(decode_frame_size(frame_size(65537), kFrameLimit).ok());
  EXPECT_TRUE(decode_frame_size(frame_size(65537), kGrantLimit).ok());
  EXPECT_FALSE(decode_frame_size(frame_size(0), kFrameLimit).ok());
  EXPECT_FALSE(message_type(Buffer{}).ok());
  EXPECT_FALSE(message_type(Buffer{0}).ok());
  EXPECT_FALSE(message_type(Buffer{8}).ok());
}

TEST(Secret, WipingLeavesZeros) {
  std::array<std::uint8_t, 40> key;
  key.fill(0x5a);
  wipe(key.data(), key.size());
  for (const std::uint8_t byte : key) EXPECT_EQ(byte, 0);
}
}  // namespace cloister::release

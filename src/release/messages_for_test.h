// SPDX-License-Identifier: Apache-2.0
// One message of each kind, as docs/protocol-attestation.md shows them, and their bytes. For tests.
#pragma once
#include <numeric>
#include "src/release/messages.h"

namespace cloister::release {

inline constexpr char kHelloBytes[] =
    "0101000800000073686f702f7765621111111111111111111111111111111111111111111111111111111111111111010000005b000000"
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004000102030405060708090a0b0c0d0e0f101112131415161718191a1b"
    "1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
inline constexpr char kChallengeBytes[] =
    "020100222222222222222222222222222222222222222222222222222222222222222201000000803bb16a000000000700000000000000"
    "33333333333333333333333333333333333333333333333333333333333333332c000000302a300506032b6570032100a0a0a0a0a0a0a0"
    "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a044444444444444444444444444444444444444444444444444444444444444"
    "444444444444444444444444444444444444444444444444444444444444444444";
inline constexpr char kGrantBytes[] =
    "04030000000100000000000000060000002f62696e2f780200000000000000070000002d2d706f72743d01000000010000000000000002"
    "000000010000004100000000010000003102000000545a0100000000000000040000002f737276010000000a0000002f6574632f782e6b"
    "657900010000210000002200000003000000616263";
inline constexpr char kNotedBytes[] =
    "07080000000000000055555555555555555555555555555555555555555555555555555555555555556666666666666666666666666666"
    "6666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666";

inline std::vector<std::uint8_t> key_after(std::vector<std::uint8_t> prefix, std::vector<std::uint8_t> rest) {
  prefix.insert(prefix.end(), rest.begin(), rest.end());
  return prefix;
}
inline std::vector<std::uint8_t> p256_key(std::vector<std::uint8_t> point) {
  return key_after({0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04},
                   std::move(point));
}
template <std::size_t kSize>
std::array<std::uint8_t, kSize> filled(std::uint8_t byte) {
  std::array<std::uint8_t, kSize> bytes;
  bytes.fill(byte);
  return bytes;
}

inline Hello sample_hello() {
  std::vector<std::uint8_t> point(64);
  std::iota(point.begin(), point.end(), std::uint8_t{0});
  return {"shop/web", filled<32>(0x11), kFormatDcap, p256_key(point)};
}
inline Challenge sample_challenge() {
  return {filled<32>(0x22),
          kFormatDcap,
          1790000000,
          {7, filled<32>(0x33), filled<64>(0x44)},
          key_after({0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00},
                    std::vector<std::uint8_t>(32, 0xa0))};
}
inline Evidence sample_evidence() { return {{'q', 'u', 'o', 't', 'e'}}; }
inline Configuration sample_configuration() {
  Configuration configuration;
  configuration.arguments.resize(3);
  configuration.arguments[0].emplace_back(secret_from("/bin/x"));
  configuration.arguments[1].emplace_back(secret_from("--port="));
  configuration.arguments[1].emplace_back(HostArgument{1});
  configuration.environment.push_back({"A", Variable::Source::policy, secret_from("1")});
  configuration.environment.push_back({"TZ", Variable::Source::host, {}});
  configuration.working_directory = "/srv";
  configuration.files.push_back({"/etc/x.key", 0400, 33, 34, secret_from("abc")});
  return configuration;
}
inline Deny sample_deny() { return {Deny::Code::owner, "4f2a-17"}; }
inline Exit sample_exit() { return {Exit::Kind::signal, 9, "killed"}; }
inline Noted sample_noted() { return {{8, filled<32>(0x55), filled<64>(0x66)}}; }

}  // namespace cloister::release

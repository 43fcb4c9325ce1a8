// SPDX-License-Identifier: Apache-2.0
// The messages between an enclave and CAS (docs/protocol-attestation.md): bytes from the type byte on, as they are
// hashed and framed. Both sides; pure functions over bytes, bounded, no exceptions.
//
// A message has exactly one encoding, and decoding refuses everything else, with an error that names message and field.
// What is encoded must keep to the same limits; decoding one's own message says whether it does.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>
#include "src/base/result.h"
#include "src/base/secret.h"
#include "src/release/configuration.h"

namespace cloister::release {

using Bytes = std::span<const std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;
using Nonce = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;  // Ed25519

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::uint32_t kFormatDcap = 1;  // DCAP quote with certification data of type 5
inline constexpr char kAlpn[] = "cloister-cas/1";

inline constexpr std::size_t kFrameLimit = 64 << 10;  // type and body, all messages but GRANT
inline constexpr std::size_t kGrantLimit = 16 << 20;
inline constexpr std::size_t kFrameSizeSize = 4;
inline constexpr std::size_t kConfigIdLimit = 1024;
inline constexpr std::size_t kReferenceLimit = 64;
inline constexpr std::size_t kReasonLimit = 1024;

// SubjectPublicKeyInfo in DER: what is before the point, and the whole.
inline constexpr std::size_t kP256KeySize = 91;
inline constexpr std::size_t kEd25519KeySize = 44;

enum class MessageType : std::uint8_t { hello = 1, challenge, evidence, grant, deny, exit, noted };

struct Hello {
  std::string config_id;  // session/service
  Nonce client_nonce{};
  std::uint32_t formats = kFormatDcap;
  std::vector<std::uint8_t> enclave_key;  // P-256, SubjectPublicKeyInfo
};

// A signed head of the audit log.
struct AuditHead {
  std::uint64_t sequence = 0;
  Digest head{};
  Signature signature{};
};

struct Challenge {
  Nonce cas_nonce{};
  std::uint32_t format = kFormatDcap;
  std::uint64_t time = 0;  // seconds since 1970
  AuditHead audit;
  std::vector<std::uint8_t> audit_key;  // Ed25519, SubjectPublicKeyInfo
};

struct Evidence {
  std::vector<std::uint8_t> quote;
};

struct Deny {
  enum class Code : std::uint32_t { host = 1, owner = 2, later = 3 };  // who can do something about it
  Code code = Code::host;
  std::string reference;  // letters, digits and '-'
};

struct Exit {
  enum class Kind : std::uint32_t { exited = 0, signal = 1, stopped = 2 };
  Kind kind = Kind::exited;
  std::uint32_t value = 0;  // exit status, signal number, or the runtime's status
  std::string reason;
};

struct Noted {
  AuditHead audit;
};

std::vector<std::uint8_t> encode(const Hello& message);
std::vector<std::uint8_t> encode(const Challenge& message);
std::vector<std::uint8_t> encode(const Evidence& message);
std::vector<std::uint8_t> encode(const Deny& message);
std::vector<std::uint8_t> encode(const Exit& message);
std::vector<std::uint8_t> encode(const Noted& message);
SecretBytes encode(const Configuration& configuration);

Result<Hello> decode_hello(Bytes message);
Result<Challenge> decode_challenge(Bytes message);
Result<Evidence> decode_evidence(Bytes message);
Result<Deny> decode_deny(Bytes message);
Result<Exit> decode_exit(Bytes message);
Result<Noted> decode_noted(Bytes message);
Result<Configuration> decode_grant(Bytes message);

// The 4 bytes before a message in the TLS stream.
std::array<std::uint8_t, kFrameSizeSize> frame_size(std::size_t message_size);
// Size of the message that follows; `limit` is kFrameLimit, or kGrantLimit where GRANT may come.
Result<std::uint32_t> decode_frame_size(std::span<const std::uint8_t, kFrameSizeSize> bytes, std::size_t limit);
// Errc::invalid for no message or a type that there is not.
Result<MessageType> message_type(Bytes message);

}  // namespace cloister::release

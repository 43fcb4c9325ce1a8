// SPDX-License-Identifier: Apache-2.0
// The simulated counterpart of Intel's provisioning certification service: a root that an installation makes for
// itself, the PCK CA and the TCB signing key below it. Host side. Who reads its directory can forge everything that
// chains to this root; nothing else in the world trusts it.
#pragma once
#include <string>
#include "src/dcap/simulation/certificate_writer.h"

namespace cloister::dcap::simulation {

// Every name says "simulation": that is how a verifier and its users know one.
inline constexpr char kRootName[] = "Cloister simulation SGX Root CA";
inline constexpr char kPckCaName[] = "Cloister simulation SGX PCK Platform CA";
inline constexpr char kTcbSigningName[] = "Cloister simulation SGX TCB Signing";
inline constexpr char kPckName[] = "Cloister simulation SGX PCK Certificate";

struct Authority {
  struct Member {
    PrivateKey key;
    OwnedBytes certificate;  // DER
  };
  Member root, pck_ca, tcb_signing;
  Validity validity;  // of all certificates
};

// A new one, in force from `now` on for thirty years.
Result<Authority> make_authority(UnixTime now);
// The one in `directory`, made at first use; two first users agree on one. The directory above it must exist. Files:
// for each of root, pck-ca, tcb-signing a NAME.pem and a NAME-key.pem, the keys readable by the owner alone.
Result<Authority> load_authority(const std::string& directory, UnixTime now);

}  // namespace cloister::dcap::simulation

// SPDX-License-Identifier: Apache-2.0
#include "src/pccs/collect.h"

namespace cloister::pccs {
namespace {

using dcap::CollateralKind;

// From when until when a document claims to be in force; nothing for what cannot be read.
std::optional<dcap::Validity> validity_of(CollateralKind kind, dcap::Bytes file, dcap::Cache& parsed) {
  const auto of = [](const auto& document) -> std::optional<dcap::Validity> {
    if (!document.ok()) return std::nullopt;
    return document.value()->validity();
  };
  switch (kind) {
    case CollateralKind::tcb_info:
      if (const auto info = parsed.tcb_info(file); info.ok()) return info.value()->validity;
      return std::nullopt;
    case CollateralKind::qe_identity:
      if (const auto identity = parsed.identity(file); identity.ok()) return identity.value()->validity;
      return std::nullopt;
    case CollateralKind::pck_crl:
    case CollateralKind::root_crl: return of(parsed.crl(file));
    default:
      if (const auto list = parsed.certificates(file); list.ok()) return list.value()->front().validity();
      return std::nullopt;
  }
}

class Collector {
 public:
  Collector(const Sources& sources, const dcap::CollateralRequest& request, dcap::UnixTime time, dcap::Cache& parsed,
            dcap::CollateralFiles& files, std::string& problem)
      : sources_(sources), request_(request), time_(time), parsed_(parsed), files_(files), problem_(problem) {}

  void obtain(CollateralKind kind) {
    if (!files_[kind].bytes.empty()) return;
    dcap::CollateralFile cached = from_cache(kind);
    const auto validity = validity_of(kind, cached.bytes, parsed_);
    if (validity && in_force(*validity, time_) == dcap::InForce::yes) {
      files_[kind] = std::move(cached);
      return;
    }
    if (sources_.service) ask_service(kind, validity);
    if (files_[kind].bytes.empty()) files_[kind] = std::move(cached);
  }

 private:
  dcap::CollateralFile from_cache(CollateralKind kind) const {
    if (!sources_.cache) return {};
    auto file = sources_.cache->read(kind, request_);
    return file.ok() ? std::move(file).take() : dcap::CollateralFile{};
  }

  void ask_service(CollateralKind kind, const std::optional<dcap::Validity>& cached) {
    dcap::CollateralFiles fetched;
    std::string why;
    if (!sources_.service->fetch(kind, request_, fetched, why).ok()) {
      problem_ += (problem_.empty() ? "" : "; ") + std::string(name(kind)) + ": " + why;
      return;
    }
    for (std::size_t i = 0; i < dcap::kCollateralKinds; ++i) {
      const auto brought = static_cast<CollateralKind>(i);
      if (!fetched[brought].bytes.empty() && files_[brought].bytes.empty())
        adopt(brought, std::move(fetched[brought]), brought == kind ? cached : std::nullopt);
    }
  }

  // A service that sends an older document than one that was seen already is not believed.
  void adopt(CollateralKind kind, dcap::CollateralFile file, const std::optional<dcap::Validity>& cached) {
    const auto validity = validity_of(kind, file.bytes, parsed_);
    if (validity && cached && validity->from < cached->from) return;
    if (validity && sources_.cache && !sources_.cache->write(kind, request_, file.bytes).ok())
      problem_ += (problem_.empty() ? "" : "; ") + std::string(name(kind)) + ": the cache cannot be written";
    files_[kind] = std::move(file);
  }

  const Sources& sources_;
  const dcap::CollateralRequest& request_;
  const dcap::UnixTime time_;
  dcap::Cache& parsed_;
  dcap::CollateralFiles& files_;
  std::string& problem_;
};

}  // namespace

void collect(const Sources& sources, const dcap::CollateralRequest& request, dcap::UnixTime time, dcap::Cache& parsed,
             dcap::CollateralFiles& files, std::string& problem) {
  Collector collector(sources, request, time, parsed, files, problem);
  for (const CollateralKind kind : {CollateralKind::tcb_info, CollateralKind::tcb_signing, CollateralKind::qe_identity,
                                    CollateralKind::pck_crl, CollateralKind::root_crl})
    collector.obtain(kind);
}

}  // namespace cloister::pccs

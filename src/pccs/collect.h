// SPDX-License-Identifier: Apache-2.0
// Gathers what a quote's verification needs, from a cache directory and a service. Host side and owner's tools.
#pragma once
#include <optional>
#include "src/pccs/directory.h"
#include "src/pccs/service.h"

namespace cloister::pccs {

struct Sources {
  std::optional<Directory> cache;
  std::optional<Service> service;
};

// Fills in the files that are not there yet. A document from the cache is taken while it is in force at `time`;
// otherwise the service is asked, and its answer kept if it is the newer one. A cached document that is out of force is
// used where there is nothing better: verification then says so. `problem` says what could not be fetched, and why.
void collect(const Sources& sources, const dcap::CollateralRequest& request, dcap::UnixTime time, dcap::Cache& parsed,
             dcap::CollateralFiles& files, std::string& problem);

}  // namespace cloister::pccs

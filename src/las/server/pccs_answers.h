// SPDX-License-Identifier: Apache-2.0
// What a PCCS answers: the paths of Intel's collateral API, versions 3 and 4, over documents in memory. Host side;
// pure.
#pragma once
#include <string>
#include <utility>
#include <vector>
#include "src/dcap/collateral_files.h"

namespace cloister::las {

struct PccsAnswer {
  unsigned status;
  std::vector<std::pair<std::string, std::string>> headers;
  dcap::OwnedBytes body;
};
// `target` is a request's path with its query. `files` are those of `have`; all else is 404, and 400 for a query that
// makes no sense.
PccsAnswer pccs_answer(const std::string& target, const dcap::CollateralFiles& files,
                       const dcap::CollateralRequest& have);

}  // namespace cloister::las

// SPDX-License-Identifier: Apache-2.0
// Verifies a quote with the collateral that CAS keeps, within its bound of time. In the enclave; thread-safe. Which
// enclave it may be, and below which root, is for whoever asks to say.
#pragma once
#include "src/cas/server/collateral_keeper.h"
#include "src/cas/store/sealed_store.h"
#include "src/cas/upgrade/quote_judge.h"

namespace cloister::cas {

// `collateral` as CollateralKeeper::prepare() gave it for this quote, with its `problem`; `now` in milliseconds.
JudgedQuote judge_quote(SealedStore& store, CollateralKeeper& keeper, const dcap::Quote& quote,
                        const CollateralPointer& collateral, const std::string& problem, std::uint64_t now);
// The same, waiting for collateral.
JudgedQuote judge_quote(SealedStore& store, CollateralKeeper& keeper, const dcap::Quote& quote, std::uint64_t now);

}  // namespace cloister::cas

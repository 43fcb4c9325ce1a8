// SPDX-License-Identifier: Apache-2.0
#include "src/cas/server/judge_quote.h"
#include <future>
#include "src/cas/store/collateral_marks.h"

namespace cloister::cas {
namespace {

JudgedQuote unusable(std::string why) {
  JudgedQuote judged;
  judged.why_not = std::move(why);
  return judged;
}
JudgedQuote not_now(std::string why) {
  JudgedQuote judged = unusable(std::move(why));
  judged.may_be_later = true;
  return judged;
}

}  // namespace

JudgedQuote judge_quote(SealedStore& store, CollateralKeeper& keeper, const dcap::Quote& quote,
                        const CollateralPointer& collateral, const std::string& problem, std::uint64_t now) {
  if (collateral == nullptr) return not_now("no collateral for this platform: " + problem);
  dcap::Cache& parsed = keeper.parsed();
  const auto chain = parsed.pck_chain(quote.certification_data);
  if (!chain.ok()) return unusable(chain.error().what());
  // Below whichever root it came with; which roots count is a policy's to say.
  const auto root = dcap::TrustAnchor::from_certificate(chain.value()->root);
  if (!root.ok()) return unusable(root.error().what());
  const auto seconds = static_cast<dcap::UnixTime>(now / 1000);
  dcap::Judgement judgement = dcap::Verified<dcap::Quote>::judge(quote, *collateral, root.value(), seconds, parsed);
  JudgedQuote judged;
  judged.seen = judged_marks(*collateral, root.value(), judgement.verdict);
  if (!judgement.verified) {
    judged.why_not = "the quote does not verify: " +
                     (judgement.verdict.error ? judgement.verdict.error->what() : status_text(judgement.verdict));
    return judged;
  }
  std::string older;
  if (!store.time_bound()
           ->accepts(seconds, static_cast<dcap::UnixTime>(store.newest_time() / 1000), judged.seen, older)
           .ok())
    return not_now(older);
  judged.verified = std::move(judgement.verified);
  return judged;
}

JudgedQuote judge_quote(SealedStore& store, CollateralKeeper& keeper, const dcap::Quote& quote, std::uint64_t now) {
  const auto request = dcap::collateral_request(quote, keeper.parsed());
  if (!request.ok()) return unusable(std::string("the quote: ") + request.error().what());
  // Shared: this thread may be done before the keeper's has left set_value().
  const auto promise = std::make_shared<std::promise<std::pair<CollateralPointer, std::string>>>();
  keeper.prepare(request.value(), [promise](const CollateralPointer& found, const std::string& cause) {
    promise->set_value({found, cause});
  });
  const auto [collateral, problem] = promise->get_future().get();
  return judge_quote(store, keeper, quote, collateral, problem, now);
}

}  // namespace cloister::cas

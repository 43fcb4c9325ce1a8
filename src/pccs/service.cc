// SPDX-License-Identifier: Apache-2.0
#include "src/pccs/service.h"
#include "src/base/hex.h"

namespace cloister::pccs {
namespace {

using dcap::CollateralKind;

// Intel serves its root's CRL elsewhere than the rest; a PCCS has it beside the rest.
constexpr char kIntelHost[] = "api.trustedservices.intel.com";
constexpr char kIntelRootCrl[] = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

// The headers in which answers bring their issuer's chain, the later name first.
constexpr const char* kChainHeaders[] = {"tcb-info-issuer-chain", "sgx-tcb-info-issuer-chain"};

dcap::OwnedBytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

Result<Service> Service::open(const std::string& url, const std::string& ca_file) {
  Service service = TRY(parse(url));
  service.ca_file_ = ca_file;
  return service;
}

Result<Service> Service::open_anonymous(const std::string& url, const std::string& address) {
  Service service = TRY(parse(url));
  service.address_ = address;
  service.any_server_ = true;
  return service;
}

Result<Service> Service::parse(const std::string& url) {
  Url base = TRY(Url::parse(url));
  std::string version = "v4";
  while (base.path.ends_with('/')) base.path.pop_back();
  constexpr std::string_view kApi = "/sgx/certification/";
  if (const std::size_t api = base.path.find(kApi); api != std::string::npos) {
    version = base.path.substr(api + kApi.size());
    base.path.resize(api);
  }
  if (version != "v3" && version != "v4")
    return Error(Errc::unsupported, "names an API version that is neither v3 nor v4");
  return Service(std::move(base), std::move(version));
}

Url Service::address(CollateralKind kind, const dcap::CollateralRequest& request) const {
  Url url = base_;
  const std::string sgx = "/sgx/certification/" + version_;
  const std::string tee = request.tdx ? "/tdx/certification/" + version_ : sgx;
  switch (kind) {
    case CollateralKind::qe_identity: url.path += tee + "/qe/identity"; break;
    case CollateralKind::pck_crl:
      url.path += sgx + "/pckcrl?ca=" + (request.platform_ca ? "platform" : "processor") + "&encoding=der";
      break;
    case CollateralKind::root_crl:
      if (base_.host == kIntelHost) return Url::parse(kIntelRootCrl).take();
      url.path += sgx + "/rootcacrl";
      break;
    default: url.path += tee + "/tcb?fmspc=" + to_hex(request.fmspc); break;
  }
  return url;
}

Result<https::Response> Service::get(const Url& url, CollateralKind kind, std::string& problem) const {
  https::Options options{.ca_file = ca_file_, .address = address_, .body_limit = size_limit(kind)};
  if (any_server_) options.accept_key = [](std::span<const std::uint8_t>) { return true; };
  https::Response response = TRY(https::exchange({.url = url}, options, problem));
  if (response.status != 200) {
    problem = "the service answered with status " + std::to_string(response.status);
    return Error(Errc::io, "the collateral service has no such document");
  }
  return response;
}

Result<void> Service::fetch(CollateralKind kind, const dcap::CollateralRequest& request, dcap::CollateralFiles& files,
                            std::string& problem) const {
  const Url url = address(kind, request);
  https::Response response = TRY(get(url, kind, problem));
  const bool brings_chain = kind == CollateralKind::tcb_info || kind == CollateralKind::tcb_signing;
  for (const char* header : kChainHeaders) {
    const auto found = response.headers.find(header);
    if (brings_chain && found != response.headers.end() && files[CollateralKind::tcb_signing].bytes.empty())
      files[CollateralKind::tcb_signing] = {bytes_of(https::percent_decoded(found->second)), url.text()};
  }
  if (kind != CollateralKind::tcb_signing) {
    files[kind] = {std::move(response.body), url.text()};
  } else if (files[kind].bytes.empty()) {
    problem = "the service's answer brings no issuer chain";
    return Error(Errc::io, "the collateral service has no such document");
  }
  return {};
}

}  // namespace cloister::pccs

// SPDX-License-Identifier: Apache-2.0
#include "src/sgx/report.h"
#include "src/sgx/bytes.h"

namespace cloister::sgx {
Report ereport(const Platform& platform, const Secs& secs, const Targetinfo& target,
               std::span<const std::uint8_t, kReportdataSize> reportdata) {
  Report report{};
  ReportBody& body = report.body;
  copy_bytes(body.cpusvn, std::span(platform.cpusvn));
  body.miscselect = secs.miscselect;
  body.cet_attributes = secs.cet_attributes;
  copy_bytes(body.isvextprodid, secs.isvextprodid);
  body.attributes = secs.attributes;
  copy_bytes(body.mrenclave, secs.mrenclave);
  copy_bytes(body.mrsigner, secs.mrsigner);
  copy_bytes(body.configid, secs.configid);
  body.isvprodid = secs.isvprodid;
  body.isvsvn = secs.isvsvn;
  body.configsvn = secs.configsvn;
  copy_bytes(body.isvfamilyid, secs.isvfamilyid);
  copy_bytes(body.reportdata, reportdata);
  copy_bytes(report.keyid, std::span(platform.report_keyid));
  const Mac mac = report_mac(report_key(platform, target, platform.report_keyid), body);
  copy_bytes(report.mac, std::span(mac));
  return report;
}

Mac report_mac(const Key128& key, const ReportBody& body) {
  return aes_cmac(key, {reinterpret_cast<const std::uint8_t*>(&body), sizeof body});
}

bool check_report(const Report& report, const Key128& key) {
  return equal_macs(report_mac(key, report.body), report.mac);
}

Targetinfo targetinfo_of(const ReportBody& body) {
  Targetinfo target{};
  copy_bytes(target.measurement, body.mrenclave);
  target.attributes = body.attributes;
  target.cet_attributes = body.cet_attributes;
  target.configsvn = body.configsvn;
  target.miscselect = body.miscselect;
  copy_bytes(target.configid, body.configid);
  return target;
}

}  // namespace cloister::sgx

// SPDX-License-Identifier: Apache-2.0
// Where a process that is configured by a policy gets its configuration from. Trusted, kernel storey. Each image links
// one of two answers: the one without TLS says that it cannot (absent.cc), the other one asks CAS (configure.cc).
#pragma once

namespace cloister::kernel {
class Process;
}

namespace cloister::configure {
// Before the program is loaded. Sets arguments, environment, working directory and files of the process, or ends it
// with one line that says why not.
void configure_process(kernel::Process& process);
}  // namespace cloister::configure

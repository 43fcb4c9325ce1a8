// SPDX-License-Identifier: Apache-2.0
// Enclaves that attest to a CAS, by the hundred a second: the protocol's messages and real quotes of the simulated
// platform, without any enclave being started. tools/bench cas runs it.
//
// Open loop: arrivals are a Poisson process, and a latency counts from the moment of arrival, so that a server which
// falls behind cannot hide it. With --rate 0 closed loop: --connections at a time, as fast as they go.
#include "tests/attested/simulated_enclave.h"
#include <sys/resource.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <random>
#include <thread>
#include "src/base/hex.h"

namespace cloister {
namespace {
namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string address = "127.0.0.1:18765", config_id, mrenclave, directory;
  double rate = 300;
  unsigned seconds = 10, connections = 16, warm_up = 20;
};

struct Load {
  const Options& options;
  tcp::endpoint cas;
  SimulatedEnclave& enclave;
  std::mutex mutex{};
  std::vector<double> milliseconds{};
  std::size_t refused = 0, failed = 0;

  bool note(Clock::time_point arrived, const SimulatedConnection::Message& answer) {
    const auto now = Clock::now();
    const bool granted = release::decode_grant(answer).ok();
    const std::lock_guard lock(mutex);
    if (granted)
      milliseconds.push_back(std::chrono::duration<double, std::milli>(now - arrived).count());
    else
      ++(release::decode_deny(answer).ok() ? refused : failed);
    return granted;
  }
};

asio::awaitable<void> one(asio::any_io_executor executor, Load& load, Clock::time_point arrived) {
  SimulatedConnection connection(executor, load.enclave);
  const auto answer = co_await connection.attest(load.cas);
  if (load.note(arrived, answer)) (void)co_await connection.exit();
}

// Each on a strand of its own, on whichever thread is free: enclaves do not wait for each other's arithmetic.
void spawn(asio::io_context& io, Load& load, Clock::time_point arrived) {
  const auto strand = asio::make_strand(io);
  asio::co_spawn(strand, one(strand, load, arrived), asio::detached);
}

void run_all(asio::io_context& io) {
  std::thread other([&io] { io.run(); });
  io.run();
  other.join();
  io.restart();
}

asio::awaitable<void> arrivals(asio::io_context& io, Load& load) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> gap(load.options.rate);
  asio::steady_timer timer(io);
  const auto begin = Clock::now();
  double at = 0;
  boost::system::error_code code;
  while ((at += gap(random)) < load.options.seconds) {
    const auto moment = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(at));
    timer.expires_at(moment);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, code));
    spawn(io, load, moment);
  }
}

asio::awaitable<void> closed_loop(asio::any_io_executor executor, Load& load, Clock::time_point end) {
  while (Clock::now() < end) co_await one(executor, load, Clock::now());
}

double percentile(std::vector<double>& sorted, double part) {
  return sorted.empty()
             ? 0
             : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void report(Load& load, double seconds, double processor) {
  auto& all = load.milliseconds;
  std::sort(all.begin(), all.end());
  std::printf(
      "{\"released\": %zu, \"refused\": %zu, \"failed\": %zu, \"seconds\": %.3f, \"per_second\": %.1f, \"p50_ms\": "
      "%.2f, "
      "\"p90_ms\": %.2f, \"p99_ms\": %.2f, \"generator_cpu_seconds\": %.3f}\n",
      all.size(), load.refused, load.failed, seconds, static_cast<double>(all.size()) / seconds, percentile(all, 0.5),
      percentile(all, 0.9), percentile(all, 0.99), processor);
}

int fail(const char* what, const Error& error) {
  std::fprintf(stderr, "cas_load: %s: %s\n", what, error.what());
  return 1;
}

int run(const Options& options) {
  auto machine = SimulatedMachine::open(options.directory);
  if (!machine.ok()) return fail("--dir", machine.error());
  SimulatedEnclave enclave(std::move(machine).take());
  enclave.config_id = enclave.claimed_id = options.config_id;
  if (!read_hex(options.mrenclave, enclave.secs.mrenclave))
    return fail("--mrenclave", Error(Errc::invalid, "give 64 hexadecimal digits"));
  Load load{.options = options, .cas = parse_address(options.address), .enclave = enclave};

  asio::io_context io(2);
  for (unsigned i = 0; i < options.warm_up; ++i) {
    spawn(io, load, Clock::now());
    run_all(io);
  }
  if (load.milliseconds.empty()) return fail("warm-up", Error(Errc::io, "nothing was released"));
  load.milliseconds.clear();
  load.refused = load.failed = 0;
  const auto begin = Clock::now();
  const double processor = processor_seconds();
  if (options.rate > 0)
    asio::co_spawn(io, arrivals(io, load), asio::detached);
  else
    for (unsigned i = 0; i < options.connections; ++i) {
      const auto strand = asio::make_strand(io);
      asio::co_spawn(strand, closed_loop(strand, load, begin + std::chrono::seconds(options.seconds)), asio::detached);
    }
  run_all(io);
  report(load, std::chrono::duration<double>(Clock::now() - begin).count(), processor_seconds() - processor);
  return load.refused + load.failed == 0 ? 0 : 1;
}
}  // namespace
}  // namespace cloister

int main(int argc, char** argv) {
  cloister::Options options;
  CLI::App app{"Attests to a CAS as many simulated enclaves would.", "cas_load"};
  app.add_option("--address", options.address, "CAS's port for enclaves")->capture_default_str();
  app.add_option("--config-id", options.config_id, "session/service")->required();
  app.add_option("--mrenclave", options.mrenclave, "of the enclaves")->required();
  app.add_option("--dir", options.directory, "the simulation's state")->required();
  app.add_option("--rate", options.rate, "arrivals a second; 0: closed loop")->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long")->capture_default_str();
  app.add_option("--connections", options.connections, "at a time, in the closed loop")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return cloister::run(options);
}

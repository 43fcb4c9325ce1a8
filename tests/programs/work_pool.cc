// SPDX-License-Identifier: Apache-2.0
// An ordinary C++ program: a thread pool, futures, exceptions that cross threads, files, regular expressions, time.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <numeric>
#include <random>
#include <regex>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

class Pool {
 public:
  explicit Pool(int count) {
    for (int i = 0; i < count; i++) workers_.emplace_back([this] { work(); });
  }
  ~Pool() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    ready_.notify_all();
    for (auto& worker : workers_) worker.join();
  }
  template <typename F>
  auto submit(F function) -> std::future<decltype(function())> {
    auto task = std::make_shared<std::packaged_task<decltype(function())()>>(std::move(function));
    auto result = task->get_future();
    {
      std::lock_guard lock(mutex_);
      queue_.emplace_back([task] { (*task)(); });
    }
    ready_.notify_one();
    return result;
  }

 private:
  void work() {
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return stop_ || !queue_.empty(); });
        if (queue_.empty()) return;
        job = std::move(queue_.front());
        queue_.pop_front();
      }
      job();
    }
  }
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> workers_;
  bool stop_ = false;
};

int main() {
  using namespace std::chrono_literals;
  Pool pool(4);
  std::vector<std::future<long>> primes;
  for (int block = 0; block < 40; block++) {
    primes.push_back(pool.submit([block] {
      long count = 0;
      for (int n = block * 2000 + 2; n < block * 2000 + 2002; n++) {
        bool prime = true;
        for (int d = 2; d * d <= n && prime; d++) prime = n % d != 0;
        count += prime;
      }
      return count;
    }));
  }
  long total = 0;
  for (auto& p : primes) total += p.get();
  std::cout << "primes " << total << "\n";

  int failed = 0;
  std::vector<std::future<int>> throwing;
  for (int i = 0; i < 500; i++)
    throwing.push_back(pool.submit([i]() -> int { return i % 3 ? i : throw std::runtime_error(std::to_string(i)); }));
  for (auto& f : throwing) {
    try {
      f.get();
    } catch (const std::runtime_error&) {
      failed++;
    }
  }
  std::cout << "exceptions " << failed << "\n";

  std::filesystem::create_directories("pool/a/b");
  for (int i = 0; i < 20; i++) {
    pool.submit([i] {
          std::ofstream("pool/a/file" + std::to_string(i)) << std::string(static_cast<size_t>(i) * 1000, 'x');
        })
        .get();
  }
  std::uintmax_t bytes = 0;
  int files = 0;
  for (auto& entry : std::filesystem::recursive_directory_iterator("pool")) {
    if (entry.is_regular_file()) bytes += entry.file_size(), files++;
  }
  std::cout << files << " files " << bytes << " bytes\n";
  std::cout << "removed " << std::filesystem::remove_all("pool") << "\n";

  std::regex pattern("([a-z]+)=([0-9]+)");
  std::string text = "alpha=1 beta=22 gamma=333";
  for (std::sregex_iterator i(text.begin(), text.end(), pattern), end; i != end; ++i)
    std::cout << (*i)[1] << ">" << (*i)[2] << "\n";

  std::shared_mutex shared;
  std::map<int, int> table;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; t++) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < 2000; i++) {
        if (random() % 10 == 0) {
          std::unique_lock lock(shared);
          table[static_cast<int>(random() % 100)]++;
        } else {
          std::shared_lock lock(shared);
          table.find(static_cast<int>(random() % 100));
        }
      }
    });
  }
  for (auto& t : threads) t.join();
  int sum = std::accumulate(table.begin(), table.end(), 0, [](int s, auto& e) { return s + e.second; });
  std::cout << "writes " << sum << "\n";

  auto begin = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(50ms);
  std::cout << "slept " << (std::chrono::steady_clock::now() - begin >= 50ms) << "\n";
  std::random_device device;
  std::cout << "random differs " << (device() != device() || device() != device()) << "\n";
  try {
    std::ifstream missing;
    missing.exceptions(std::ios::failbit);
    missing.open("/nonexistent/file");
  } catch (const std::ios_base::failure&) {
    std::cout << "open failed\n";
  }
  std::atomic<int> once{0};
  std::once_flag flag;
  threads.clear();
  for (int t = 0; t < 8; t++) threads.emplace_back([&] { std::call_once(flag, [&] { once++; }); });
  for (auto& t : threads) t.join();
  std::cout << "once " << once << "\n";
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// The openssl command as an oracle that shares no code of ours.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace cloister::cas {

inline bool have_openssl_command() { return std::system("openssl version >/dev/null 2>&1") == 0; }

// A directory of its own; files in it are named from there.
class OpensslCommand {
 public:
  OpensslCommand() : directory_((std::filesystem::temp_directory_path() / "cloister-openssl-XXXXXX").string()) {
    if (mkdtemp(directory_.data()) == nullptr) std::abort();
  }
  ~OpensslCommand() { std::filesystem::remove_all(directory_); }
  OpensslCommand(const OpensslCommand&) = delete;

  void write(const char* name, std::string_view content) const {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << content;
  }
  struct Answer {
    int status = -1;
    std::string text;  // both streams
  };
  Answer run(const std::string& arguments) const {
    const std::string command = "cd " + directory_ + " && openssl " + arguments + " 2>&1";
    FILE* const pipe = popen(command.c_str(), "r");
    Answer answer;
    char buffer[4096];
    while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) answer.text.append(buffer, size);
    const int status = pclose(pipe);
    answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return answer;
  }

 private:
  std::string directory_;
};

}  // namespace cloister::cas

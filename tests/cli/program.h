// Runs the program under test as a user would, in a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/testing_fault_env.h"
#include "process.h"

namespace fm::testing_cli {

struct Outcome {
  int exit_code = -1;
  std::string out;  // standard output
  std::string err;  // standard error
};

class ProgramTest : public testing::Test {
 protected:
  void SetUp() override;

  // `arguments` behind the program's name; standard input holds `input`. No configuration of the
  // machine is seen.
  Outcome run(const std::vector<std::string>& arguments, const std::string& input = "");
  // A line for the shell, in which $FM stands for the program.
  Outcome shell(const std::string& line, const std::string& input = "");
  // Beside the test, what it says in NAME.out and NAME.err.
  [[nodiscard]] std::unique_ptr<Process> start(
      const std::string& name, const std::vector<std::string>& arguments,
      const std::map<std::string, std::string>& variables = {});
  // Expects success and nothing said; returns what was printed.
  std::string result(const std::vector<std::string>& arguments);

  [[nodiscard]] std::string path(const std::string& name) const { return join(folder_, name); }
  void write(const std::string& name, const std::string& text);
  [[nodiscard]] std::string read(const std::string& name);
  // Where the shared test data lie; the test is to be skipped when they do not.
  [[nodiscard]] static std::string shared(const std::string& name);
  [[nodiscard]] static bool is_shared_data_there();

  Env& env_ = Env::posix();
  const TestDirectory directory_;
  const std::string& folder_ = directory_.path();
};

[[nodiscard]] const std::string& program();
[[nodiscard]] std::size_t count_lines(const std::string& text);

}  // namespace fm::testing_cli

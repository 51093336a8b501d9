#include "program.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace fm::testing_cli {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

}  // namespace

const std::string& program() {
  static const std::string path = [] {
    const char* named = ::getenv("FRONTMONTH");
    return std::string(named ? named : FM_BINARY);
  }();
  return path;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void ProgramTest::SetUp() { ASSERT_TRUE(env_.exists(program())) << program(); }

Outcome ProgramTest::shell(const std::string& line, const std::string& input) {
  write(".in", input);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::chdir(folder_.c_str()) != 0) ::_exit(126);
    ::setenv("FM", program().c_str(), 1);
    ::setenv("HOME", folder_.c_str(), 1);
    ::unsetenv("XDG_CONFIG_HOME");
    const std::string command = "{ " + line + "\n} <.in >.out 2>.err";
    ::execl("/bin/bash", "bash", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  Outcome outcome;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read(".out");
  outcome.err = read(".err");
  return outcome;
}

Outcome ProgramTest::run(const std::vector<std::string>& arguments, const std::string& input) {
  std::string line = "\"$FM\"";
  for (const auto& argument : arguments) line += " " + quoted(argument);
  return shell(line, input);
}

std::unique_ptr<Process> ProgramTest::start(const std::string& name,
                                            const std::vector<std::string>& arguments,
                                            const std::map<std::string, std::string>& variables) {
  std::vector<std::string> command = {program()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Process>(Launch{.command = std::move(command),
                                          .folder = folder_,
                                          .out = path(name + ".out"),
                                          .err = path(name + ".err"),
                                          .variables = variables});
}

std::string ProgramTest::result(const std::vector<std::string>& arguments) {
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return outcome.out;
}

void ProgramTest::write(const std::string& name, const std::string& text) {
  EXPECT_TRUE(env_.make_directories(parent_of(path(name))));
  EXPECT_TRUE(write_text_atomically(env_, path(name), text));
}

std::string ProgramTest::read(const std::string& name) {
  auto text = read_text(env_, path(name));
  EXPECT_TRUE(text) << name;
  return text.value_or("");
}

std::string ProgramTest::shared(const std::string& name) { return join(FM_SHARED_DATA, name); }
bool ProgramTest::is_shared_data_there() { return Env::posix().exists(FM_SHARED_DATA); }

}  // namespace fm::testing_cli

#include "process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <span>

namespace fm::testing_cli {
namespace {

std::string text_of(const std::string& path) {
  auto text = read_text(Env::posix(), path);
  return text.value_or("");
}

// In the child: nothing here returns.
void become(const Launch& launch) {
  const auto redirect = [](const std::string& path, int flags, int to) {
    const int file = ::open(path.c_str(), flags, 0600);
    if (file < 0 || ::dup2(file, to) < 0) ::_exit(126);
  };
  if (::chdir(launch.folder.c_str()) != 0) ::_exit(126);
  redirect("/dev/null", O_RDONLY, STDIN_FILENO);
  redirect(launch.out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  redirect(launch.err, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  ::setenv("HOME", launch.folder.c_str(), 1);
  for (const char* foreign : {"XDG_CONFIG_HOME", "DATABENTO_API_KEY", "CREDENTIALS_DIRECTORY"})
    ::unsetenv(foreign);
  for (const auto& [name, value] : launch.variables) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : launch.command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

Process::Process(Launch launch) : launch_(std::move(launch)) {
  child_ = ::fork();
  if (child_ == 0) become(launch_);
  EXPECT_GT(child_, 0);
}

Process::~Process() {
  if (!is_running()) return;
  signal(SIGKILL);
  static_cast<void>(wait());
}

std::optional<int> Process::wait_for(Nanos patience) {
  const auto ended = [&] {
    if (exit_code_) return true;
    int status = 0;
    if (::waitpid(child_, &status, WNOHANG) != child_) return false;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  };
  static_cast<void>(await_that(ended, patience));
  return exit_code_;
}

int Process::wait() {
  if (const auto code = wait_for(kPatience)) return *code;
  ADD_FAILURE() << launch_.command[1] << " does not end\n" << err();
  signal(SIGKILL);
  return wait_for(kPatience).value_or(-1);
}

void Process::signal(int number) {
  if (!exit_code_) ::kill(child_, number);
}

std::string Process::out() const { return text_of(launch_.out); }
std::string Process::err() const { return text_of(launch_.err); }

void Process::await(const std::string& text) {
  const auto said = [&] {
    return out().find(text) != std::string::npos || err().find(text) != std::string::npos;
  };
  bool ended = false;
  const bool in_time = await_that([&] {
    ended = !is_running();  // asked first: what it says before it ends counts
    return said() || ended;
  });
  if (in_time && said()) return;
  ADD_FAILURE() << launch_.command[1] << (ended ? " ended" : " ran on") << " without saying \""
                << text << "\"\n"
                << err();
}

std::string http_get(const std::string& url) {
  const std::size_t host = url.find("://") + 3;
  const std::size_t slash = url.find('/', host);
  const std::string place = url.substr(host, slash - host);
  const auto port = static_cast<std::uint16_t>(std::stoi(place.substr(place.find(':') + 1)));
  auto socket = Env::posix().connect("127.0.0.1", port, kPatience);
  if (!socket) return socket.error().message();
  const std::string request =
      "GET " + url.substr(slash) + " HTTP/1.1\r\nHost: " + place + "\r\nConnection: close\r\n\r\n";
  EXPECT_TRUE((*socket)->write(std::as_bytes(std::span(request)), kPatience));
  std::string answer;
  std::array<std::byte, 4096> piece{};
  for (;;) {
    const auto got = (*socket)->read(piece, kPatience);
    if (!got || *got == 0) return answer;
    answer.append(reinterpret_cast<const char*>(piece.data()), *got);
  }
}

}  // namespace fm::testing_cli

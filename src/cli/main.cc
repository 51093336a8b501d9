#include <signal.h>
#include <unistd.h>

#include <string>

#include "base/env.h"
#include "cli/run.h"

int main(int argc, char** argv) {
  // A reader that goes away is an error of the write, which ends quietly; never a death in
  // mid-commit.
  ::signal(SIGPIPE, SIG_IGN);
  fm::Variables environment;
  for (char** variable = environ; *variable; ++variable) {
    const std::string text = *variable;
    const auto equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return fm::cli::run(fm::Env::posix(), {argv, argv + argc}, std::move(environment));
}

// What a service manager is told, and the signal to read the configuration again.
#include "base/service_manager.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "base/reload_signal.h"
#include "base/testing_fault_env.h"

namespace fm {
namespace {

// The other end: a datagram socket with a name.
class Listening {
 public:
  explicit Listening(const std::string& name) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.starts_with('@')) address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0);
  }
  ~Listening() { ::close(fd_); }
  [[nodiscard]] std::string next() const {
    char text[256];
    const ssize_t got = ::recv(fd_, text, sizeof text, 0);
    return got < 0 ? "" : std::string(text, static_cast<std::size_t>(got));
  }

 private:
  int fd_;
};

TEST(ServiceManager, IsToldByDatagrams) {
  const TestDirectory folder;
  for (const std::string& name :
       {folder.file("notify"), fmt::format("@frontmonth-test-{}", ::getpid())}) {
    const Listening listening(name);
    ServiceManager manager(Variables{{"NOTIFY_SOCKET", name}});
    EXPECT_TRUE(manager.is_there());
    manager.tell("READY=1\nSTATUS=serving");
    EXPECT_EQ(listening.next(), "READY=1\nSTATUS=serving") << name;
    EXPECT_EQ(manager.watchdog(), std::nullopt);
  }
}

TEST(ServiceManager, MayNotBeThere) {
  for (const std::string& name :
       {std::string(), std::string("relative"), "/" + std::string(200, 'x')}) {
    ServiceManager manager(Variables{{"NOTIFY_SOCKET", name}, {"WATCHDOG_USEC", "1000"}});
    EXPECT_FALSE(manager.is_there());
    manager.tell("READY=1");
  }
  ServiceManager gone(Variables{{"NOTIFY_SOCKET", "/no/such/socket"}});
  gone.tell("READY=1");
}

TEST(ServiceManager, SaysHowOftenItWantsToHear) {
  const std::string own = std::to_string(::getpid());
  struct {
    Variables variables;
    std::optional<Nanos> watchdog;
  } const cases[] = {{{{"WATCHDOG_USEC", "30000000"}}, 30 * kNanosPerSecond},
                     {{{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", own}}, 30 * kNanosPerSecond},
                     {{{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "1"}}, std::nullopt},
                     {{{"WATCHDOG_USEC", "0"}}, std::nullopt},
                     {{{"WATCHDOG_USEC", "soon"}}, std::nullopt}};
  for (const auto& c : cases) {
    Variables variables = c.variables;
    variables["NOTIFY_SOCKET"] = "@frontmonth-test";
    EXPECT_EQ(ServiceManager(variables).watchdog(), c.watchdog);
  }
}

TEST(ReloadSignal, IsTakenOnce) {
  ReloadSignal reload;
  EXPECT_FALSE(reload.take());
  ::raise(SIGHUP);
  EXPECT_TRUE(reload.take());
  EXPECT_FALSE(reload.take());
}

}  // namespace
}  // namespace fm

#include "postgres/testing_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "base/assert.h"

namespace fm::postgres {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPassword = "se@cret";
constexpr Nanos kPatience = 60 * kNanosPerSecond;

// Where initdb and postgres lie; empty: nowhere.
std::string find_binaries() {
  std::string newest;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::string folder = entry.path() / "bin";
    if (fs::exists(folder + "/initdb") && folder > newest) newest = folder;
  }
  if (const char* path = std::getenv("FRONTMONTH_TEST_POSTGRES_BIN"); path != nullptr) return path;
  return newest;
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  FM_ASSERT(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  FM_ASSERT(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

// Whom the server runs as when the tests run as root.
const passwd& nobody() {
  const passwd* user = ::getpwnam("nobody");
  FM_ASSERT(user != nullptr);
  return *user;
}

// A program as an unprivileged user that does not outlive this one.
pid_t spawn(const std::vector<std::string>& command, const std::string& folder) {
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  // All that allocates happens before the fork: another thread may hold the allocator's lock.
  std::vector<std::string> settings;
  for (char** setting = ::environ; *setting != nullptr; ++setting)
    if (!std::string_view(*setting).starts_with("LC_ALL=")) settings.emplace_back(*setting);
  settings.emplace_back("LC_ALL=C");
  std::vector<char*> environment;
  environment.reserve(settings.size() + 1);
  for (std::string& setting : settings) environment.push_back(setting.data());
  environment.push_back(nullptr);
  const bool is_root = ::geteuid() == 0;
  const passwd user = is_root ? nobody() : passwd{};
  const std::string log = folder + "/log";
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (out >= 0) {
    ::dup2(out, 1);
    ::dup2(out, 2);
  }
  if (is_root &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user.pw_gid) != 0 || ::setuid(user.pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent || ::chdir(folder.c_str()) != 0) ::_exit(126);
  ::execve(words[0], words.data(), environment.data());
  ::_exit(127);
}

std::string log_of(const std::string& folder) {
  constexpr std::size_t kLast = 1'000;  // bytes
  std::ifstream file(folder + "/log");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return text.substr(text.size() - std::min(text.size(), kLast));
}

}  // namespace

Result<std::unique_ptr<TestServer>> TestServer::start() {
  const std::string binaries = find_binaries();
  if (binaries.empty()) return fail(Code::kNotFound, "no PostgreSQL server is installed");
  std::unique_ptr<TestServer> server(new TestServer);
  server->binaries_ = binaries;
  std::string name = fs::temp_directory_path() / "frontmonth-postgres-XXXXXX";
  FM_ASSERT(::mkdtemp(name.data()) != nullptr);
  server->folder_ = name;
  if (::geteuid() == 0) FM_ASSERT(::chown(name.c_str(), nobody().pw_uid, nobody().pw_gid) == 0);
  server->data_ = server->folder_ + "/data";
  const std::string password = server->folder_ + "/password";
  std::ofstream(password) << kPassword << "\n";
  FM_ASSERT(::chmod(password.c_str(), 0644) == 0);
  const pid_t made =
      spawn({binaries + "/initdb", "-D", server->data_, "-U", "frontmonth", "--auth=scram-sha-256",
             "--pwfile=" + password, "-E", "UTF8", "--no-locale", "--no-sync"},
            server->folder_);
  int status = 0;
  if (::waitpid(made, &status, 0) != made || status != 0)
    return fail(Code::kInternal, "initdb failed in {}, as {}: {}", server->folder_,
                ::geteuid() == 0 ? "nobody" : "this user", log_of(server->folder_));
  server->port_ = free_port();
  server->launch();
  FM_TRY(server->await());
  return server;
}

TestServer::~TestServer() {
  kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void TestServer::launch() {
  child_ = spawn({binaries_ + "/postgres",
                  "-D",
                  data_,
                  "-p",
                  std::to_string(port_),
                  "-c",
                  "listen_addresses=127.0.0.1",
                  "-c",
                  "unix_socket_directories=",
                  "-c",
                  "fsync=off",
                  "-c",
                  "shared_buffers=16MB",
                  "-c",
                  "max_connections=20",
                  "-c",
                  "deadlock_timeout=100ms",
                  "-c",
                  "log_min_messages=fatal",
                  "-c",
                  "min_wal_size=32MB",
                  "-c",
                  "max_wal_size=64MB"},
                 folder_);
}

Status TestServer::await() {
  Env& env = Env::posix();
  for (const Nanos end = env.monotonic() + kPatience; env.monotonic() < end;) {
    if (Connection::open(env, Secret(uri("postgres")), {})) return {};
    // What the killed one's last session still holds lets no other server begin.
    if (::waitpid(child_, nullptr, WNOHANG) == child_) launch();
    env.sleep_for(20'000'000);
  }
  return fail(Code::kTimedOut, "the server does not start: {}", log_of(folder_));
}

void TestServer::kill() {
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
  child_ = -1;
}

Status TestServer::start_again() {
  FM_ASSERT(child_ < 0);
  launch();
  return await();
}

Status TestServer::make_database(const std::string& name) {
  FM_ASSIGN(auto db, Connection::open(Env::posix(), Secret(uri("postgres")), {}));
  FM_ASSIGN(const std::uint64_t made, db.run("CREATE DATABASE " + name));
  static_cast<void>(made);
  return {};
}

std::string TestServer::uri(std::string_view database, std::string_view password,
                            std::string_view user) const {
  std::string quoted;
  for (const char c : password) quoted += c == '@' ? std::string("%40") : std::string(1, c);
  return fmt::format("postgresql://{}:{}@127.0.0.1:{}/{}", user, quoted, port_, database);
}

}  // namespace fm::postgres

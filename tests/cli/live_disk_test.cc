// `frontmonth live` on disks that are full.
#include <signal.h>
#include <sys/mount.h>

#include "testing_feed.h"

namespace fm::testing_cli {
namespace {

// A small file system, for as long as it lives.
class SmallDisk {
 public:
  SmallDisk(std::string path, const char* size) : path_(std::move(path)) {
    EXPECT_TRUE(Env::posix().make_directories(path_));
    is_there_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, size) == 0;
  }
  ~SmallDisk() {
    if (is_there_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool is_there() const { return is_there_; }
  void resize(const char* size) {
    EXPECT_EQ(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, size), 0);
  }

 private:
  const std::string path_;
  bool is_there_ = false;
};

class LiveDisk : public FeedTest {};

constexpr const char* kNoMount = "only root can mount a small file system";

TEST_F(LiveDisk, AFullDiskUnderTheLogIsWaitedFor) {
  SmallDisk disk(path("state"), "size=2m");
  if (!disk.is_there()) GTEST_SKIP() << kNoMount;
  const Gateway gateway = serve();
  const auto feed = live(gateway, "live", {"--state-dir", path("state"), "--until-end"});
  feed->await("the feed waits: ");
  EXPECT_NE(feed->err().find("error: the feed waits: "), std::string::npos) << feed->err();
  EXPECT_NE(feed->err().find("No space left"), std::string::npos) << feed->err();
  EXPECT_TRUE(feed->is_running());
  disk.resize("size=200m");
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  EXPECT_EQ(number_in(feed->out(), "gaps"), 0U);
  expect_batch_rows("live");
}

TEST_F(LiveDisk, AStopWhileTheDiskIsFullKeepsWhatThereIs) {
  SmallDisk disk(path("state"), "size=2m");
  if (!disk.is_there()) GTEST_SKIP() << kNoMount;
  const Gateway gateway = serve();
  const std::vector<std::string> state = {"--state-dir", path("state")};
  {
    const auto feed = live(gateway, "live", state);
    feed->await("the feed waits: ");
    feed->signal(SIGTERM);
    static_cast<void>(feed->wait());
  }
  disk.resize("size=200m");
  EXPECT_EQ(number_in(live_to_the_end(gateway, "live", state), "gaps"), 0U);
  expect_batch_rows("live");
}

TEST_F(LiveDisk, AFullDiskUnderTheLakeDoesNotStopTheFeed) {
  SmallDisk disk(path("live"), "size=512k");
  if (!disk.is_there()) GTEST_SKIP() << kNoMount;
  const Gateway gateway = serve();
  const auto feed = live(gateway, "live");
  feed->await("the lake is not written at present: ");
  await_records(*feed, "live", trade_count());
  disk.resize("size=200m");
  feed->signal(SIGTERM);
  EXPECT_EQ(feed->wait(), 0) << feed->err();
  live_to_the_end(gateway, "live");
  expect_batch_rows("live");
}

}  // namespace
}  // namespace fm::testing_cli

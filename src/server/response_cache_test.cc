#include "server/response_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace fm::server {
namespace {

std::shared_ptr<const CachedAnswer> answer(std::size_t bytes) {
  auto made = std::make_shared<CachedAnswer>();
  made->body = std::make_shared<const std::string>(bytes, 'x');
  return made;
}

TEST(ResponseCache, DropsWhatWasNotAskedForLongest) {
  ResponseCache cache(10'000);
  for (const char* key : {"a", "b", "c", "d"}) cache.put(key, answer(1'500));
  EXPECT_TRUE(cache.find("a"));
  cache.put("e", answer(1'500));
  EXPECT_FALSE(cache.find("b"));
  for (const char* key : {"a", "c", "d", "e"}) EXPECT_TRUE(cache.find(key)) << key;
  EXPECT_EQ(cache.figures().answers, 4U);
  cache.put("f", answer(2'400));
  EXPECT_FALSE(cache.find("f")) << "more than a quarter";
}

TEST(ResponseCache, AnAnswerIsMadeOnceForAllWhoWantIt) {
  ResponseCache cache(1 << 20);
  std::atomic<int> made = 0;
  const auto ask = [&](const std::string& key) {
    const ResponseCache::Turn turn(cache, key);
    if (cache.find(key)) return;
    ++made;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    cache.put(key, answer(100));
  };
  std::vector<std::thread> clients;
  clients.reserve(16);
  for (int i = 0; i < 16; ++i) clients.emplace_back([&, i] { ask(i % 2 == 0 ? "a" : "b"); });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(made, 2);
}

TEST(ResponseCache, NobodyWaitsTwiceForWhatIsNotKept) {
  ResponseCache cache(1 << 20);
  std::atomic<int> made = 0;
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&] {
      const ResponseCache::Turn turn(cache, "a");
      if (!cache.find("a")) ++made;
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(made, 8);
}

}  // namespace
}  // namespace fm::server

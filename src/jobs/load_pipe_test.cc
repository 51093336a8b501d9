// Loading from pipes: what can be read once is loaded as a file with the same bytes is.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <thread>

#include "base/testing_forwarding_env.h"
#include "jobs/load_stream.h"
#include "jobs/testing_load.h"

namespace fm::jobs {
namespace {

using Bars = std::vector<TestBar>;

class LoadPipe : public LoadFixture {
 protected:
  // Loads what a file holds through a pipe with a name.
  LoadReport load_through_pipe(const std::string& file) {
    const std::string pipe = folder_.file("pipe");
    if (!Env::posix().exists(pipe)) {
      EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    }
    const std::string bytes = read_text(Env::posix(), file).value();
    std::jthread writer([&] {
      auto out = Env::posix().create(pipe, Create::kAppend);
      // A load that fails closes the pipe before it is read to its end.
      if (out) static_cast<void>((*out)->write(std::string_view(bytes)));
    });
    options_.inputs = {pipe};
    return load(options_);
  }
  // The same through standard input.
  LoadReport load_through_input(const std::string& file) {
    ForwardingEnv env;
    env.on_open = [&](const std::string& path,
                      std::unique_ptr<ReadableFile> opened) -> std::unique_ptr<ReadableFile> {
      if (path != kStandardInput) return opened;
      ++opened_;
      return with_short_reads(Env::posix().open(file).value(), 7);
    };
    options_.inputs = {std::string(kStandardInput)};
    return load(options_, env);
  }

  int opened_ = 0;
};

const Bars& some_bars() {
  static const Bars kBars = [] {
    Bars bars;
    for (int minute = 0; minute < 5'000; ++minute)
      bars.push_back(minute_bar(minute, minute % 3 == 0 ? "ESU5" : "ZLN5", minute % 90 + 1));
    return bars;
  }();
  return kBars;
}

TEST_F(LoadPipe, EveryFormIsLoadedAsAFileIs) {
  write_bars(in("expected.dbn"), some_bars());
  load_all();
  const Bars expected = stored();
  ASSERT_EQ(expected.size(), some_bars().size());
  for (const char* form : {"a.dbn", "a.dbn.zst", "a.json", "a.json.zst", "a.csv", "a.csv.zst"}) {
    for (const bool is_named : {true, false}) {
      options_.lake = folder_.file(fmt::format("lake-{}-{}", form, is_named));
      options_.memory = {.sort_bytes = 300'000, .store_bytes = 1};
      write_bars(folder_.file(form), some_bars());
      const LoadReport report =
          is_named ? load_through_pipe(folder_.file(form)) : load_through_input(folder_.file(form));
      EXPECT_EQ(only_file(report).action, LoadAction::kLoad) << form << to_text(report);
      EXPECT_EQ(only_file(report).added, expected.size()) << form;
      EXPECT_GT(report.spilled_bytes, 0U);
      EXPECT_EQ(stored(), expected) << form;
    }
  }
  EXPECT_EQ(opened_, 6) << "each input is opened once";
}

TEST_F(LoadPipe, ContentsAreRememberedWhateverTheyCameThrough) {
  write_bars(folder_.file("a.dbn"), some_bars());
  write_bars(folder_.file("b.dbn"), {minute_bar(0, "ESU5", 99)});
  EXPECT_EQ(only_file(load_through_input(folder_.file("a.dbn"))).action, LoadAction::kLoad);
  const auto account = state().at(0);
  EXPECT_EQ(account.path, "-");
  EXPECT_EQ(account.status, ops::LoadStatus::kSuccess);
  EXPECT_EQ(account.content_hash, hash_file(Env::posix(), folder_.file("a.dbn"))->hex());
  EXPECT_EQ(account.size_bytes, Env::posix().info(folder_.file("a.dbn"))->size_bytes);

  EXPECT_EQ(only_file(load_through_input(folder_.file("a.dbn"))).action, LoadAction::kUnchanged);
  EXPECT_EQ(only_file(load_through_pipe(folder_.file("a.dbn"))).action, LoadAction::kCopy);
  options_.inputs = {folder_.file("a.dbn")};
  EXPECT_EQ(only_file(load(options_)).action, LoadAction::kCopy);
  // The pipe's name says nothing of what comes through it.
  const LoadReport other = load_through_input(folder_.file("b.dbn"));
  EXPECT_EQ(only_file(other).corrected, 1U) << to_text(other);
}

TEST_F(LoadPipe, WhatTheTextDoesNotSayIsSaid) {
  const std::string line =
      R"({"hd":{"ts_event":"2025-06-16T00:00:00.000000000Z","publisher_id":1,"instrument_id":7},)"
      R"("open":"1.000000000","high":"2.000000000","low":"1.000000000","close":"2.000000000",)"
      R"("volume":"3"})"
      "\n";
  ASSERT_TRUE((*Env::posix().create(folder_.file("old.txt"), Create::kNew))->write(line));
  const LoadReport unnamed = load_through_input(folder_.file("old.txt"));
  EXPECT_EQ(only_file(unnamed).action, LoadAction::kRefused) << to_text(unnamed);

  options_.hints.schema = "ohlcv-1m";
  const LoadReport unknown = load_through_input(folder_.file("old.txt"));
  EXPECT_EQ(only_file(unknown).action, LoadAction::kFailed);
  EXPECT_TRUE(only_file(unknown).advice.contains("--symbology")) << only_file(unknown).advice;

  const std::string symbology =
      R"({"result":{"ESU5":[{"d0":"2025-06-01","d1":"2025-07-01","s":"7"}]},"symbols":["ESU5"],)"
      R"("stype_in":"raw_symbol","stype_out":"instrument_id","start_date":"2025-06-01",)"
      R"("end_date":"2025-07-01","partial":[],"not_found":[],"message":"OK","status":0})";
  options_.hints.symbology = folder_.file("symbology.json");
  ASSERT_TRUE((*Env::posix().create(options_.hints.symbology, Create::kNew))->write(symbology));
  options_.hints.published = kBarDay;
  const LoadReport said = load_through_input(folder_.file("old.txt"));
  EXPECT_EQ(only_file(said).added, 1U) << to_text(said);
  EXPECT_EQ(stored(), (Bars{minute_bar(0, "ESU5", 2, 3)}));
  EXPECT_EQ(state().back().published_at, kBarDay);
}

TEST_F(LoadPipe, OneThatBreaksOffKeepsNothing) {
  write_bars(folder_.file("a.dbn.zst"), some_bars());
  const std::string bytes = read_text(Env::posix(), folder_.file("a.dbn.zst")).value();
  ASSERT_TRUE((*Env::posix().create(folder_.file("cut"), Create::kNew))
                  ->write(std::string_view(bytes).substr(0, bytes.size() - 9)));
  for (const bool is_named : {true, false}) {
    const LoadReport report =
        is_named ? load_through_pipe(folder_.file("cut")) : load_through_input(folder_.file("cut"));
    EXPECT_EQ(only_file(report).action, LoadAction::kFailed) << to_text(report);
    EXPECT_TRUE(stored().empty());
  }
  // An empty one says nothing.
  ASSERT_TRUE(Env::posix().create(folder_.file("empty"), Create::kNew));
  options_.inputs = {folder_.file("empty")};
  EXPECT_EQ(load(options_).verdict(), LoadVerdict::kFailed);
}

TEST(LoadStream, TheHeadIsReadAgainAndIsBounded) {
  const TestDirectory folder;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
  ASSERT_TRUE((*Env::posix().create(folder.file("a"), Create::kNew))->write(text));
  const auto stream = std::make_shared<LoadStream>(Env::posix(), folder.file("a"));
  std::string read(1'000, ' ');
  for (int time = 0; time < 2; ++time) {
    ASSERT_EQ(*stream->open()->read(std::as_writable_bytes(std::span(read))), read.size());
    EXPECT_EQ(read, text.substr(0, read.size()));
  }
  stream->seal();
  std::string all;
  const auto file = stream->open();
  for (;;) {
    const std::size_t got = *file->read(std::as_writable_bytes(std::span(read)));
    if (got == 0) break;
    all.append(read, 0, got);
  }
  EXPECT_EQ(all, text);
  EXPECT_EQ(stream->bytes(), text.size());
  EXPECT_EQ(stream->hash(), hash_of(text));
  EXPECT_FALSE(file->seek(0));

  // Nothing that says what it is, for ever.
  ForwardingEnv env;
  class Endless final : public ReadableFile {
   public:
    Result<std::size_t> read(std::span<std::byte> out) override {
      std::memset(out.data(), ' ', out.size());
      return out.size();
    }
    Status seek(std::uint64_t) override { return {}; }
  };
  env.on_open = [](const std::string&, std::unique_ptr<ReadableFile>) {
    return std::make_unique<Endless>();
  };
  const auto endless = std::make_shared<LoadStream>(env, "-");
  const auto head = endless->open();
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  Code code{};
  for (int i = 0; i < 100; ++i)
    if (const auto got = head->read(buffer); !got) {
      code = got.error().code();
      break;
    }
  EXPECT_EQ(code, Code::kUnsupported);
}

}  // namespace
}  // namespace fm::jobs

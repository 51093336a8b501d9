#include "gateway/testing_live_client.h"

#include <gtest/gtest.h>

#include <array>

#include "dbn/reader.h"
#include "gateway/client_session.h"

namespace fm::gateway::testing {
namespace {

// The socket as a source that gives up after a silence.
class SocketSource final : public dbn::ByteSource {
 public:
  SocketSource(Socket& socket, const Nanos& silence) : socket_(socket), silence_(silence) {}
  Result<std::size_t> read(std::span<std::byte> out) override {
    return socket_.read(out, silence_);
  }

 private:
  Socket& socket_;
  const Nanos& silence_;
};

}  // namespace

struct LiveClient::State {
  std::unique_ptr<Socket> socket;
  std::string text;
  bool zstd = false;
  Nanos silence = 0;
  std::optional<dbn::Reader> reader;
  std::vector<std::vector<std::byte>> unread;  // records of a block that was read in part
};

std::vector<std::uint32_t> Stream::sequences() const {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (const auto* one = view(i).get_if<dbn::TradeMsg>()) out.push_back(one->sequence);
    if (const auto* one = view(i).get_if<dbn::Mbp1Msg>()) out.push_back(one->sequence);
  }
  return out;
}

std::vector<std::string> Stream::texts(bool errors) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto* system = view(i).get_if<dbn::SystemMsg>();
    const auto* failure = view(i).get_if<dbn::ErrorMsg>();
    if (!errors && system != nullptr)
      out.push_back(fmt::format("{} {}", system->code, dbn::text_of(system->msg)));
    if (errors && failure != nullptr)
      out.push_back(fmt::format("{} {}", failure->code, dbn::text_of(failure->err)));
  }
  return out;
}

std::vector<std::string> Stream::mappings() const {
  std::vector<std::string> out;
  for (const auto& one : all<dbn::SymbolMappingMsg>())
    out.push_back(fmt::format("{} {} {}", dbn::text_of(one.stype_in_symbol),
                              one.header.instrument_id, dbn::text_of(one.stype_out_symbol)));
  return out;
}

LiveClient::LiveClient(std::uint16_t port) : state_(std::make_unique<State>()) {
  auto socket = Env::posix().connect("127.0.0.1", port, 10 * kNanosPerSecond);
  EXPECT_TRUE(socket) << socket.error().message();
  if (socket) state_->socket = *std::move(socket);
}
LiveClient::~LiveClient() = default;

void LiveClient::close() { state_->socket.reset(); }

void LiveClient::send(std::string_view text) {
  // The gateway may have closed already; what it said tells.
  [[maybe_unused]] const Status sent = state_->socket->write(text, 10 * kNanosPerSecond);
}

std::size_t LiveClient::read_some(std::span<std::byte> out) {
  const auto got = state_->socket->read(out, 10 * kNanosPerSecond);
  return got ? *got : 0;
}

std::string LiveClient::line(Nanos patience) {
  for (;;) {
    const std::size_t end = state_->text.find('\n');
    if (end != std::string::npos) {
      std::string line = state_->text.substr(0, end);
      state_->text.erase(0, end + 1);
      return line;
    }
    // One byte at a time, so that none of the stream is taken.
    std::array<std::byte, 1> byte{};
    const auto got = state_->socket->read(byte, patience);
    if (!got || *got == 0) return "";
    state_->text += static_cast<char>(byte[0]);
  }
}

std::string LiveClient::authenticate(std::string_view details, std::string_view key) {
  EXPECT_TRUE(line().starts_with("lsg_version="));
  const std::string cram = line();
  EXPECT_TRUE(cram.starts_with("cram=")) << cram;
  const std::string challenge = cram.substr(cram.find('=') + 1);
  send(fmt::format("auth={}-{}|{}|client=test\n", cram_digest(challenge, key),
                   key.substr(key.size() - 5), details));
  return line();
}

void LiveClient::start(const std::vector<std::string>& lines, std::string_view details) {
  const std::string verdict = authenticate(details);
  ASSERT_TRUE(verdict.starts_with("success=1|session_id=")) << verdict;
  state_->zstd = details.find("compression=zstd") != std::string_view::npos;
  for (const std::string& one : lines) send(one + "\n");
  send("start_session\n");
}

Stream LiveClient::read(std::size_t count, Nanos silence) {
  Stream stream;
  state_->silence = silence;
  if (!state_->reader) {
    std::unique_ptr<dbn::ByteSource> source =
        std::make_unique<SocketSource>(*state_->socket, state_->silence);
    if (state_->zstd) source = std::make_unique<dbn::ZstdSource>(std::move(source));
    auto reader = dbn::Reader::open(std::move(source), "stream", {.upgrade = false});
    if (!reader) {
      stream.error = reader.error();
      return stream;
    }
    state_->reader = *std::move(reader);
  }
  stream.metadata = state_->reader->metadata();
  stream.tail_bytes = stream.metadata->ts_out ? dbn::kTsOutBytes : 0;
  while (stream.records.size() < count) {
    if (state_->unread.empty()) {
      const auto block = state_->reader->next();
      if (!block) stream.error = block.error();
      if (!block || block->empty()) break;
      for (const dbn::RecordView record : *block)
        state_->unread.emplace_back(record.bytes().begin(), record.bytes().end());
    }
    const std::size_t taken = std::min(count - stream.records.size(), state_->unread.size());
    const auto end = state_->unread.begin() + static_cast<std::ptrdiff_t>(taken);
    stream.records.insert(stream.records.end(), state_->unread.begin(), end);
    state_->unread.erase(state_->unread.begin(), end);
  }
  return stream;
}

std::string LiveClient::read_text() {
  std::array<std::byte, 16 << 10> chunk;
  for (;;) {
    const std::size_t got = read_some(chunk);
    if (got == 0) return std::exchange(state_->text, {});
    state_->text.append(reinterpret_cast<const char*>(chunk.data()), got);
  }
}

}  // namespace fm::gateway::testing

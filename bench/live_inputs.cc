#include "live_inputs.h"

#include <string_view>

#include "dbn/byte_source.h"
#include "dbn/reader.h"
#include "dbn/writer.h"

namespace fm::bench {
namespace {

constexpr Nanos kPatience = 60 * kNanosPerSecond;

// Until the client has said `word`; `heard` is what it said so far.
Status listen_for(Socket& client, std::string& heard, std::string_view word) {
  std::byte bytes[512];
  while (!heard.contains(word)) {
    FM_ASSIGN(const std::size_t count, client.read(bytes, kPatience));
    if (count == 0) return fail(Code::kDisconnected, "the client left before it said '{}'", word);
    heard.append(reinterpret_cast<const char*>(bytes), count);
  }
  return {};
}

}  // namespace

PlainGateway::PlainGateway(std::unique_ptr<Listener> listener, std::span<const std::byte> file)
    : listener_(std::move(listener)), file_(file), thread_([this] {
        // A client that leaves early is the measurement's error, which finds too few records.
        static_cast<void>(serve());
      }) {}

PlainGateway::~PlainGateway() {
  listener_->shut_down();
  thread_.join();
}

Result<std::unique_ptr<PlainGateway>> PlainGateway::start(Env& env,
                                                          std::span<const std::byte> file) {
  FM_ASSIGN(auto listener, env.listen("127.0.0.1", 0));
  return std::unique_ptr<PlainGateway>(new PlainGateway(std::move(listener), file));
}

Status PlainGateway::serve() {
  FM_ASSIGN(const auto client, listener_->accept(kPatience));
  FM_TRY(client->write("lsg_version=0.7.2\ncram=0123456789abcdef\n", kPatience));
  std::string heard;
  FM_TRY(listen_for(*client, heard, "auth="));
  FM_TRY(client->write("success=1|session_id=1\n", kPatience));
  FM_TRY(listen_for(*client, heard, "start_session"));
  return client->write(file_, kPatience);
}

Result<std::unique_ptr<gateway::LiveServer>> serve_file(Env& env, const std::string& path,
                                                        std::uint32_t speed) {
  const std::string paths[] = {path};
  FM_ASSIGN(auto archive, gateway::Archive::open(env, paths));
  gateway::LiveServerOptions options;
  options.port = 0;
  options.speed = speed;
  return gateway::LiveServer::start(env, std::move(archive), std::move(options));
}

jobs::LiveJobOptions feed_from(std::uint16_t port, const std::string& lake) {
  jobs::LiveJobOptions options;
  options.lake = lake;
  options.session.host = "127.0.0.1";
  options.session.port = port;
  options.session.dataset = "GLBX.MDP3";
  options.session.subscriptions = {
      {dbn::Schema::kTbbo, dbn::SType::kParent, {"ES.FUT", "NQ.FUT", "CL.FUT", "GC.FUT"}}};
  options.start = 0;
  return options;
}

Result<std::shared_ptr<const ScratchFolder>> ScratchFolder::create(const Context& context) {
  const std::string path =
      join(context.data.directory, fmt::format("live-{:016x}", context.env->random()));
  FM_TRY(context.env->make_directories(path));
  return std::shared_ptr<const ScratchFolder>(new ScratchFolder(*context.env, path));
}

ScratchFolder::~ScratchFolder() { static_cast<void>(remove_tree(env_, path_)); }

Result<std::string> key_file(Env& env, const ScratchFolder& folder) {
  const std::string path = folder / "key";
  FM_ASSIGN(const auto file, env.create(path, Create::kNewPrivate));
  FM_TRY(file->write(std::string_view(kKey)));
  FM_TRY(file->close());
  return path;
}

Result<std::unique_ptr<Socket>> ReplayedDay::connect(const std::string& host, std::uint16_t port,
                                                     Nanos patience) {
  class Stamped final : public Socket {
   public:
    Stamped(ReplayedDay& day, std::unique_ptr<Socket> socket)
        : day_(day), socket_(std::move(socket)) {}
    Result<std::size_t> read(std::span<std::byte> out, Nanos limit) override {
      auto got = socket_->read(out, limit);
      day_.last_read_ = day_.now();
      return got;
    }
    Status write(std::span<const std::byte> bytes, Nanos limit) override {
      return socket_->write(bytes, limit);
    }
    Result<std::size_t> write_some(std::span<const std::byte> bytes) override {
      return socket_->write_some(bytes);
    }
    void shut_down() override { socket_->shut_down(); }
    std::string peer() const override { return socket_->peer(); }

   private:
    ReplayedDay& day_;
    std::unique_ptr<Socket> socket_;
  };
  FM_ASSIGN(auto socket, Env::posix().connect(host, port, patience));
  return std::make_unique<Stamped>(*this, std::move(socket));
}

Status copy_first(Env& env, const std::string& from, const std::string& to, std::uint64_t records,
                  Nanos interval) {
  FM_ASSIGN(dbn::OpenedInput input, dbn::open_input(env, from));
  FM_ASSIGN(dbn::Reader reader, dbn::Reader::open(std::move(input.source), input.name));
  FM_ASSIGN(auto sink, dbn::create_output(env, to));
  FM_ASSIGN(dbn::Writer writer, dbn::Writer::open(std::move(sink), reader.metadata()));
  Nanos first = 0;
  while (writer.records_written() < records) {
    FM_ASSIGN(const dbn::RecordBlock block, reader.next());
    if (block.empty()) break;
    for (const dbn::RecordView record : block) {
      const auto* trade = record.get_if<dbn::Mbp1Msg>();
      if (trade == nullptr || writer.records_written() == records) continue;
      if (writer.records_written() == 0) first = trade->ts_recv;
      dbn::Mbp1Msg copy = *trade;
      if (interval != 0)
        copy.header.ts_event = copy.ts_recv = first + writer.records_written() * interval;
      FM_TRY(writer.write(copy));
    }
  }
  return writer.finish();
}

}  // namespace fm::bench

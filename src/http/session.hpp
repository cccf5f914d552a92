#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/receive_buffer.hpp"
#include "http/request_parser.hpp"
#include "http/server.hpp"
#include "http/write_turn.hpp"
#include "ports/body_source.hpp"
#include "wire/body_stream.hpp"

namespace aviary::http {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::any_io_executor>;

class Session;

/// What the sessions of one server share.
class House {
 public:
  virtual ~House() = default;
  virtual const Handler& handler() const = 0;
  virtual const Limits& limits() const = 0;
  virtual wire::Response refuse(const Refused& refused) = 0;
  virtual std::string_view date() = 0;
  /// Where the body of this chunked request goes as it comes; null: into the request.
  virtual std::shared_ptr<wire::BodyStream> receive_body(const wire::Request& request) = 0;
  /// Whether the handler takes this request's body as it comes.
  virtual bool takes_stream(const wire::Request& request) = 0;
  /// No new requests are begun.
  virtual bool closing() const = 0;
  /// Has `session.expired()` called, once, unless another deadline is set within `allowance`.
  virtual void set_deadline(Session& session, std::chrono::nanoseconds allowance) = 0;
};

/// One connection: reads requests, has them answered one after the other, writes the answers in order.
/// Owned by its server, which keeps it until `run` has ended.
class Session {
 public:
  Session(House& house, Socket socket, std::uint16_t local_port, std::uint16_t peer_port);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Ends when the connection is done with. Throws nothing but what cancelling a handler throws.
  Task<> run();

  /// The server is closing: between requests the connection ends at once, else after the answer.
  void wind_down();
  /// Between requests, with nothing of a next one here, as far as can be seen. A resting one may be told that
  /// it has `expired`: should its next request have been read meanwhile, that is answered all the same.
  bool is_resting() const;
  /// The grace is over: no more I/O, and the handler is asked to stop.
  void abort();
  /// The deadline has passed.
  void expired();
  std::uint64_t connection() const noexcept { return connection_; }
  /// The end of the turn: writes the answers that were held back until then.
  void flush();
  /// Whether the peer has not closed its side.
  bool connected();

  // Kept for the house; times on its stopwatch.
  static constexpr std::chrono::nanoseconds no_deadline = std::chrono::nanoseconds::max();
  std::chrono::nanoseconds deadline = no_deadline;
  boost::asio::cancellation_signal cancel;

 private:
  enum class Phase : std::uint8_t { Busy, Idle, Head, Body, Writing, Streaming, Lingering };
  static constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
  enum class Got : std::uint8_t { All, Gone, Short, Late, TooLarge, Malformed };

  /// The body of the request under way, where its handler takes it as it comes.
  struct Incoming final : BodySource {
    explicit Incoming(Session& owner) : session(owner) {}
    Task<BodyPiece> next() override { return session.next_piece(); }

    Session& session;
    std::uint64_t left = 0;  ///< bytes to come; of a chunked one unknown
    std::size_t here = 0;    ///< of them behind the head, in `in_`
    bool asked_for = true;   ///< the peer does not wait to be told to send it
    bool over = false;
    BodyEnd end = BodyEnd::Complete;  ///< once it is over
  };

  void enter(Phase phase);
  std::chrono::nanoseconds allowance(Phase phase) const;
  Got explain(const boost::system::error_code& error) const;

  Task<> serve();
  // How answers get out (session_write.cpp).
  bool prepare(const wire::Response& response, bool keep_alive, bool is_head);
  bool hold();
  void take_back();
  void flush_now();
  void forget_output();
  Task<bool> drain();
  bool write_now(std::string_view& head, std::string_view& body);
  Task<bool> write_rest(std::string_view head, std::string_view body);

  // Bodies that come in (session_body.cpp).
  Task<Got> read_sized_body(std::uint64_t length);
  Task<Got> read_chunked_body();
  Task<Got> read_more_chunked();
  Task<Got> read_chunks(std::uint64_t limit, std::shared_ptr<wire::BodyStream> receiver);
  Task<> wait_for_room(std::shared_ptr<wire::BodyStream> receiver);
  bool is_taken_as_it_comes();
  std::size_t begin_incoming();
  Task<BodyPiece> next_piece();
  Task<Got> read_sized_piece(std::string& piece);
  Task<Got> read_chunked_piece(std::string& piece);
  Task<bool> drop_incoming();
  // Answers that are sent as they come (session_stream.cpp).
  Task<bool> write_stream(std::shared_ptr<wire::BodyStream> stream, bool chunked);
  Task<bool> wait_for_more(wire::BodyStream& stream);
  Task<bool> write_source(std::shared_ptr<BodySource> source, std::uint64_t size);
  Task<> refuse(Refusal why, std::uint64_t limit);
  Task<> linger();

  House& house_;
  Socket socket_;
  std::uint16_t local_port_;
  std::uint16_t peer_port_;
  std::uint64_t connection_;
  Phase phase_ = Phase::Busy;
  bool expired_ = false;
  bool aborted_ = false;
  RequestParser parser_;
  ReceiveBuffer in_;
  ReceiveBuffer chunked_in_;  ///< what follows a chunked request's head, which itself must stay where it is
  std::optional<Incoming> incoming_;
  std::string out_;  ///< the heads of answers, and their bodies if those are small
  WriteTurn& turn_;
  bool held_ = false;   ///< what is in `out_` goes out at the end of the turn
  bool stuck_ = false;  ///< and has not, as the peer does not read: the one who serves it waits for that
};

}  // namespace aviary::http

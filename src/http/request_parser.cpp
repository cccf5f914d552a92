#include "http/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <list>
#include <optional>

namespace aviary::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;
using Failure = beast::error_code;

std::string_view plain(beast::string_view text) { return {text.data(), text.size()}; }

/// Beast's grammar, with the fields kept as views. `beast::http::parser` would copy each header into a node
/// of its own.
class Reader final : public beast::http::basic_parser<true> {
 public:
  Reader() {
    header_limit(UINT32_MAX);  // who receives the bytes bounds them
    body_limit(boost::none);
  }

  wire::Request request;
  std::uint64_t body_bound = 0;
  bool http_1_0 = false;
  bool expects_continue = false;
  bool unsupported_coding = false;
  bool head_done = false;
  std::size_t hosts = 0;
  const char* begin = nullptr;  ///< what `put` was given, to tell a view of it from Beast's own scratch space
  const char* end = nullptr;
  std::list<std::string> trailer_text;  ///< trailers outlive the buffer that they came in; stable addresses

 private:
  /// `GET http://host/path`, as clients send it to proxies and any server has to take it (RFC 9112 3.2.2):
  /// the authority counts, whatever Host says.
  void take_absolute_form() {
    constexpr std::string_view scheme = "http://";
    std::string_view& target = request.target;
    if (!wire::equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return;
    const std::size_t path = std::min(target.find_first_of("/?", scheme.size()), target.size());
    const std::string_view authority = target.substr(scheme.size(), path - scheme.size());
    // Where no path follows it is `/`: the scheme's own, for the target has to point into the head.
    target = path < target.size() ? target.substr(path) : target.substr(scheme.size() - 1, 1);
    for (auto& [key, value] : request.headers) {
      if (wire::equals_ignoring_case(key, "host")) value = authority;
    }
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       Failure&) override {
    request.method = plain(method);
    request.target = plain(target);
    request.headers.reserve(16);
    http_1_0 = version == 10;
  }
  void on_response_impl(int, beast::string_view, int, Failure&) override {}

  void on_field_impl(field name, beast::string_view key, beast::string_view value,
                     Failure& failure) override {
    if (head_done) {
      trailer_text.emplace_back(plain(key));
      const std::string_view kept_key = trailer_text.back();
      trailer_text.emplace_back(plain(value));
      request.trailers.emplace_back(kept_key, trailer_text.back());
      return;
    }
    if (!value.empty() && (value.data() < begin || value.data() >= end)) {
      failure =
          beast::http::error::bad_value;  // a folded line: obsolete, and RFC 9112 5.2 lets a server refuse it
      return;
    }
    switch (name) {
      case field::host:
        if (++hosts > 1) failure = beast::http::error::bad_field;  // RFC 9112 3.2
        break;
      case field::expect:
        expects_continue = wire::equals_ignoring_case(plain(value), "100-continue");
        break;
      case field::transfer_encoding:
        if (!wire::equals_ignoring_case(plain(value), "chunked")) unsupported_coding = true;
        break;
      default:
        break;
    }
    // An empty value may point anywhere; `moved` needs it to point into the head.
    if (value.empty())
      request.headers.emplace_back(plain(key), std::string_view(key.data() + key.size(), 0));
    else
      request.headers.emplace_back(plain(key), plain(value));
  }
  void on_header_impl(Failure&) override {
    head_done = true;
    take_absolute_form();
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, Failure&) override {}
  std::size_t on_body_impl(beast::string_view bytes, Failure&) override { return bytes.size(); }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, Failure& failure) override {
    if (size > body_bound - request.body.size()) failure = beast::http::error::body_limit;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, Failure&) override {
    request.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(Failure&) override {}
};

}  // namespace

struct RequestParser::Message {
  std::optional<Reader> reader;
  std::size_t used = 0;  ///< of the head
};

RequestParser::RequestParser() : message_(std::make_unique<Message>()) {}
RequestParser::~RequestParser() = default;

void RequestParser::begin() {
  message_->reader.emplace();
  message_->used = 0;
}

RequestParser::Step RequestParser::head(const char* data, std::size_t size) {
  Message& message = *message_;
  Reader& reader = *message.reader;
  reader.begin = data;
  reader.end = data + size;
  // A method starts with a letter. Without this, a TLS greeting would be waited on for a line end that never
  // comes.
  if (message.used == 0 && size > 0) {
    if (size == 1 && data[0] == '\r') return Step::NeedMore;  // half of an empty line, which the caller skips
    const char first = static_cast<char>(data[0] | 0x20);
    if (first < 'a' || first > 'z') return Step::Malformed;
  }
  Failure failure;
  while (!reader.head_done) {
    message.used += reader.put({data + message.used, size - message.used}, failure);
    if (failure == beast::http::error::need_more) return Step::NeedMore;
    if (failure) return Step::Malformed;
  }
  if (reader.unsupported_coding) return Step::Unsupported;
  return Step::Done;
}

void RequestParser::moved(const char* from, const char* to) noexcept {
  Reader& reader = *message_->reader;
  const auto rebase = [from, to](std::string_view& view) {
    if (view.data() != nullptr) view = {to + (view.data() - from), view.size()};
  };
  rebase(reader.request.method);
  rebase(reader.request.target);
  for (auto& [key, value] : reader.request.headers) {
    rebase(key);
    rebase(value);
  }
}

std::size_t RequestParser::head_size() const noexcept { return message_->used; }
bool RequestParser::chunked() const noexcept { return message_->reader->chunked(); }
std::uint64_t RequestParser::content_length() const noexcept {
  const auto length = message_->reader->content_length();
  return length ? *length : 0;
}
bool RequestParser::keep_alive() const noexcept { return message_->reader->keep_alive(); }
bool RequestParser::http_1_0() const noexcept { return message_->reader->http_1_0; }
bool RequestParser::expects_continue() const noexcept { return message_->reader->expects_continue; }

RequestParser::Step RequestParser::chunks(const char* data, std::size_t size, std::uint64_t body_limit,
                                          std::size_t& used) {
  Reader& reader = *message_->reader;
  reader.body_bound = body_limit;
  used = 0;
  Failure failure;
  while (!reader.is_done()) {
    used += reader.put({data + used, size - used}, failure);
    if (failure == beast::http::error::need_more) return Step::NeedMore;
    if (failure == beast::http::error::body_limit) return Step::TooLarge;
    if (failure) return Step::Malformed;
    if (used == size && !reader.is_done()) return Step::NeedMore;
  }
  return Step::Done;
}

wire::Request& RequestParser::request() noexcept { return message_->reader->request; }

}  // namespace aviary::http

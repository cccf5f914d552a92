#include "http/response_head.hpp"

#include <boost/beast/http/status.hpp>
#include <charconv>

namespace aviary::http {
namespace {

template <class Number>
void append_number(std::string& out, Number number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

bool is_token(std::string_view name) noexcept {
  for (const char c : name)
    if (c <= ' ' || c == ':' || c == 0x7f) return false;
  return !name.empty();
}

void append_value(std::string& out, std::string_view value) {
  const std::size_t start = out.size();
  out += value;
  if (value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos) return;
  for (std::size_t i = start; i < out.size(); ++i)
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  append_value(out, value);
  out += "\r\n";
}

/// The headers that frame a message are the connection's own. By length first: this runs for each header.
enum class Owned { No, ContentLength, Connection, Date };
Owned owned(std::string_view name) noexcept {
  switch (name.size()) {
    case 4:
      return wire::equals_ignoring_case(name, "date") ? Owned::Date : Owned::No;
    case 10:
      return wire::equals_ignoring_case(name, "connection") || wire::equals_ignoring_case(name, "keep-alive")
                 ? Owned::Connection
                 : Owned::No;
    case 14:
      return wire::equals_ignoring_case(name, "content-length") ? Owned::ContentLength : Owned::No;
    case 17:
      return wire::equals_ignoring_case(name, "transfer-encoding") ? Owned::Connection : Owned::No;
    default:
      return Owned::No;
  }
}

}  // namespace

bool status_has_body(int status) noexcept { return status >= 200 && status != 204 && status != 304; }

bool asks_to_close(const wire::Response& response) noexcept {
  for (const auto& [name, value] : response.headers)
    if (name.size() == 10 && wire::equals_ignoring_case(name, "connection") &&
        wire::equals_ignoring_case(value, "close"))
      return true;
  return false;
}

void append_head(std::string& out, const wire::Response& response, const Framing& framing) {
  if (response.status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
  } else {
    const auto reason = boost::beast::http::obsolete_reason(
        boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
    out += "HTTP/1.1 ";
    append_number(out, response.status);
    out += ' ';
    out.append(reason.data(), reason.size());
    out += "\r\n";
  }
  bool dated = false;
  bool measured = false;
  for (const auto& [name, value] : response.headers) {
    switch (owned(name)) {
      case Owned::Connection:
        continue;
      case Owned::ContentLength:
        if (!framing.head) continue;
        measured = true;
        break;
      case Owned::Date:
        dated = true;
        break;
      case Owned::No:
        break;
    }
    if (is_token(name)) append_field(out, name, value);
  }
  if (!dated && !framing.date.empty()) append_field(out, "Date", framing.date);
  if (framing.streamed) {
    if (!framing.http_1_0) out += "Transfer-Encoding: chunked\r\n";
  } else if (!measured && status_has_body(response.status)) {
    out += "Content-Length: ";
    append_number(out, response.source ? response.source_size : response.body.size());
    out += "\r\n";
  }
  if (!framing.keep_alive)
    out += "Connection: close\r\n";
  else if (framing.http_1_0)
    out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

}  // namespace aviary::http

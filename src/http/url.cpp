#include "http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "wire/message.hpp"

namespace aviary::http {
namespace {

/// Takes `scheme` away, whatever its case.
bool strip_scheme(std::string_view& text, std::string_view scheme) {
  if (!wire::equals_ignoring_case(text.substr(0, scheme.size()), scheme)) return false;
  text.remove_prefix(scheme.size());
  return true;
}

bool unfit_in_a_request(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte >= 0x7f;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  url.secure = strip_scheme(text, "https://");
  if (!url.secure && !strip_scheme(text, "http://")) return std::nullopt;
  // It goes into a request's head as it is.
  if (std::any_of(text.begin(), text.end(), unfit_in_a_request)) return std::nullopt;
  url.port = url.secure ? 443 : 80;
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, end);
  text.remove_prefix(end);
  if (!text.empty()) url.target = text.front() == '/' ? std::string(text) : "/" + std::string(text);
  if (authority.find('@') != std::string_view::npos) return std::nullopt;
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const std::string_view digits = authority.substr(colon + 1);
    const char* last = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), last, url.port);
    if (failed != std::errc{} || stop != last || url.port == 0) return std::nullopt;
    authority = authority.substr(0, colon);
  }
  if (authority.size() > 2 && authority.front() == '[' && authority.back() == ']')
    authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return std::nullopt;
  url.host = authority;
  return url;
}

std::string host_header(const Url& url) {
  const bool six = url.host.find(':') != std::string::npos;
  std::string text = six ? fmt::format("[{}]", url.host) : url.host;
  if (!url.has_usual_port()) text += fmt::format(":{}", url.port);
  return text;
}

}  // namespace aviary::http

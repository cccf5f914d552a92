#include "wire/aws_chunked.hpp"

#include <algorithm>
#include <charconv>

namespace aviary::wire {
namespace {

/// The line that ends with CR LF, without it; what follows becomes `rest`. A last line may lack its end.
std::optional<std::string_view> next_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) {
    if (rest.empty()) return std::nullopt;
    return std::exchange(rest, std::string_view{});
  }
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

}  // namespace

bool is_aws_chunked(const Request& request) {
  return request.header("x-amz-content-sha256").starts_with("STREAMING-") ||
         request.header("content-encoding").find("aws-chunked") != std::string_view::npos;
}

std::optional<UnchunkedBody> unchunk(std::string_view body) {
  UnchunkedBody out;
  out.bytes.reserve(body.size());
  while (true) {
    const std::optional<std::string_view> line = next_line(body);
    if (!line) return std::nullopt;
    const std::string_view digits = line->substr(0, line->find(';'));
    std::uint64_t size = 0;
    const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (problem != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
    if (size == 0) break;
    if (size > body.size()) return std::nullopt;
    out.bytes += body.substr(0, size);
    body.remove_prefix(size);
    if (!body.starts_with("\r\n")) return std::nullopt;
    body.remove_prefix(2);
  }
  while (const std::optional<std::string_view> line = next_line(body)) {
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos) continue;
    std::string name(line->substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line->substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\n')) value.remove_suffix(1);
    out.trailers.emplace_back(std::move(name), std::string(value));
  }
  return out;
}

}  // namespace aviary::wire

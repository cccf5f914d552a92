#include "wire/aws_chunked.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace aviary::wire {
namespace {

/// A signature and a size are some hundred bytes; what never ends its line is not kept.
constexpr std::size_t longest_line = 8 * 1024;
constexpr std::size_t most_trailers = 64;

}  // namespace

bool AwsChunkReader::read(std::string_view coded, std::string& plain) {
  while (!coded.empty()) {
    if (at_ == At::Bytes) {
      const std::string_view piece = coded.substr(0, left_);
      plain += piece;
      coded.remove_prefix(piece.size());
      left_ -= piece.size();
      if (left_ == 0) at_ = At::LineEnd;
      continue;
    }
    const std::size_t end = coded.find('\n');
    line_ += coded.substr(0, std::min(end, longest_line + 1));
    if (line_.size() > longest_line) return false;
    if (end == std::string_view::npos) return true;
    coded.remove_prefix(end + 1);
    if (!finish_line()) return false;
  }
  return true;
}

bool AwsChunkReader::finish_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  const bool good = take_line(line_);
  line_.clear();
  return good;
}

bool AwsChunkReader::take_line(std::string_view line) {
  if (at_ == At::LineEnd) {
    at_ = At::Size;
    return line.empty();
  }
  if (at_ == At::Size) {
    const std::string_view digits = line.substr(0, line.find(';'));
    const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
    if (problem != std::errc{} || stop != digits.data() + digits.size()) return false;
    at_ = left_ == 0 ? At::Trailers : At::Bytes;
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  if (trailers_.size() >= most_trailers) return false;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view value = line.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  while (value.ends_with(' ')) value.remove_suffix(1);
  trailers_.emplace_back(std::move(name), std::string(value));
  return true;
}

bool AwsChunkReader::finish() {
  // The last line may lack its end.
  if (!line_.empty() && !finish_line()) return false;
  return at_ == At::Trailers;
}

bool is_aws_chunked(const Request& request) {
  return request.header("x-amz-content-sha256").starts_with("STREAMING-") ||
         request.header("content-encoding").find("aws-chunked") != std::string_view::npos;
}

std::optional<UnchunkedBody> unchunk(std::string_view body) {
  UnchunkedBody out;
  out.bytes.reserve(body.size());
  AwsChunkReader reader;
  if (!reader.read(body, out.bytes) || !reader.finish()) return std::nullopt;
  out.trailers = reader.trailers();
  return out;
}

}  // namespace aviary::wire

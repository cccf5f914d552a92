#include "services/sqs/core/receipt_handle.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.hpp"

namespace aviary::sqs {
namespace {

bool read_hex(std::string_view text, std::uint64_t& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return problem == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string ReceiptHandle::encode() const {
  return "AQEB" + base64_encode(fmt::format("{}/{:016x}/{:016x}", queue, number, receipt));
}

std::optional<ReceiptHandle> ReceiptHandle::decode(std::string_view text) {
  if (!text.starts_with("AQEB")) return std::nullopt;
  const std::optional<std::string> plain = base64_decode(text.substr(4));
  if (!plain || plain->size() < 34) return std::nullopt;
  const std::string_view all = *plain;
  const std::size_t queue_size = all.size() - 34;
  if (all[queue_size] != '/' || all[queue_size + 17] != '/') return std::nullopt;
  ReceiptHandle handle{.queue = std::string(all.substr(0, queue_size))};
  if (!read_hex(all.substr(queue_size + 1, 16), handle.number) ||
      !read_hex(all.substr(queue_size + 18), handle.receipt))
    return std::nullopt;
  return handle;
}

}  // namespace aviary::sqs

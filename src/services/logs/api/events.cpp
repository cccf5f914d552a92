#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "base/encoding.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/event_search.hpp"
#include "services/logs/core/payload.hpp"
#include "services/logs/core/stream_page.hpp"

namespace aviary::logs {
namespace {

// What a search reads before it lets others have the loop: some milliseconds.
constexpr std::size_t slice_bytes = 4 << 20;
constexpr std::size_t page_bytes = 1 << 20;

std::size_t limit_of(const Json& input) {
  constexpr std::int64_t most = 10'000;
  return static_cast<std::size_t>(number_of(input, "limit").value_or(most));
}

template <class Number>
bool read_digits(std::string_view text, Number& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} && end == text.data() + text.size();
}

/// `f/<56 digits>/s`: on from a place in the stream; `b/…/s`: back from it.
struct Token {
  bool forward;
  EventKey key;
};

std::string to_text(Token token) {
  return fmt::format("{}/3{:020}{:035}/s", token.forward ? 'f' : 'b',
                     static_cast<std::uint64_t>(token.key.timestamp), token.key.sequence);
}

std::optional<Token> parse_token(std::string_view text) {
  constexpr std::size_t length = 60;
  if (text.size() != length || !text.ends_with("/s") || text.substr(1, 2) != "/3") return std::nullopt;
  if (text[0] != 'f' && text[0] != 'b') return std::nullopt;
  Token token{text[0] == 'f', {}};
  std::uint64_t timestamp = 0;
  if (!read_digits(text.substr(3, 20), timestamp) || !read_digits(text.substr(23, 35), token.key.sequence))
    return std::nullopt;
  token.key.timestamp = static_cast<Millis>(timestamp);
  return token;
}

std::string page_token(EventKey key) {
  return base64_encode(fmt::format("{} {}", key.timestamp, key.sequence));
}

std::optional<EventKey> parse_page_token(std::string_view text) {
  const std::optional<std::string> place = base64_decode(text);
  if (!place) return std::nullopt;
  const std::size_t space = place->find(' ');
  EventKey key;
  if (space == std::string::npos || !read_digits(std::string_view(*place).substr(0, space), key.timestamp) ||
      !read_digits(std::string_view(*place).substr(space + 1), key.sequence))
    return std::nullopt;
  return key;
}

/// The streams of a group that a call asks for, as far as they can have events between the two moments.
Result<std::vector<std::uint64_t>> streams_of(const LogGroup& group, const Json& input,
                                              EventSearch::Range range) {
  const Json* names = find_member(input, "logStreamNames");
  const std::string& prefix = text_of(input, "logStreamNamePrefix");
  if (names && !prefix.empty())
    return invalid_parameter("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
  std::vector<std::uint64_t> streams;
  const auto add = [&](const LogStream& stream) {
    if (stream.chunks.empty() || stream.chunks.front()->front_key() >= range.until ||
        stream.chunks.back()->back_key() < range.from)
      return;
    streams.push_back(stream.id);
  };
  if (names) {
    for (const Json& name : *names) {
      const auto found = group.streams.find(name.get_ref<const std::string&>());
      if (found == group.streams.end()) return stream_not_found();
      add(*found->second);
    }
    return streams;
  }
  for (auto next = group.streams.lower_bound(prefix);
       next != group.streams.end() && next->first.starts_with(prefix); ++next)
    add(*next->second);
  return streams;
}

}  // namespace

Result<Reply> LogsService::get_log_events(Call& call) {
  const Result<LogGroup*> group = identified_group_of(store_, call);
  if (!group) return group.error();
  const LogStream* stream = store_.find_stream(**group, text_of(call.input, "logStreamName"));
  if (!stream) return stream_not_found();
  const std::string& given = text_of(call.input, "nextToken");
  const std::optional<Token> token = parse_token(given);
  if (!given.empty() && !token) return invalid_token();

  // "Events with a timestamp equal to this time or later than this time are not included" (endTime).
  EventKey from{
      std::max(number_of(call.input, "startTime").value_or(0), (*group)->cutoff(to_millis(call.now))), 0};
  EventKey until{number_of(call.input, "endTime").value_or(std::numeric_limits<Millis>::max()), 0};
  const PageSize size{limit_of(call.input), page_bytes};
  const bool forward = token ? token->forward : flag_of(call.input, "startFromHead");
  if (token && forward) from = std::max(from, token->key);
  if (token && !forward) until = std::min(until, token->key);
  StreamPage page =
      forward ? read_forward(*stream, from, until, size) : read_backward(*stream, from, until, size);
  if (page.events.empty()) {
    // At the end the token is the one that was passed in; before the first event there is a place as well.
    const EventKey place = token                               ? token->key
                           : stream->chunks.empty() || forward ? EventKey{from.timestamp, 0}
                                                               : stream->chunks.front()->front_key();
    page.begin = page.end = place;
  }

  Reply reply;
  Json& rows = reply.output["events"] = Json::array();
  for (const Event& event : page.events)
    rows.push_back(
        {{"timestamp", event.key.timestamp}, {"message", event.text}, {"ingestionTime", event.ingested}});
  reply.output["nextForwardToken"] = to_text({true, page.end});
  reply.output["nextBackwardToken"] = to_text({false, page.begin});
  return reply;
}

Task<Result<Reply>> LogsService::filter_log_events(Call call) {
  const Result<LogGroup*> group = identified_group_of(store_, call);
  if (!group) co_return group.error();
  Result<FilterPattern> pattern = FilterPattern::parse(text_of(call.input, "filterPattern"));
  if (!pattern) co_return pattern.error();
  EventSearch::Range range;
  range.from = {
      std::max(number_of(call.input, "startTime").value_or(0), (*group)->cutoff(to_millis(call.now))), 0};
  // "Events with a timestamp later than this time are not returned" (endTime): that very millisecond is.
  if (const auto end = number_of(call.input, "endTime"); end && *end < std::numeric_limits<Millis>::max())
    range.until = {*end + 1, 0};
  if (const std::string& token = text_of(call.input, "nextToken"); !token.empty()) {
    const std::optional<EventKey> place = parse_page_token(token);
    if (!place) co_return invalid_token();
    range.from = std::max(range.from, *place);
  }
  Result<std::vector<std::uint64_t>> streams = streams_of(**group, call.input, range);
  if (!streams) co_return streams.error();

  EventSearch search(std::move(*streams), std::move(*pattern), range, {limit_of(call.input), page_bytes});
  const boost::asio::any_io_executor loop = co_await boost::asio::this_coro::executor;
  while (!search.run(store_, slice_bytes)) co_await boost::asio::post(loop, boost::asio::use_awaitable);

  Reply reply;
  Json& rows = reply.output["events"] = Json::array();
  for (FoundEvent& event : search.take_found())
    rows.push_back({{"logStreamName", std::move(event.stream_name)},
                    {"timestamp", event.key.timestamp},
                    {"message", std::move(event.text)},
                    {"ingestionTime", event.ingested},
                    {"eventId", event_id(event.key)}});
  // Deprecated since 2020, and always empty.
  reply.output["searchedLogStreams"] = Json::array();
  if (search.next()) reply.output["nextToken"] = page_token(*search.next());
  co_return reply;
}

}  // namespace aviary::logs

#include "wire/rest_codec.hpp"

#include <algorithm>
#include <cmath>

#include "base/encoding.hpp"
#include "wire/convert.hpp"
#include "wire/json_writer.hpp"
#include "wire/query_string.hpp"
#include "wire/router.hpp"
#include "wire/validate.hpp"

namespace aviary::wire {
namespace {

using models::Location;
using models::Member;
using models::Operation;
using models::Shape;
using models::ShapeType;
using models::TimestampFormat;

std::string_view wire_name(const Member& member) {
  return member.location_name.empty() ? member.name : member.location_name;
}

/// Reads what the message says outside of its body.
class BindingReader {
 public:
  BindingReader(const Match& match, const Request& request, Json& input)
      : match_(match), request_(request), input_(input) {}

  Result<> read(const Member& member) {
    switch (member.location) {
      case Location::Uri:
        return label(member);
      case Location::Query:
        return query(member);
      case Location::QueryMap:
        return query_map(member);
      case Location::Header:
        return header(member);
      case Location::HeaderPrefix:
        return header_prefix(member);
      default:
        return {};
    }
  }

 private:
  Result<> put(const Member& member, std::string&& text) {
    Result<Json> value = from_text(*member.shape, std::move(text));
    if (!value) return value.error();
    input_[std::string(member.name)] = std::move(*value);
    return {};
  }

  Result<> label(const Member& member) {
    const std::string_view name = wire_name(member);
    for (const auto& [label, value] : match_.labels)
      if (label == name) return put(member, std::string(value));
    return {};
  }

  const Parameters& parameters() {
    if (!parameters_) parameters_ = parse_parameters(request_.query());
    return *parameters_;
  }

  Result<> query(const Member& member) {
    if (request_.query().empty()) return {};
    const std::string_view name = wire_name(member);
    if (member.shape->type != ShapeType::List) {
      const std::string* text = find_parameter(parameters(), name);
      return text != nullptr ? put(member, std::string(*text)) : Result<>();
    }
    Json list = Json::array();
    for (const auto& [key, text] : parameters()) {
      if (key != name) continue;
      Result<Json> element = from_text(*member.shape->element, std::string(text));
      if (!element) return element.error();
      list.push_back(std::move(*element));
    }
    // No parameter at all is an absent list, never an empty one.
    if (!list.empty()) input_[std::string(member.name)] = std::move(list);
    return {};
  }

  /// All parameters that no other member has.
  Result<> query_map(const Member& member) {
    Json map = Json::object();
    const Shape& value_shape = *member.shape->element;
    for (const auto& [key, text] : parameters()) {
      const bool bound =
          std::ranges::any_of(match_.operation->input->members, [&name = key](const Member& other) {
            return other.location == Location::Query && wire_name(other) == name;
          });
      if (bound) continue;
      if (value_shape.type == ShapeType::List) {
        map[key].push_back(text);
      } else if (!map.contains(key)) {
        map[key] = text;
      }
    }
    if (!map.empty()) input_[std::string(member.name)] = std::move(map);
    return {};
  }

  Result<> header(const Member& member) {
    const std::string_view text = request_.header(wire_name(member));
    if (text.empty()) return {};
    if (member.shape->type != ShapeType::List) return put(member, std::string(text));
    Json list = Json::array();
    std::string_view rest = text;
    while (true) {
      const std::size_t comma = rest.find(',');
      std::string_view part = rest.substr(0, comma);
      while (part.starts_with(' ')) part.remove_prefix(1);
      while (part.ends_with(' ')) part.remove_suffix(1);
      Result<Json> element = from_text(*member.shape->element, std::string(part));
      if (!element) return element.error();
      list.push_back(std::move(*element));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    input_[std::string(member.name)] = std::move(list);
    return {};
  }

  Result<> header_prefix(const Member& member) {
    const std::string_view prefix = member.location_name;
    Json map = Json::object();
    for (const auto& [name, value] : request_.headers)
      if (name.size() >= prefix.size() && equals_ignoring_case(name.substr(0, prefix.size()), prefix))
        map[std::string(name.substr(prefix.size()))] = value;
    if (!map.empty()) input_[std::string(member.name)] = std::move(map);
    return {};
  }

  const Match& match_;
  const Request& request_;
  Json& input_;
  std::optional<Parameters> parameters_;
};

/// A payload of bytes is handed on as it came. Its length may still be bounded.
Result<> check_payload(const Member& member, std::string_view payload) {
  const Shape& shape = *member.shape;
  if (!shape.has_max() || static_cast<double>(payload.size()) <= shape.max) return {};
  const Member only{.name = member.name, .location_name = {}, .shape = member.shape};
  const Shape holder{.name = {}, .type = ShapeType::Structure, .members = {&only, 1}};
  return validate(holder, Json{{std::string(member.name), std::string(payload)}});
}

/// A member as a header's value. Line ends cannot be smuggled in.
std::string header_text(const Member& member, const Json& value) {
  const Shape& shape = *member.shape;
  std::string text;
  if (shape.type == ShapeType::Timestamp && value.is_number()) {
    const TimestampFormat own = member.timestamp_format == TimestampFormat::Default ? shape.timestamp_format
                                                                                    : member.timestamp_format;
    text = format_timestamp(value.get<double>(),
                            own == TimestampFormat::Default ? TimestampFormat::Rfc822 : own);
  } else if (shape.type == ShapeType::List && value.is_array()) {
    const Member element{.name = {}, .location_name = {}, .shape = shape.element};
    for (const Json& part : value) {
      if (!text.empty()) text += ", ";
      text += header_text(element, part);
    }
  } else if (value.is_string()) {
    text = value.get<std::string>();
  } else {
    text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  std::ranges::replace_if(
      text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return text;
}

void encode_headers(const Shape& output, const Json& document, Response& response) {
  for (const Member& member : output.members) {
    if (member.location != Location::Header && member.location != Location::HeaderPrefix) continue;
    const auto found = document.find(member.name);
    if (found == document.end() || found->is_null()) continue;
    if (member.location == Location::Header) {
      response.set(std::string(wire_name(member)), header_text(member, *found));
    } else if (found->is_object()) {
      const Member element{.name = {}, .location_name = {}, .shape = member.shape->element};
      for (const auto& [key, value] : found->items())
        response.set(std::string(member.location_name) + key, header_text(element, value));
    }
  }
}

int status_of(const Operation& operation, const Json& document, int status) {
  if (status != 0) return status;
  if (operation.output != nullptr)
    for (const Member& member : operation.output->members)
      if (member.location == Location::StatusCode)
        if (const auto found = document.find(member.name);
            found != document.end() && found->is_number_integer())
          return found->get<int>();
  return operation.status;
}

}  // namespace

Result<Match> RestCodec::route(const models::Service& service, const Request& request) const {
  const Router::Found found = Router::of(service).find(request.method, request.path(), request.query());
  // What AWS's front ends say to a path or a method that they do not know.
  if (found.operation == nullptr)
    return AwsError(errors::AccessDenied, "Unable to determine service/operation name to be authorized");
  Match match{.operation = found.operation, .labels = {}};
  match.labels.reserve(found.label_count);
  for (std::size_t i = 0; i < found.label_count; ++i) {
    const auto& [name, raw] = found.labels[i];
    std::optional<std::string> value = percent_decode(raw);
    if (!value) return serialization_error("The request path is not properly encoded.");
    match.labels.emplace_back(name, std::move(*value));
  }
  return match;
}

Result<Decoded> RestCodec::decode(const Match& match, Request& request) const {
  Decoded decoded;
  const Operation& operation = *match.operation;
  if (operation.input == nullptr) return decoded;

  bool has_body_members = false;
  BindingReader binding(match, request, decoded.input);
  for (const Member& member : operation.input->members) {
    if (member.location == Location::Body) has_body_members = true;
    if (Result<> read = binding.read(member); !read) return read.error();
  }

  if (const Member* payload = operation.input_payload) {
    if (payload->shape->type == ShapeType::Structure) {
      Result<Json> document = body_.read(request.body, *payload->shape, true);
      if (!document) return document.error();
      if (!request.body.empty()) decoded.input[std::string(payload->name)] = std::move(*document);
      request.body.clear();
    } else {
      if (Result<> fits = check_payload(*payload, request.body); !fits) return fits.error();
      decoded.payload = std::move(request.body);
    }
  } else if (has_body_members) {
    Result<Json> document = body_.read(request.body, *operation.input, false);
    if (!document) return document.error();
    if (decoded.input.empty()) {
      decoded.input = std::move(*document);
    } else {
      decoded.input.update(std::move(*document));
    }
    // The document has it all; a code archive need not be held twice.
    std::string().swap(request.body);
  }

  if (Result<> valid = validate(*operation.input, decoded.input); !valid) return valid.error();
  return decoded;
}

Response RestCodec::encode(const Operation& operation, const Json& output, std::string payload, int status,
                           const AnswerContext&) const {
  Response response;
  response.status = status_of(operation, output, status);
  if (operation.output == nullptr) return response;
  encode_headers(*operation.output, output, response);
  const auto has_type = [&] {
    return std::ranges::any_of(response.headers, [](const auto& header) {
      return equals_ignoring_case(header.first, "content-type");
    });
  };
  if (const Member* member = operation.output_payload) {
    if (member->shape->type == ShapeType::Structure && !member->shape->event_stream && payload.empty()) {
      if (const auto found = output.find(member->name); found != output.end())
        response.body = body_.write(*found, *member->shape, true);
    } else {
      response.body = std::move(payload);
    }
  } else if (response.status != 204) {
    const bool has_body = std::ranges::any_of(
        operation.output->members, [](const Member& member) { return member.location == Location::Body; });
    if (has_body) response.body = body_.write(output, *operation.output, false);
  }
  if (!response.body.empty() && !has_type()) response.set("Content-Type", std::string(body_.content_type()));
  return response;
}

std::string json_error_body(const AwsError& error, std::string_view type_member) {
  const ErrorShape& shape = *error.shape;
  std::string body = "{";
  const auto add = [&](std::string_view key, std::string_view value) {
    if (body.size() > 1) body += ',';
    append_json_string(body, key);
    body += ':';
    append_json_string(body, value);
  };
  if (!type_member.empty()) add("__type", type_member);
  for (const auto& [key, value] : error.members) add(key, value);
  if (shape.has_type && !error.omit_type) add("Type", shape.fault == Fault::Sender ? "User" : "Service");
  if (!error.omit_message) add(shape.message_member, error.message);
  return body + '}';
}

Response RestJsonCodec::encode_error(const AwsError& error, const AnswerContext&) const {
  Response response;
  response.status = error.shape->status;
  response.set("Content-Type", "application/json");
  response.set("x-amzn-ErrorType", std::string(error.shape->code));
  response.body = json_error_body(error, {});
  return response;
}

}  // namespace aviary::wire

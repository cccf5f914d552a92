#include "wire/coerce.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/convert.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {
namespace {

using models::Member;
using models::Shape;
using models::ShapeType;

AwsError misfit(const std::string& place, std::string_view what) {
  return {errors::ValidationException, fmt::format("Properties validation failed: #{}: {}", place, what)};
}

/// `Integer`, without its article.
std::string_view type_name(ShapeType type) {
  const std::string_view name = java_type(type);
  return name.substr(name.find(' ') + 1);
}

Result<Json> fit(const Shape& shape, Json value, const std::string& place);

Result<Json> fit_structure(const Shape& shape, Json value, const std::string& place) {
  if (!value.is_object()) return misfit(place, "expected type: JSONObject");
  Json out = Json::object();
  for (auto& [key, each] : value.items()) {
    if (each.is_null()) continue;
    const auto member = std::ranges::find(shape.members, key, &Member::name);
    if (member == shape.members.end())
      return misfit(place, fmt::format("extraneous key [{}] is not permitted", key));
    Result<Json> fitted = fit(*member->shape, std::move(each), fmt::format("{}/{}", place, key));
    if (!fitted) return fitted;
    out[key] = std::move(*fitted);
  }
  return out;
}

Result<Json> fit(const Shape& shape, Json value, const std::string& place) {
  switch (shape.type) {
    case ShapeType::Structure:
      return shape.document ? Result<Json>(std::move(value)) : fit_structure(shape, std::move(value), place);
    case ShapeType::List: {
      if (!value.is_array()) value = Json::array({std::move(value)});
      for (std::size_t i = 0; i < value.size(); ++i) {
        Result<Json> fitted = fit(*shape.element, std::move(value[i]), fmt::format("{}/{}", place, i));
        if (!fitted) return fitted;
        value[i] = std::move(*fitted);
      }
      return value;
    }
    case ShapeType::Map: {
      if (!value.is_object()) return misfit(place, "expected type: JSONObject");
      for (auto& [key, each] : value.items()) {
        Result<Json> fitted = fit(*shape.element, std::move(each), fmt::format("{}/{}", place, key));
        if (!fitted) return fitted;
        each = std::move(*fitted);
      }
      return value;
    }
    case ShapeType::String:
      if (value.is_string()) return value;
      if (value.is_number() || value.is_boolean()) return Json(value.dump());
      return misfit(place, fmt::format("expected type: String, found: {}",
                                       value.is_array() ? "JSONArray" : "JSONObject"));
    case ShapeType::Blob:
      if (value.is_string()) return value;
      return misfit(place, "expected type: String");
    default:
      break;
  }
  // Numbers, truth values, moments.
  if (value.is_structured()) return misfit(place, fmt::format("expected type: {}", type_name(shape.type)));
  if (!value.is_string()) {
    if (value.is_boolean() == (shape.type == ShapeType::Boolean)) {
      if (shape.type == ShapeType::Float || shape.type == ShapeType::Double) return Json(value.get<double>());
      if (shape.type != ShapeType::Integer && shape.type != ShapeType::Long) return value;
      if (value.is_number_integer()) return value;
    }
    value = value.dump();
  }
  Result<Json> number = from_text(shape, value.get<std::string>());
  if (!number) return misfit(place, fmt::format("expected type: {}, found: String", type_name(shape.type)));
  return number;
}

}  // namespace

Result<Json> coerce(const models::Shape& shape, Json value) { return fit(shape, std::move(value), ""); }

}  // namespace aviary::wire

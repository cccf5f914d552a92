#include "wire/document_builder.hpp"

#include "wire/body_name.hpp"
#include "wire/convert.hpp"

namespace aviary::wire {

using models::Location;
using models::Member;
using models::Shape;
using models::ShapeType;

namespace {

const Member* find_member(const Shape& shape, std::string_view name, bool everything) {
  for (const Member& member : shape.members) {
    const std::string_view wire_name = member.location == Location::Body || everything ? body_name(member)
                                       : member.location_name.empty()                  ? member.name
                                                                                       : member.location_name;
    if (wire_name == name) return everything || member.location == Location::Body ? &member : nullptr;
  }
  return nullptr;
}

}  // namespace

bool DocumentBuilder::scalar_skipped() {
  if (skipped_ == 0) ignoring_ = false;
  return true;
}

bool DocumentBuilder::fail(AwsError error) {
  problem_ = std::move(error);
  return false;
}

/// The shape of the value that comes now; null where anything may.
const Shape* DocumentBuilder::expected() const {
  const Open& top = stack_.back();
  if (top.free) return nullptr;
  if (top.kind == ShapeType::Structure) return top.member->shape;
  return top.shape->element;
}

Json* DocumentBuilder::store(Json&& value) {
  Open& top = stack_.back();
  if (top.kind == ShapeType::List) {
    top.value->push_back(std::move(value));
    return &top.value->back();
  }
  Json& slot = top.free || top.kind == ShapeType::Map ? (*top.value)[top.key]
                                                      : (*top.value)[std::string(top.member->name)];
  slot = std::move(value);
  return &slot;
}

bool DocumentBuilder::put(Json&& value) {
  if (++values_ > most_values) return fail(serialization_error("The request body has too many values."));
  store(std::move(value));
  return true;
}

template <class Convert, class Keep>
bool DocumentBuilder::scalar(Convert convert, Keep keep) {
  if (skipping()) return scalar_skipped();
  if (stack_.empty()) return fail(unexpected_scalar(ShapeType::Structure));
  const Shape* shape = expected();
  if (shape == nullptr || shape->document) return put(keep());
  if (shape->type == ShapeType::Structure || shape->type == ShapeType::List || shape->type == ShapeType::Map)
    return fail(unexpected_scalar(shape->type));
  Result<Json> value = convert(*shape);
  if (!value) return fail(value.error());
  return put(std::move(*value));
}

bool DocumentBuilder::open(const Shape* shape, Json&& empty, ShapeType kind) {
  if (stack_.size() >= most_levels)
    return fail(serialization_error("The request body is nested too deeply."));
  if (++values_ > most_values) return fail(serialization_error("The request body has too many values."));
  Json* value = store(std::move(empty));
  const bool free = shape == nullptr || shape->document;
  if (!free) kind = shape->type;
  stack_.push_back({shape, value, kind, free, nullptr, {}});
  return true;
}

bool DocumentBuilder::null() {
  if (skipping()) return scalar_skipped();
  if (stack_.empty()) return true;  // a body of `null` says nothing
  if (Open& top = stack_.back(); top.kind == ShapeType::Structure && !top.free) {
    top.member = nullptr;  // the same as absent
    return true;
  }
  return put(Json(nullptr));
}

bool DocumentBuilder::boolean(bool value) {
  return scalar([&](const Shape& shape) { return from_boolean(shape, value); }, [&] { return Json(value); });
}

bool DocumentBuilder::integer(std::int64_t value) {
  return scalar([&](const Shape& shape) { return from_integer(shape, value); }, [&] { return Json(value); });
}

bool DocumentBuilder::unsigned_integer(std::uint64_t value) {
  return scalar([&](const Shape& shape) { return from_unsigned(shape, value); }, [&] { return Json(value); });
}

bool DocumentBuilder::floating(double value) {
  return scalar([&](const Shape& shape) { return from_double(shape, value); }, [&] { return Json(value); });
}

bool DocumentBuilder::string(std::string&& value) {
  return scalar([&](const Shape& shape) { return from_string(shape, std::move(value)); },
                [&] { return Json(std::move(value)); });
}

bool DocumentBuilder::bytes(std::string&& value) {
  return scalar([&](const Shape& shape) { return from_bytes(shape, std::move(value)); },
                [&] { return Json(std::move(value)); });
}

bool DocumentBuilder::start_object() {
  if (skipping()) return ++skipped_, true;
  if (stack_.empty()) {
    root_ = Json::object();
    stack_.push_back({&root_shape_, &root_, ShapeType::Structure, false, nullptr, {}});
    return true;
  }
  const Shape* shape = expected();
  if (shape != nullptr && !shape->document && shape->type != ShapeType::Structure &&
      shape->type != ShapeType::Map)
    return fail(unexpected_object());
  return open(shape, Json::object(), ShapeType::Structure);
}

bool DocumentBuilder::start_array() {
  if (skipping()) return ++skipped_, true;
  if (stack_.empty()) return fail(unexpected_array());
  const Shape* shape = expected();
  if (shape != nullptr && !shape->document && shape->type != ShapeType::List) return fail(unexpected_array());
  return open(shape, Json::array(), ShapeType::List);
}

bool DocumentBuilder::key(std::string&& name) {
  if (skipping()) return true;
  Open& top = stack_.back();
  if (top.free || top.kind == ShapeType::Map) {
    top.key = std::move(name);
    return true;
  }
  top.member = find_member(*top.shape, name, whole_ || stack_.size() > 1);
  ignoring_ = top.member == nullptr;
  return true;
}

bool DocumentBuilder::end() {
  if (skipping()) {
    if (--skipped_ == 0) ignoring_ = false;
    return true;
  }
  stack_.pop_back();
  return true;
}

}  // namespace aviary::wire

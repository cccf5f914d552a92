#include "wire/json_reader.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "wire/convert.hpp"

namespace aviary::wire {
namespace {

using models::Location;
using models::Member;
using models::Shape;
using models::ShapeType;

// Shapes that contain themselves end somewhere; so does what a `document` shape keeps.
constexpr std::size_t most_levels = 128;
// A list of empty strings takes thirty times its size on the wire; this many values are at most some 100 MB.
constexpr std::size_t most_values = 1'000'000;

/// Events of nlohmann's parser, applied to a stack of the structures, lists and maps that are open.
class Reader : public nlohmann::json_sax<Json> {
 public:
  Reader(const Shape& structure, bool whole) : root_shape_(structure), whole_(whole) {}

  Json take() { return std::move(root_); }
  std::optional<AwsError>& problem() { return problem_; }

  bool null() override {
    if (skipping()) return scalar_skipped();
    if (stack_.empty()) return true;  // a body of `null` says nothing
    if (Open& top = stack_.back(); top.kind == ShapeType::Structure && !top.free) {
      top.member = nullptr;  // the same as absent
      return true;
    }
    return put(Json(nullptr));
  }
  bool boolean(bool value) override {
    return scalar([&](const Shape& shape) { return from_boolean(shape, value); },
                  [&] { return Json(value); });
  }
  bool number_integer(number_integer_t value) override {
    return scalar([&](const Shape& shape) { return from_integer(shape, value); },
                  [&] { return Json(value); });
  }
  bool number_unsigned(number_unsigned_t value) override {
    return scalar([&](const Shape& shape) { return from_unsigned(shape, value); },
                  [&] { return Json(value); });
  }
  bool number_float(number_float_t value, const string_t&) override {
    return scalar([&](const Shape& shape) { return from_double(shape, value); }, [&] { return Json(value); });
  }
  bool string(string_t& value) override {
    return scalar([&](const Shape& shape) { return from_string(shape, std::move(value)); },
                  [&] { return Json(std::move(value)); });
  }
  bool binary(binary_t&) override { return true; }  // JSON has none

  bool start_object(std::size_t) override {
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
  bool start_array(std::size_t) override {
    if (skipping()) return ++skipped_, true;
    if (stack_.empty()) return fail(unexpected_array());
    const Shape* shape = expected();
    if (shape != nullptr && !shape->document && shape->type != ShapeType::List)
      return fail(unexpected_array());
    return open(shape, Json::array(), ShapeType::List);
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (skipping()) return true;
    Open& top = stack_.back();
    if (top.free || top.kind == ShapeType::Map) {
      top.key = std::move(name);
      return true;
    }
    top.member = find(*top.shape, name, whole_ || stack_.size() > 1);
    ignoring_ = top.member == nullptr;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    // Too deep or of the wrong type: said already.
    if (!problem_)
      problem_ =
          serialization_error(fmt::format("Could not parse request body into json: at byte {}", position));
    return false;
  }

 private:
  struct Open {
    const Shape* shape;  ///< null or a document's: anything may come
    Json* value;
    ShapeType kind;        ///< Structure, Map or List
    bool free;             ///< no shape tells what is inside
    const Member* member;  ///< structure: of the key just read
    std::string key;       ///< map: the key just read
  };

  static const Member* find(const Shape& shape, std::string_view name, bool everything) {
    for (const Member& member : shape.members) {
      const std::string_view wire_name = everything && member.location != Location::Body ? member.name
                                         : member.location_name.empty()                  ? member.name
                                                                        : member.location_name;
      if (wire_name == name) return everything || member.location == Location::Body ? &member : nullptr;
    }
    return nullptr;
  }

  /// Whether what comes now is of no interest: below an unknown key, at whatever depth.
  bool skipping() const { return ignoring_; }
  bool scalar_skipped() {
    if (skipped_ == 0) ignoring_ = false;
    return true;
  }

  bool fail(AwsError error) {
    problem_ = std::move(error);
    return false;
  }

  /// The shape of the value that comes now; null where anything may.
  const Shape* expected() const {
    const Open& top = stack_.back();
    if (top.free) return nullptr;
    if (top.kind == ShapeType::Structure) return top.member->shape;
    return top.shape->element;
  }

  Json* store(Json&& value) {
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

  bool put(Json&& value) {
    if (++values_ > most_values) return fail(serialization_error("The request body has too many values."));
    store(std::move(value));
    return true;
  }

  template <class Convert, class Keep>
  bool scalar(Convert convert, Keep keep) {
    if (skipping()) return scalar_skipped();
    if (stack_.empty()) return fail(unexpected_scalar(ShapeType::Structure));
    const Shape* shape = expected();
    if (shape == nullptr || shape->document) return put(keep());
    if (shape->type == ShapeType::Structure || shape->type == ShapeType::List ||
        shape->type == ShapeType::Map)
      return fail(unexpected_scalar(shape->type));
    Result<Json> value = convert(*shape);
    if (!value) return fail(value.error());
    return put(std::move(*value));
  }

  bool open(const Shape* shape, Json&& empty, ShapeType kind) {
    if (stack_.size() >= most_levels)
      return fail(serialization_error("The request body is nested too deeply."));
    if (++values_ > most_values) return fail(serialization_error("The request body has too many values."));
    Json* value = store(std::move(empty));
    const bool free = shape == nullptr || shape->document;
    if (!free) kind = shape->type;
    stack_.push_back({shape, value, kind, free, nullptr, {}});
    return true;
  }

  bool close() {
    if (skipping()) {
      if (--skipped_ == 0) ignoring_ = false;
      return true;
    }
    stack_.pop_back();
    return true;
  }

  const Shape& root_shape_;
  bool whole_;
  Json root_ = Json::object();
  std::vector<Open> stack_;
  bool ignoring_ = false;
  std::size_t values_ = 0;
  std::size_t skipped_ = 0;  ///< structures open below the ignored key
  std::optional<AwsError> problem_;
};

}  // namespace

Result<Json> read_json(std::string_view body, const Shape& structure, bool whole) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return Json::object();
  Reader reader(structure, whole);
  if (!Json::sax_parse(body.begin(), body.end(), &reader)) return std::move(*reader.problem());
  return reader.take();
}

}  // namespace aviary::wire

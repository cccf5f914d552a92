#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/aws_error.hpp"
#include "base/json.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Deeper than any request means it: shapes that contain themselves end somewhere, and so does what a
/// `document` shape keeps.
inline constexpr std::size_t most_levels = 128;
/// A list of empty strings takes thirty times its size on the wire; this many values are at most some 100 MB.
inline constexpr std::size_t most_values = 1'000'000;

/// What a reader of JSON or CBOR meets, in the order of the bytes, becomes a document by the shape of the
/// model: one pass, and what the model does not know is never stored, so that a body cannot cost more memory
/// than its size allows.
///
/// Every event says whether to go on; when it says no, `problem` has the answer. Levels are bounded for what
/// is stored; below an unknown key they are the reader's to bound.
class DocumentBuilder {
 public:
  DocumentBuilder(const models::Shape& structure, bool whole) : root_shape_(structure), whole_(whole) {}

  bool null();
  bool boolean(bool value);
  bool integer(std::int64_t value);
  bool unsigned_integer(std::uint64_t value);
  bool floating(double value);
  bool string(std::string&& value);
  /// A value that is bytes in its own right, which JSON has not.
  bool bytes(std::string&& value);
  bool start_object();
  bool start_array();
  bool key(std::string&& name);
  bool end();

  Json take() { return std::move(root_); }
  const std::optional<AwsError>& problem() const { return problem_; }

 private:
  struct Open {
    const models::Shape* shape;  ///< null or a document's: anything may come
    Json* value;
    models::ShapeType kind;        ///< Structure, Map or List
    bool free;                     ///< no shape tells what is inside
    const models::Member* member;  ///< structure: of the key just read
    std::string key;               ///< map: the key just read
  };

  /// Whether what comes now is of no interest: below an unknown key, at whatever depth.
  bool skipping() const { return ignoring_; }
  bool scalar_skipped();
  bool fail(AwsError error);
  const models::Shape* expected() const;
  Json* store(Json&& value);
  bool put(Json&& value);
  template <class Convert, class Keep>
  bool scalar(Convert convert, Keep keep);
  bool open(const models::Shape* shape, Json&& empty, models::ShapeType kind);

  const models::Shape& root_shape_;
  bool whole_;
  Json root_ = Json::object();
  std::vector<Open> stack_;
  bool ignoring_ = false;
  std::size_t values_ = 0;
  std::size_t skipped_ = 0;  ///< structures open below the ignored key
  std::optional<AwsError> problem_;
};

}  // namespace aviary::wire

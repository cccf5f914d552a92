#include "wire/json_reader.hpp"

#include <fmt/format.h>

#include "wire/convert.hpp"
#include "wire/document_builder.hpp"

namespace aviary::wire {
namespace {

/// Events of nlohmann's parser.
class Events final : public nlohmann::json_sax<Json> {
 public:
  explicit Events(DocumentBuilder& builder) : builder_(builder) {}

  AwsError problem() const { return builder_.problem() ? *builder_.problem() : *malformed_; }

  bool null() override { return builder_.null(); }
  bool boolean(bool value) override { return builder_.boolean(value); }
  bool number_integer(number_integer_t value) override { return builder_.integer(value); }
  bool number_unsigned(number_unsigned_t value) override { return builder_.unsigned_integer(value); }
  bool number_float(number_float_t value, const string_t&) override { return builder_.floating(value); }
  bool string(string_t& value) override { return builder_.string(std::move(value)); }
  bool binary(binary_t&) override { return true; }  // JSON has none
  bool start_object(std::size_t) override { return builder_.start_object(); }
  bool start_array(std::size_t) override { return builder_.start_array(); }
  bool end_object() override { return builder_.end(); }
  bool end_array() override { return builder_.end(); }
  bool key(string_t& name) override { return builder_.key(std::move(name)); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    malformed_ =
        serialization_error(fmt::format("Could not parse request body into json: at byte {}", position));
    return false;
  }

 private:
  DocumentBuilder& builder_;
  std::optional<AwsError> malformed_;
};

}  // namespace

Result<Json> read_json(std::string_view body, const models::Shape& structure, bool whole) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return Json::object();
  DocumentBuilder builder(structure, whole);
  Events events(builder);
  if (!Json::sax_parse(body.begin(), body.end(), &events)) return events.problem();
  return builder.take();
}

}  // namespace aviary::wire

#include "wire/body_codec.hpp"
#include "wire/json_reader.hpp"
#include "wire/json_writer.hpp"

namespace aviary::wire {
namespace {

class JsonBody final : public BodyCodec {
 public:
  std::string_view content_type() const override { return "application/json"; }
  Result<Json> read(std::string_view body, const models::Shape& structure, bool whole) const override {
    return read_json(body, structure, whole);
  }
  std::string write(const Json& document, const models::Shape& structure, bool whole) const override {
    std::string out;
    write_json(out, document, structure, whole);
    return out;
  }
};

}  // namespace

const BodyCodec& json_body() {
  static const JsonBody body;
  return body;
}

}  // namespace aviary::wire

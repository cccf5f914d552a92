#include "wire/rest_codec.hpp"

namespace aviary::wire {

const Codec* codec_for(models::Protocol protocol) {
  static const RestJsonCodec rest_json;
  switch (protocol) {
    case models::Protocol::RestJson:
      return &rest_json;
    default:
      return nullptr;
  }
}

}  // namespace aviary::wire

#include "wire/aws_cbor_codec.hpp"
#include "wire/aws_json_codec.hpp"
#include "wire/cbor_codec.hpp"
#include "wire/query_codec.hpp"
#include "wire/rest_codec.hpp"
#include "wire/rest_xml_codec.hpp"

namespace aviary::wire {

const Codec* codec_for(models::Protocol protocol) {
  static const RestJsonCodec rest_json;
  static const AwsJsonCodec aws_json_10("application/x-amz-json-1.0");
  static const AwsJsonCodec aws_json_11("application/x-amz-json-1.1");
  static const QueryCodec query;
  static const CborCodec cbor;
  static const RestXmlCodec rest_xml;
  switch (protocol) {
    case models::Protocol::RestJson:
      return &rest_json;
    case models::Protocol::AwsJson10:
      return &aws_json_10;
    case models::Protocol::AwsJson11:
      return &aws_json_11;
    case models::Protocol::Query:
      return &query;
    case models::Protocol::RpcV2Cbor:
      return &cbor;
    case models::Protocol::RestXml:
      return &rest_xml;
    default:
      return nullptr;
  }
}

const Codec* codec_of(const Target& target, const Request& request) {
  static const AwsCborCodec aws_cbor;
  if (target.protocol == models::Protocol::AwsJson11 &&
      request.header("content-type").starts_with("application/x-amz-cbor-1.1"))
    return &aws_cbor;
  return codec_for(target.protocol);
}

}  // namespace aviary::wire

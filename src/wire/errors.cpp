#include "wire/protocol.hpp"

// Not in any service's model. How the member that carries the text is spelled was seen on the wire:
// validation answers `message` (recorded for Lambda), the deserialiser `Message` (DynamoDB, Athena and SES,
// measured by others).
//
// The query protocol has older names for some of them: `ValidationError` and `MalformedInput` were recorded
// for CloudWatch, `InvalidAction` for SES and SNS, the others are in every query service's list of common
// errors.
namespace aviary::wire::errors {

constinit const ErrorShape ValidationException{"ValidationException", 400, Fault::Sender, "message", false,
                                               "ValidationError"};
constinit const ErrorShape SerializationException{
    "SerializationException", 400, Fault::Sender, "Message", false, "MalformedInput"};
constinit const ErrorShape UnknownOperationException{
    "UnknownOperationException", 404, Fault::Sender, "Message", false, "InvalidAction"};
constinit const ErrorShape InternalFailure{"InternalFailure", 500, Fault::Receiver, "message", false};
constinit const ErrorShape NotImplemented{"NotImplemented", 501, Fault::Receiver, "message", false};
constinit const ErrorShape RequestEntityTooLarge{"RequestEntityTooLargeException", 413, Fault::Sender,
                                                 "message", false};
constinit const ErrorShape AccessDenied{"AccessDeniedException", 403, Fault::Sender, "Message", false,
                                        "AccessDenied"};

}  // namespace aviary::wire::errors

#include "wire/protocol.hpp"

// Not in any service's model. How the member that carries the text is spelled was seen on the wire:
// validation answers `message` (recorded for Lambda), the deserialiser `Message` (DynamoDB, Athena and SES,
// measured by others).
namespace aviary::wire::errors {

constinit const ErrorShape ValidationException{"ValidationException", 400, Fault::Sender, "message", false};
constinit const ErrorShape SerializationException{"SerializationException", 400, Fault::Sender, "Message",
                                                  false};
constinit const ErrorShape UnknownOperationException{"UnknownOperationException", 404, Fault::Sender,
                                                     "Message", false};
constinit const ErrorShape InternalFailure{"InternalFailure", 500, Fault::Receiver, "message", false};
constinit const ErrorShape NotImplemented{"NotImplemented", 501, Fault::Receiver, "message", false};
constinit const ErrorShape RequestEntityTooLarge{"RequestEntityTooLargeException", 413, Fault::Sender,
                                                 "message", false};
constinit const ErrorShape AccessDenied{"AccessDeniedException", 403, Fault::Sender, "Message", false};

}  // namespace aviary::wire::errors

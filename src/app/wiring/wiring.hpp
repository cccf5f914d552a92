#pragma once

#include <string>

namespace aviary::app {

struct Parts;

// One file a service: makes it, ties it to its neighbours, adds it to those that are served. Called in this
// order; each may use what the ones before have made.
void add_s3(Parts& parts);
void add_tracing(Parts& parts);    ///< in front of the runner
void add_rehearsal(Parts& parts);  ///< before Lambda, whose invocations it stands beside
void add_lambda(Parts& parts);
void add_cloudwatch(Parts& parts);
void add_logs(Parts& parts);
void add_codedeploy(Parts& parts);
void add_sqs(Parts& parts);
void add_sns(Parts& parts);
void add_outside(Parts& parts);
void add_kinesis(Parts& parts);
void add_events(Parts& parts);
void add_apigateway(Parts& parts);
void add_identity(Parts& parts);
void add_registry(Parts& parts);        ///< ECR
void add_parameters(Parts& parts);      ///< SSM and Secrets Manager
void add_cloudformation(Parts& parts);  ///< last: it calls all the others

/// Reads rehearsals back, and the file of faults; what is wrong with that one, else nothing (rehearsal.cpp).
std::string restore_rehearsal(Parts& parts);

}  // namespace aviary::app

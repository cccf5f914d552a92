#pragma once

namespace aviary::app {

struct Parts;

// One file a service: makes it, ties it to its neighbours, adds it to those that are served. Called in this
// order; each may use what the ones before have made.
void add_lambda(Parts& parts);
void add_cloudwatch(Parts& parts);
void add_logs(Parts& parts);
void add_codedeploy(Parts& parts);
void add_sqs(Parts& parts);
void add_sns(Parts& parts);
void add_events(Parts& parts);

}  // namespace aviary::app

/* A whole function in one static program: it asks Lambda's Runtime API for events and answers each with its own text. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[65536];

static void ask(const char *method, const char *path, const char *body) {
  const char *api = getenv("AWS_LAMBDA_RUNTIME_API"); /* host:port */
  char host[64], request[1024];
  snprintf(host, sizeof host, "%.*s", (int)(strchr(api, ':') - api), api);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(strchr(api, ':') + 1))};
  inet_pton(AF_INET, host, &to.sin_addr);
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection, (struct sockaddr *)&to, sizeof to) != 0) exit(1);
  int size = snprintf(request, sizeof request,
                      "%s /2018-06-01/runtime/invocation/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
                      "Content-Length: %zu\r\n\r\n%s",
                      method, path, api, strlen(body), body);
  if (write(connection, request, size) != size) exit(1);
  size_t have = 0;
  ssize_t got;
  while ((got = read(connection, answer + have, sizeof answer - 1 - have)) > 0) have += got;
  answer[have] = 0;
  close(connection);
}

int main(int count, char **arguments) {
  char path[128], body[256];
  for (;;) {
    ask("GET", "next", "");
    char *id = strcasestr(answer, "lambda-runtime-aws-request-id: ");
    if (!id) return 1;
    snprintf(path, sizeof path, "%.36s/response", id + 31);
    snprintf(body, sizeof body, "\"version %s says %s\"", getenv("AWS_LAMBDA_FUNCTION_VERSION"),
             arguments[count - 1]);
    ask("POST", path, body);
  }
}

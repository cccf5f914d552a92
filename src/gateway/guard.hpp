#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/message.hpp"

namespace aviary {

/// Who may drive the server from where. It runs code for whoever can reach it, so a web page must not: a
/// browser sends `Origin` and `Sec-Fetch-Site`, and a page that rebinds a DNS name to the loopback address
/// sends that name as Host.
struct GuardOptions {
  std::vector<std::string> allowed_hosts;  ///< beside local names and addresses; "*" allows all
  std::vector<std::string>
      allowed_origins;  ///< beside loopback and own origins, e.g. "https://console.example.com"; "*": all
};

/// Nothing if the request may pass, else the reason.
std::optional<std::string> refuse_foreign(const wire::Request& request, const GuardOptions& options);

/// The answer to a browser that asks what a page may send, before it sends it; nothing if the request is no
/// such question. For requests that may pass.
std::optional<wire::Response> answer_preflight(const wire::Request& request);

/// Lets the page that asked read the answer, whose service says nothing of that itself. `origin` is the
/// request's, which may pass; empty: no page asked.
void open_to_page(const std::string& origin, wire::Response& response);

/// Whether a Host (with or without port) is a name of this machine: loopback names and addresses, any IP
/// address literal (no DNS name was rebound), and names below `localhost`, as
/// `x.lambda-url.us-east-1.localhost` is.
bool is_local_host(std::string_view host);

}  // namespace aviary

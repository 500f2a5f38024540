// Reads the head of a request of HTTP/1. Anybody may send it. Boost.Beast does the work; it is expensive to compile, so
// src/daemon/http_request.cpp is the only file that includes it. Private to src/daemon.
#pragma once

#include "lbconverge/model/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace lbconverge::daemon {

/// The longest head that is read, in octets.
constexpr std::size_t longest_http_head = std::size_t{8} * 1024;

struct HttpRequest {
    std::string method;
    std::string path;      ///< of the target, without a query
    bool chunked = false;  ///< the client understands an answer in chunks (HTTP/1.1)
};

/// The head is here as a whole.
bool is_whole_http_head(std::string_view octets);
/// An error of kind `usage` says what is wrong. What follows the head is not looked at.
Result<HttpRequest> parse_http_request(std::string_view octets);

}  // namespace lbconverge::daemon

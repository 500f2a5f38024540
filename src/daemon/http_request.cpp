#include "http_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace lbconverge::daemon {

namespace http = boost::beast::http;

bool is_whole_http_head(std::string_view octets) { return octets.find("\r\n\r\n") != std::string_view::npos; }

Result<HttpRequest> parse_http_request(std::string_view octets) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(longest_http_head);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(octets.data(), octets.size()), error);
    if (!parser.is_header_done()) return fail(ErrorKind::usage, error ? error.message() : "the head is not whole");
    const auto& head = parser.get();
    const auto target = head.target();
    const std::string_view path(target.data(), target.size());
    return HttpRequest{.method = std::string(head.method_string()),
                       .path = std::string(path.substr(0, path.find('?'))),
                       .chunked = head.version() >= 11};
}

}  // namespace lbconverge::daemon

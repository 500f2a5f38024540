// Any octets as the head of a request for metrics. What is read of it stands in it.
#include "http_request.hpp"

#include <cstdint>
#include <cstdlib>

using namespace lbconverge::daemon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    const auto request = parse_http_request(octets);
    if (!request) {
        if (request.error().what.empty()) std::abort();
        return 0;
    }
    if (!is_whole_http_head(octets)) std::abort();
    for (const std::string* each : {&request->method, &request->path}) {
        if (octets.find(*each) == std::string_view::npos) std::abort();
    }
    if (request->method.empty() || request->path.find('?') != std::string::npos) std::abort();
    return 0;
}

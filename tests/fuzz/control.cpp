// Any text as a line of the control socket: a request, or a reply. What is read is written, and that is read as the
// same.
#include "lbconverge/daemon/control.hpp"

#include <cstdint>
#include <cstdlib>

using namespace lbconverge::daemon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto request = parse_request(text)) {
        if (parse_request(to_text(*request)) != request) std::abort();
    }
    if (const auto reply = parse_reply(text)) {
        const std::string line = to_text(*reply);
        if (line.find('\n') != std::string::npos || parse_reply(line) != reply) std::abort();
    }
    return 0;
}

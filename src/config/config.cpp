#include "lbconverge/config/config.hpp"

namespace lbconverge::config {

std::string_view to_text(Accept accept) {
    switch (accept) {
        case Accept::loopback:
            return "loopback";
        case Accept::interface:
            return "interface";
        case Accept::redirect:
            return "redirect";
    }
    return "unknown";
}

std::string_view to_text(ArpMethod method) {
    switch (method) {
        case ArpMethod::sysctl:
            return "sysctl";
        case ArpMethod::filter:
            return "filter";
        case ArpMethod::none:
            return "none";
    }
    return "unknown";
}

}  // namespace lbconverge::config

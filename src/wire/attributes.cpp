#include "lbconverge/wire/attributes.hpp"

namespace lbconverge::wire {

ShortName Attribute::name() const {
    const auto* text = reinterpret_cast<const char*>(data.data());
    return ShortName(
        std::string_view(text, static_cast<std::size_t>(std::find(text, text + data.size(), '\0') - text)));
}

Bytes attributes_of(Bytes message, std::size_t fixed) {
    const std::size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);
    return message.size() < start ? Bytes{} : message.subspan(start);
}

}  // namespace lbconverge::wire

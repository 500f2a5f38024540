#include "sections.hpp"

namespace lbconverge::config {

namespace {

void read_interfaces(Reader& in, Arp& arp) {
    const toml::node* node = in.take("interfaces");
    if (node == nullptr) return;
    arp.interfaces_source = place(*node);
    if (const auto* word = node->as_string(); word != nullptr && word->get() == "auto") return;
    arp.automatic = false;
    std::vector<std::string> names;
    if (!node->is_array()) {
        in.wrong_type(*node, "interfaces", "\"auto\" or a list of names",
                      node->is_string() ? "put the name in brackets: [\"eth0\"]" : "");
        return;
    }
    in.texts("interfaces", names);
    if (node->as_array()->empty()) {
        in.problems().error(arp.interfaces_source, "\"interfaces\" of [arp] is empty: ARP would stay as it is",
                            "name the interfaces, or say it openly: method = \"none\"");
    }
    for (const std::string& name : names) {
        if (InterfaceName::is_valid(name)) {
            arp.interfaces.emplace_back(name);
        } else {
            in.problems().error(arp.interfaces_source, in_quotes(name) + " is not the name of an interface");
        }
    }
}

}  // namespace

void read_arp(Reader& top, Context& context) {
    auto in = top.table("arp", "[arp]");
    if (!in) return;
    Arp& arp = context.config.arp;
    arp.source = in->place();
    // A key that is missing gets the place of the table: its default applies because the file has the table.
    arp.ignore_source = in->place("arp_ignore");
    arp.announce_source = in->place("arp_announce");
    arp.interfaces_source = arp.source;
    in->number("arp_ignore", arp.arp_ignore, 0, 255);
    in->number("arp_announce", arp.arp_announce, 0, 2);
    read_interfaces(*in, arp);
    in->choice("method", arp.method);
    in->address("source", arp.source_address);
    if (arp.source_address && arp.method != ArpMethod::filter) {
        context.problems.error(in->place("source"), "\"source\" of [arp] needs method = \"filter\"",
                               "the kernel's own settings choose the sender address by themselves");
    }
    in->finish();
}

}  // namespace lbconverge::config

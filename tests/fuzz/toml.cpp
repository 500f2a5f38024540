// Any text as a configuration file: parsing, one node after the other, and lint.
#include "lbconverge/config/document.hpp"
#include "lbconverge/config/lint.hpp"

#include <cstdlib>
#include <string>
#include <vector>

using namespace lbconverge::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    Diagnostics problems;
    const Document document = Document::parse({{"lb.toml", text}}, problems);
    std::vector<std::string> nodes = document.nodes();
    nodes.emplace_back();
    std::vector<Config> configs;
    for (const std::string& node : nodes) {
        Diagnostics of_node;
        auto config = document.config_for(node, of_node);
        // No configuration without a reason, and none with an error.
        if (!config && !of_node.has_errors() && !problems.has_errors()) std::abort();
        if (config && of_node.has_errors()) std::abort();
        if (config) report_unsupported(*config, Severity::warning, of_node);
        if (config) configs.push_back(std::move(*config));
        problems.append(of_node);
    }
    lint(configs, problems);
    problems.finish();
    for (const Diagnostic& each : problems.all()) {
        if (each.what.empty() || to_text(each, document.files()).empty()) std::abort();
    }
    return 0;
}

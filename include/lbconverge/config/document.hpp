// TOML files → configuration. The only place that knows toml++.
#pragma once

#include "lbconverge/config/config.hpp"
#include "lbconverge/config/diagnostic.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lbconverge::config {

/// Text of one file, read by the caller (the core opens nothing).
struct InputFile {
    std::string path;
    std::string text;
};

/// The merged TOML of all files. Keeps the syntax tree until it is destroyed, which for a large table is most of the
/// memory: build the Config, then let the Document go.
class Document {
public:
    /// Parses and merges; problems go to `diagnostics`. A file with a syntax error contributes nothing.
    static Document parse(const std::vector<InputFile>& files, Diagnostics& diagnostics);
    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    /// Paths, in the order that Source::file counts.
    [[nodiscard]] const std::vector<std::string>& files() const;
    /// Names in [nodes], in the order of the file; empty when there is no such table.
    [[nodiscard]] std::vector<std::string> nodes() const;
    /// The configuration of one node; `node` may be "" only when there is no [nodes]. Reports every problem of it.
    /// nullopt when there was an error, here or in parse().
    [[nodiscard]] std::optional<Config> config_for(const std::string& node, Diagnostics& diagnostics) const;

private:
    struct Tree;
    explicit Document(std::unique_ptr<Tree> tree);
    std::unique_ptr<Tree> tree_;
};

}  // namespace lbconverge::config

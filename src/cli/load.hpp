// Files → configuration: what the core must not do, opening files and asking for the host name. Private to src/cli.
#pragma once

#include "lbconverge/config/document.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/model/result.hpp"

#include <memory>
#include <string>
#include <vector>

namespace lbconverge::cli {

Result<std::string> read_file(const std::string& path);
/// Without the domain.
std::string host_name();

/// One node's configuration, free of errors.
struct Loaded {
    config::Config config;
    std::vector<std::string> files;
};
/// Reads FILE and conf.d/*.toml beside it. `node` may be empty: the host name then, if there is a [nodes] at all.
/// What is wrong is printed on stderr, all of it.
Result<Loaded> load_node(const std::string& path, const std::string& node);

/// Copies FILE and its conf.d into that folder, as lbconverge.toml and conf.d; for root's eyes only, since there may be
/// passwords in it.
Result<void> copy_files(const std::string& path, const std::string& folder);

/// The configurations of all nodes of a file, free of errors.
Result<std::vector<config::Config>> load_cluster(const std::string& path);

/// What check prints, for one node or for all of them.
struct Checked {
    std::string text;
    bool errors = false;
};
Result<Checked> check_files(const std::string& path, const std::string& node);

/// The kernel and the ledger of a node that has converged to `old`; interfaces are those that either file names.
struct Assumed {
    std::shared_ptr<const kinds::Observed> observed;
    kinds::Ledger ledger;
};
Assumed assume_converged(const config::Config& old, const config::Config& fresh, const Election& election);

}  // namespace lbconverge::cli

// nftables through libnftables, in this process: one transaction per call, and listings as JSON. Private to src/kernel.
#pragma once

#include "lbconverge/model/result.hpp"
#include "lbconverge/wire/nft.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct nft_ctx;

namespace lbconverge::kernel {

class Nft {
public:
    /// In the network namespace of the calling thread. kernel_lacks where there is no netfilter at all, failed where
    /// libnftables cannot be loaded: most runs do without it.
    static Result<Nft> open();

    /// Runs nft(8) commands for our tables as one transaction, in which they are first made anew where somebody has
    /// made something else of them. 0 or errno; what the kernel refuses in part has no effect at all.
    int run(const std::string& commands);
    /// What "list table FAMILY NAME" prints, as JSON; nullopt: there is no such table.
    Result<std::optional<std::string>> list(const std::string& command);
    /// All that there is, as JSON, with handles, and numbers for protocols and priorities; nullopt: nftables is
    /// missing.
    Result<std::optional<std::string>> ruleset();
    /// Tables of ours without an element do nothing: they go.
    void sweep();

private:
    struct Free {
        void operator()(nft_ctx* context) const;
    };
    Result<std::optional<std::string>> print(const std::string& command, unsigned flags);
    int transact(const std::string& commands);
    /// Our tables, as far as they are there.
    std::vector<wire::NftTable> ours();
    explicit Nft(std::unique_ptr<nft_ctx, Free> context) : context_(std::move(context)) {}

    std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace lbconverge::kernel

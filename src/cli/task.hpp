// What the commands that plan share: the task that the options ask for, and its plan, shown or carried out. Private to
// src/cli.
#pragma once

#include "lbconverge/daemon/converge.hpp"
#include "options.hpp"
#include "render.hpp"

#include <chrono>

namespace lbconverge::cli {

/// How long a second run waits for the first.
constexpr std::chrono::seconds lock_patience{10};

BootTime now();

/// The configuration of this node, with what the options add to it. What is wrong with it is printed.
Result<config::Config> configuration_of(const Options& options);
/// As --as says, as the daemon at work says, or else: every instance is backup.
Election election_of(const Options& options, const config::Config& config);
/// What is to be done on this node: with its election, and with what health and the operator have said.
Result<plan::Task> task_of(const Options& options, const config::Config& config);

/// The task must outlive it.
Scene scene_of(const plan::Task& task);
/// Prints the plan, and says when apply would refuse it.
int print_plan(const plan::Plan& plan, const plan::Task& task, const Options& options);
/// Reads the kernel and prints what is to be done. Changes nothing.
int dry_run(const plan::Task& task, const Options& options);
/// Carries the task out and prints what came of it. The caller has the lock.
int converge(const daemon::RunDirectory& run, plan::Task task, const Options& options);

}  // namespace lbconverge::cli

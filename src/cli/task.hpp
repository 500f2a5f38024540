// What the commands with a plan share: the task that the options ask for, and showing or carrying out its plan. Private
// to src/cli.
#pragma once

#include "lbconverge/daemon/converge.hpp"
#include "options.hpp"
#include "render.hpp"

#include <chrono>

namespace lbconverge::cli {

/// How long a command waits for the lock that another one holds.
constexpr std::chrono::seconds lock_patience{10};

BootTime now();

/// The configuration of this node, with what the options add to it. Its errors are printed.
Result<config::Config> configuration_of(const Options& options);
/// The election that --as gives, else that of a daemon at work, else every instance is backup.
Election election_of(const Options& options, const config::Config& config);
/// The task for this node, with its election, and with what health and the operator have said.
Result<plan::Task> task_of(const Options& options, const config::Config& config);

/// The task must outlive the scene.
Scene scene_of(const plan::Task& task);
/// Prints the plan, and says so if apply would refuse it.
int print_plan(const plan::Plan& plan, const plan::Task& task, const Options& options);
/// Reads the kernel and prints what is to be done. Changes nothing.
int dry_run(const plan::Task& task, const Options& options);
/// Carries the task out and prints the result. The caller has the lock.
int converge(const daemon::RunDirectory& run, plan::Task task, const Options& options);

}  // namespace lbconverge::cli

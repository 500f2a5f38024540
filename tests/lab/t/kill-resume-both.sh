#!/bin/bash
# A run on a node of role both is killed before each step while the node becomes master, and while it becomes backup.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../kill-steps.sh"

scene both-backup both-master
scene both-master both-backup

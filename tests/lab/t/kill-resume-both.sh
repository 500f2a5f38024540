#!/bin/bash
# A node of role both that is killed before any single step while it becomes master, and while it becomes backup.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../kill-steps.sh"

scene both-backup both-master
scene both-master both-backup

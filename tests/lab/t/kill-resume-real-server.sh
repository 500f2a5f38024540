#!/bin/bash
# A real server that is killed before any single step, coming and going.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../kill-steps.sh"

scene '' real-server
scene real-server real-server-released
scene director real-server

#!/bin/bash
# A run on a real server is killed before each step: while it is set up, while it is released, and while a director
# becomes a real server.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../kill-steps.sh"

scene '' real-server
scene real-server real-server-released
scene director real-server

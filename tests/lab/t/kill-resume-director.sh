#!/bin/bash
# A run on a director is killed before each step: while it is set up, changed by an edit, made backup, and released.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../kill-steps.sh"

scene '' director
scene director director-edited
scene director director-backup
scene director director-released

#!/bin/bash
# A director that is killed before any single step, on its way up, through an edit and down.
. "$(dirname "$0")/../lab.sh"
. "$(dirname "$0")/../kill-steps.sh"

scene '' director
scene director director-edited
scene director director-backup
scene director director-released

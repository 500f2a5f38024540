# bash completion for lbconverge, made by tests/unit/cli/completions.cpp from the program's tables: not to be edited.

_lbconverge_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word"); }
_lbconverge_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$word")
}

_lbconverge() {
  local word=$2 before=$3 at words=() options='' first='' files=''
  COMPREPLY=()
  # bash takes --as=master for three words.
  [ "$word" != = ] || word=''
  [ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
  [ "${COMP_WORDS[COMP_CWORD]}" != = ] || before=${COMP_WORDS[COMP_CWORD - 1]}
  case $before in
    --log-level) _lbconverge_words 'error warning info debug'; return ;;
    --as) _lbconverge_words 'master backup'; return ;;
    --format) _lbconverge_words 'toml snapshot'; return ;;
    --faults) _lbconverge_words 'all none'; return ;;
    -c | --config | --against | --from | --textfile | --svg) _lbconverge_files; return ;;
    --node | --netns | --seed | --runs | --duration | --only) return ;;
  esac
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in
      -c | --config | --node | --netns | --log-level | --as | --against | --from | --format | --textfile | --seed | --runs | --duration | --faults | --only | --svg)
        [ "${COMP_WORDS[at + 1]-}" != = ] || ((at++))
        ((at++)) ;;
      -*) ;;
      *) words+=("${COMP_WORDS[at]}") ;;
    esac
  done
  case ${words[0]-} in
    '') first='check diff apply run status health show import explain lookup drain undrain doctor simulate takeover release' ;;
    check) options='' ;;
    diff) options='--json --as --against --from --prune-foreign' ;;
    apply) options='--json --dry-run --as --prune-foreign --textfile' ;;
    run) options='' ;;
    status) options='--json --watch' ;;
    health) options='' ;;
    show) options='--format' ;;
    import) options='--compare' first='keepalived ldirectord ipvsadm' files=yes ;;
    explain) options='--as' ;;
    lookup) options='--json' ;;
    drain) options='--json --dry-run --force --as' ;;
    undrain) options='--json --dry-run --as' ;;
    doctor) options='--json --as --arp --vrrp' ;;
    simulate) options='--json --seed --runs --duration --faults --only --svg' files=yes ;;
    takeover) options='--dry-run --force' first='keepalived' ;;
    release) options='--json --dry-run' ;;
  esac
  if [[ $word == -* ]]; then
    _lbconverge_words "$options -c --config --node --netns --log-level -h --help --version"
  elif [ -n "$first" ] && [ ${#words[@]} -lt 2 ]; then
    _lbconverge_words "$first"
  elif [ -n "$files" ]; then
    _lbconverge_files
  fi
}
complete -F _lbconverge lbconverge

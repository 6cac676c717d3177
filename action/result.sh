#!/usr/bin/env bash
# Fails the job by the exit codes of the check and the comparison: findings, changes, and what is not known.
set -euo pipefail

status() { # NAME CODE FAIL_ON
  case "$2" in
    "" | 0) return 0 ;;
    1 | 3) if [ "$3" = never ]; then return 0; fi ;;
  esac
  echo "checker $1 ended with exit code $2"
  return "$2"
}

first=0
status check "$CHECK_CODE" "$INPUT_FAIL_ON" || first=$?
second=0
status diff "$DIFF_CODE" "$INPUT_FAIL_ON_CHANGE" || second=$?
if [ "$first" != 0 ]; then exit "$first"; fi
exit "$second"

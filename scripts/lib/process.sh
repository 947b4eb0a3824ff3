# shellcheck shell=bash
# Detached processes that are found again, and ended, by a recorded identity rather than by name.
# Needs common.sh. A record is one line "PID STARTTIME": the kernel's start time (in ticks since boot) tells a process
# from a later one that was given the same id.

# start_time PID: the 22nd field of /proc/PID/stat; nothing if the process is gone or a zombie. The second field is the
# program's name in parentheses and may itself hold blanks, so counting starts behind the last parenthesis.
start_time() {
  local stat fields
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [ "${fields[0]}" != Z ] && echo "${fields[19]}"
}

# is_running RECORD-FILE PROGRAM: true while the recorded process lives and is still PROGRAM (its file name).
is_running() {
  local pid started now command=()
  [ -f "$1" ] && read -r pid started <"$1" || return 1
  now=$(start_time "$pid") && [ "$now" = "$started" ] || return 1
  mapfile -d '' -t command 2>/dev/null <"/proc/$pid/cmdline" || return 1
  local argv0=${command[0]:-}
  [ "${argv0##*/}" = "$2" ]
}

# detach RECORD-FILE LOG COMMAND ARGUMENT...: starts COMMAND in a session of its own, appending its output to LOG.
# It inherits no descriptor but the three standard ones: a lock held by the caller must not live on in a daemon.
detach() {
  local record=$1 log=$2 pid i
  shift 2
  (
    for descriptor in /proc/self/fd/*; do
      descriptor=${descriptor##*/}
      if [ "$descriptor" -gt 2 ]; then exec {descriptor}>&-; fi
    done
    exec setsid "$@" </dev/null >>"$log" 2>&1
  ) &
  pid=$!
  echo "$pid $(start_time "$pid" || true)" >"$record"
  # Until the exec is through, the process still carries the shell's name.
  for ((i = 0; i < 200; i++)); do
    if is_running "$record" "${1##*/}" || ! kill -0 "$pid" 2>/dev/null; then return 0; fi
    sleep 0.01
  done
}

# end_process RECORD-FILE PROGRAM GRACE-TENTHS: SIGTERM, then SIGKILL when it outlives the grace. A process that is not
# the recorded one is left alone.
end_process() {
  local pid _ tenths=$3
  is_running "$1" "$2" || return 0
  read -r pid _ <"$1"
  kill "$pid" 2>/dev/null || true
  while is_running "$1" "$2"; do
    if [ "$tenths" -le 0 ]; then
      kill -9 "$pid" 2>/dev/null || true
    fi
    tenths=$((tenths - 1))
    sleep 0.1
  done
}

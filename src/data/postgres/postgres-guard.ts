// A shell script that looks at the embedded server every few seconds. It outlives the commands, so
// that it can stop the server after all holders were killed. It also beats the server's heart, for
// processes that cannot see the server's pid.

import { spawn } from 'node:child_process';
import type { Postmaster } from './postgres-cluster';
import { POSTGRES_ENV } from './postgres-user';
import { markOf } from '../files/process-mark';

/** @param root the folder of holders/, lock and heart (see embedded-postgres.ts) */
export function startGuard(root: string, { pid, data }: Postmaster): void {
  const [, start = '', scope = ''] = markOf(pid).trim().split(' ');
  const args = ['-c', GUARD, 'vitrine-postgres-guard', root, String(pid), start, scope, data];
  const guard = spawn('/bin/sh', args, { cwd: '/', env: POSTGRES_ENV, detached: true, stdio: 'ignore' });
  guard.once('error', () => undefined);
  guard.unref();
}

/**
 * The guard's script. Its function `alive` follows the rules of process-mark.ts. Holders of another
 * scope were refused, so they do not count. The guard takes the lock before it stops the server, so
 * that no command joins a server that is about to stop.
 */
const GUARD = `
root=$1 server=$2 started=$3 scope=$4 data=$5
cd "$root" || exit
start_of() {
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  set -- \${stat##*) }
  [ "$1" != Z ] && start=\${20}
}
alive() {
  kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ] || return 1
  [ "$2" = - ] && return 0
  start_of "$1" && [ "$start" = "$2" ]
}
held() {
  for file in holders/*; do
    read -r pid began place 2>/dev/null <"$file" || continue
    [ "$place" = "$scope" ] && alive "$pid" "$began" && return 0
  done
  return 1
}
running() {
  alive "$server" "$started" && read -r pid 2>/dev/null <"$data/postmaster.pid" && [ "$pid" = "$server" ]
}
own=-
[ "$started" = - ] || { start_of $$ && own=$start; }
while sleep 3; do
  running || exit 0
  touch -c heart
  held && continue
  (set -C; echo "$$ $own $scope" >lock) 2>/dev/null || continue
  if held || ! running; then rm -f lock; continue; fi
  kill -INT "$server"
  while running; do touch -c lock heart; sleep 0.2; done
  rm -f heart holders/* lock
  exit 0
done`;

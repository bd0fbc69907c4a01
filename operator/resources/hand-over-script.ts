import { MASTER_NAME, REDIS_PORT, SENTINEL_PORT } from '../../contract/names.ts';
import { SCRIPTS } from './member-scripts.ts';
import { PATHS } from './redis-conf.ts';

/** How long writes may wait for another primary while this one is about to be stopped, in ms. */
const PAUSE_MS = 5_000;

/**
 * Before the Redis of a member is stopped, it makes another the primary where it is that, as a planned failover does: no
 * write is lost, and clients go over to the new one while this one still answers. Where that cannot be had soon, it ends all the
 * same: then the Sentinels notice. Bounded by itself, and by who runs it.
 */
export const handOverScript = `set -u
. ${PATHS.conf}/${SCRIPTS.common}
redis() { ask "$self" ${REDIS_PORT} "$@"; }
is_late() { [ "$(date +%s)" -gt $1 ]; }
info=
look() { info=$(redis info clients replication | tr -d '\\r'); }
all_at() {
  for at in $2; do [ "$at" -ge "$1" ] || return 1; done
  [ -n "$2" ]
}
taken() {
  for member in $others; do
    ask "$member" ${REDIS_PORT} info replication | tr -d '\\r' | sed -n '/^role:master/q; /^master_link_status:down/q; s/^slave_repl_offset://p'
  done
}
confirmed() { echo "$info" | sed -n 's/^slave[0-9]*:.*state=online,offset=\\([0-9]*\\).*/\\1/p'; }

look
case $info in *role:master*state=online*) ;; *) exit 0 ;; esac
redis client pause ${PAUSE_MS} write >/dev/null || exit 0
trap 'redis client unpause >/dev/null' EXIT
end=$(($(date +%s) + ${PAUSE_MS / 1000}))
look
offset=$(echo "$info" | sed -n 's/^master_repl_offset://p')
until all_at "$offset" "$(taken)"; do if is_late $((end - 4)); then exit 0; fi; done
# Who waits for replicas is told first; while writes pause they say only once a second what they have.
until case $info in *clients_in_timeout_table:0*) true ;; *) all_at "$offset" "$(confirmed)" ;; esac; do
  if is_late $((end - 3)); then break; fi
  look
done
asked=
for member in $others; do
  look_up "$member" && [ "$ip" = "$self" ] && ask "$member" ${SENTINEL_PORT} sentinel failover ${MASTER_NAME} >/dev/null && asked=yes && break
done
[ -n "$asked" ] || exit 0
while ! is_late $end; do
  for member in $others; do
    case $(ask "$member" ${REDIS_PORT} role) in
    master*)
      redis slaveof "$member" ${REDIS_PORT} >/dev/null
      redis client unpause >/dev/null
      # Whoever still writes here is told where to go while this one answers.
      sleep 1
      exit 0
      ;;
    esac
  done
done
`;

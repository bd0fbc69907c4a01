import { MASTER_NAME, REDIS_PORT, SENTINEL_PORT } from '../../contract/names.ts';
import { PATHS } from './redis-conf.ts';

/** The files by which the containers of a member start, and hand over when they end, in PATHS.conf. */
export const SCRIPTS = {
  common: 'common.sh',
  redis: 'start-redis.sh',
  sentinel: 'start-sentinel.sh',
  handOver: 'hand-over.sh',
} as const;

/** Below PATHS.data, what a replica that is in step has taken in: "<replication ID>:<offset>:<when, in µs since 1970>". */
const POSITION_FILE = 'sentinel/position';

/** Ms without an answer after which a Sentinel takes the primary to be down. */
const DOWN_AFTER_MS = 1_500;
/** Ms that a failover may take, and half of those between two tries. */
const FAILOVER_TIMEOUT_MS = 4_000;
/** Seconds for which members that do not answer at all are taken to have newer data than a primary that starts again. */
const SILENCE_SECONDS = 10;

/**
 * What both scripts use. `find_primary` asks the Sentinels of all members who is the primary and leaves the answer of the
 * newest configuration in `primary`; `answers` is how many know one.
 */
const common = `conf=${PATHS.conf}
data=${PATHS.data}
ordinal=\${POD##*-}
count=0 others= peers= self= id=
while read -r number address sentinel; do
  count=$((count + 1))
  if [ "$number" = "$ordinal" ]; then self=$address id=$sentinel; else others="$others $address" peers="$peers $address/$sentinel"; fi
  if [ "$number" = 0 ]; then first=$address; fi
done <$conf/members
# The password may be replaced while this runs.
sign_in() {
  REDISCLI_AUTH=$(cat $conf/sentinel.password)
  export REDISCLI_AUTH
}
sign_in

ask() {
  host=$1 port=$2
  shift 2
  timeout 2 redis-cli -e -h "$host" -p "$port" --user sentinel "$@" 2>/dev/null
}

# What the Sentinel of a member says, in \`ip\` and \`epoch\`.
look_up() {
  ip= epoch=
  reply=$(ask "$1" ${SENTINEL_PORT} sentinel master ${MASTER_NAME}) || return 1
  while read -r field && read -r value; do
    case $field in ip) ip=$value ;; config-epoch) epoch=$value ;; esac
  done <<END
$reply
END
  [ -n "$ip" ]
}

find_primary() {
  primary= answers=0 newest=-1
  for member in "$self" $others; do
    look_up "$member" || continue
    answers=$((answers + 1))
    if [ "$epoch" -gt "$newest" ]; then newest=$epoch primary=$ip; fi
  done
}
`;

/**
 * Starts Redis as what a majority of the Sentinels says. The one that they name as the primary has been away, so that what
 * it has may be old: while another member could take its place it waits until that one has, and it never takes the place
 * of data with none. A replica may become the primary only when it has what the primary has: see \`watch\`.
 */
const redis = `set -u
. ${PATHS.conf}/${SCRIPTS.common}
exec 9>$data/.lock
flock -n 9 || { echo 'waiting for the Redis that still holds the data'; flock 9 || exit 1; }

told=
tell() { [ "$told" = "$1" ] || echo "$1"; told=$1; }

has_data() {
  [ -s $data/dump.rdb ] && return 0
  for file in $data/appendonlydir/*.aof $data/appendonlydir/*.rdb; do [ -s "$file" ] && return 0; done
  return 1
}

# Whether another member is to be the primary in place of this one, and why. Who has no data must hear from all others that
# they have none either, but in a store that never had any.
must_wait() {
  for member in $others; do
    reply=$(ask "$member" ${REDIS_PORT} info)
    code=$?
    if [ $code = 124 ] && [ $(($(date +%s) - began)) -lt ${SILENCE_SECONDS} ]; then
      why="$member does not answer"
      return 0
    elif [ $code != 0 ]; then
      [ "$empty" = no ] || [ -s $conf/new ] || { why="$member may have data, and this one has none"; return 0; }
      continue
    fi
    case $reply in *role:master*) why="$member is a primary"; return 0 ;; esac
    case $reply in *slave_priority:100*) why="$member has newer data"; return 0 ;; esac
    case $reply in *loading:1* | *db[0-9]*:keys=*) [ "$empty" = no ] || { why="$member has data, and this one has none"; return 0; } ;; esac
  done
  return 1
}

began=$(date +%s)
if has_data || [ "$KEEPS_DATA" = no ]; then empty=no; else empty=yes; fi
while :; do
  find_primary
  if [ $((answers * 2)) -le "$count" ]; then
    tell 'waiting for a majority of the Sentinels'
  elif [ "$primary" != "$self" ]; then
    break
  elif must_wait; then
    tell "waiting for another primary: $why"
  else
    break
  fi
  sleep 0.2
done
unset REDISCLI_AUTH
if [ "$primary" = "$self" ]; then
  echo 'starting as the primary'
  set -- --replica-priority 100
else
  echo "starting as a replica of $primary"
  set -- --replica-priority 0 --replicaof "$primary" ${REDIS_PORT}
  # A name for a log that is off, by which the operator sees how far this one had come: nothing else of Redis says it.
  if [ -s $data/${POSITION_FILE} ]; then set -- "$@" --syslog-ident "$(cat $data/${POSITION_FILE})"; fi
fi
exec redis-server $conf/${PATHS.memberConfFile} --replica-announce-ip "$self" "$@"
`;

/**
 * Starts the Sentinel with what it knew when it ended. Beside it goes \`watch\`: a replica that has not been in step with
 * the primary that it has now must never take its place.
 */
const sentinel = `set -u
. ${PATHS.conf}/${SCRIPTS.common}
dir=$data/sentinel
mkdir -p $dir
file=$dir/sentinel.conf
# A store that was deleted and made again has the volumes that it had, and other addresses.
renamed=
if [ -s $file ]; then
  while read -r mark word number address sentinel; do
    [ "$mark $word" = '# member' ] || continue
    now=$(sed -n "s/^$number //p" $conf/members)
    [ -z "$now" ] || [ "$now" = "$address $sentinel" ] || renamed="$renamed $address/\${now% *} $sentinel/\${now#* }"
  done <$file
fi
rename() {
  for pair in $renamed; do
    if [ "\${pair%%/*}" = "$1" ]; then echo "\${pair#*/}"; return; fi
  done
  echo "$1"
}
known=
if [ -s $file ]; then
  known=$(while read -r line; do
    case $line in
    'sentinel monitor '* | 'sentinel config-epoch '* | 'sentinel leader-epoch '* | 'sentinel known-'* | 'sentinel current-epoch '*)
      [ -z "$renamed" ] || line=$(for word in $line; do printf '%s ' "$(rename "$word")"; done)
      echo "$line" ;;
    esac
  done <$file)
fi
case $known in
*'sentinel monitor '*) ;;
*)
  find_primary
  known="sentinel monitor ${MASTER_NAME} \${primary:-$first} ${REDIS_PORT} $((count / 2 + 1))"
  ;;
esac
# Sentinels tell one another of themselves by way of the primary, and ask it for its replicas every ten seconds: where it
# is lost before they have, nobody would ever take its place.
monitored=\${known#*'sentinel monitor ${MASTER_NAME} '}
monitored=\${monitored%% *}
for peer in $peers; do
  case $known in *" \${peer#*/}"*) ;; *) known="$known
sentinel known-sentinel ${MASTER_NAME} \${peer%/*} ${SENTINEL_PORT} \${peer#*/}" ;; esac
done
for member in $self $others; do
  case "$monitored $known " in "$member "* | *"known-replica ${MASTER_NAME} $member "*) ;; *) known="$known
sentinel known-replica ${MASTER_NAME} $member ${REDIS_PORT}" ;; esac
done
umask 077
cat >$file.new <<END
$(sed 's/^/# member /' $conf/members)
port ${SENTINEL_PORT}
bind * -::*
protected-mode no
dir $dir
aclfile $conf/sentinel.acl
sentinel myid $id
sentinel announce-ip $self
sentinel announce-port ${SENTINEL_PORT}
sentinel deny-scripts-reconfig yes
sentinel sentinel-user sentinel
sentinel sentinel-pass $REDISCLI_AUTH
$known
sentinel auth-user ${MASTER_NAME} sentinel
sentinel auth-pass ${MASTER_NAME} $REDISCLI_AUTH
sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}
sentinel failover-timeout ${MASTER_NAME} ${FAILOVER_TIMEOUT_MS}
sentinel parallel-syncs ${MASTER_NAME} 1
END
mv $file.new $file

look() {
  while kill -0 $$ 2>/dev/null; do
    sign_in
    redis-cli -h "$self" -p ${REDIS_PORT} --user sentinel -r 20 -i 0.5 info server persistence replication 2>/dev/null
    sleep 0.5
  done
}

# While the primary is away, a replica that was in step with it stays one that may take its place. How far it has come is
# kept for the time after a restart, in its place in the file, so that no moment has half of it.
watch() {
  cr=$(printf '\\r')
  run= host= status= step= fresh= rewrites= history= time= kept=
  look | while read -r line; do
    line=\${line%"$cr"}
    case $line in
    run_id:*) [ "$run" = "$line" ] || { run=$line step= fresh=yes; } ;;
    server_time_usec:*) time=\${line#*:} ;;
    aof_enabled:*) rewrites= ;;
    aof_rewrite_in_progress:1 | aof_rewrite_scheduled:1) rewrites=yes ;;
    role:master) step= host= status= ;;
    master_host:*) [ "$host" = "$line" ] || { host=$line fresh=yes; } ;;
    master_link_status:*) status=\${line#*:} ;;
    slave_priority:*)
      if [ "$status" = up ]; then step=$host; fi
      if [ -s $conf/hold ]; then continue; fi
      if [ "$step" = "$host" ]; then wanted=100; elif [ -n "$fresh" ]; then wanted=0; else continue; fi
      sign_in
      if [ "$line" = "slave_priority:$wanted" ] || ask "$self" ${REDIS_PORT} config set replica-priority $wanted >/dev/null
      then fresh=; fi
      ;;
    master_replid:*) history=\${line#*:} ;;
    master_repl_offset:*)
      # A log that is being written anew may lack what was copied.
      if [ "$status" != up ] || [ -n "$rewrites" ] || [ "$kept" = "$history$line" ]; then continue; fi
      printf '%s:%020d:%s\\n' "$history" "\${line#*:}" "$time" 1<>$data/${POSITION_FILE} && kept=$history$line
      ;;
    esac
  done
}
watch &
unset REDISCLI_AUTH
exec redis-server $file --sentinel
`;

/** The scripts by which the members of a replicated store start, by file name. */
export const memberScripts: Readonly<Record<string, string>> = {
  [SCRIPTS.common]: common,
  [SCRIPTS.redis]: redis,
  [SCRIPTS.sentinel]: sentinel,
};

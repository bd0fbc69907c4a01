import type { Session } from '../session.ts';

// Each script asks `cubby __complete` with the words so far, the last of which is the one under the cursor, and is given
// one candidate to a line: the word, and behind a tab what it is.
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# bash completion of cubby; load it with: source <(cubby completion bash)
_cubby() {
  local cur words
  COMPREPLY=()
  # COMP_WORDS is split at colons, which stand in names of keys.
  words="\${COMP_LINE:0:$COMP_POINT}"
  cur="\${words##* }"
  local -a args
  read -r -a args <<< "$words"
  [[ "$words" == *" " ]] && args+=("")
  local line
  while IFS=$'\\t' read -r line _; do
    [[ "$line" == "$cur"* ]] && COMPREPLY+=("$line")
  done < <("\${args[0]}" __complete "\${args[@]:1}" 2>/dev/null)
  # Readline replaces the part behind the last colon only.
  if [[ "$cur" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
    local prefix="\${cur%"\${cur##*:}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
  fi
}
complete -o default -F _cubby cubby
`,
  zsh: `#compdef cubby
# zsh completion of cubby; load it with: source <(cubby completion zsh)
_cubby() {
  local -a candidates
  local line
  while IFS= read -r line; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("\${words[1]}" __complete "\${(@)words[2,$CURRENT]}" 2>/dev/null)
  _describe cubby candidates
}
if [ "$funcstack[1]" = "_cubby" ]; then _cubby "$@"; else compdef _cubby cubby; fi
`,
  fish: `# fish completion of cubby; load it with: cubby completion fish | source
function __cubby_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c cubby -f -a '(__cubby_complete)'
`,
};

/** `cubby completion` */
export async function completion({ output }: Session, [shell]: [string]) {
  output.write(SCRIPTS[shell] ?? '');
}

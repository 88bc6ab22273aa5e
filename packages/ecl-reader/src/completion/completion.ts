/** The shells there are completions for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** One of them. */
export type Shell = (typeof SHELLS)[number]

/** An option of the command line, as far as a shell completes it. */
export interface CompletedOption {
  /** With its dashes: `--group`. */
  readonly long: string
  /** With its dash, where there is one: `-g`. */
  readonly short: string | undefined
  readonly description: string
  /** Whether a value follows. */
  readonly takesValue: boolean
  /** The values there are, where these are few. */
  readonly choices: readonly string[]
}

/** Options whose values are names of the config, by what `--list` calls these. */
const NAMES_FOR: Readonly<Record<string, string>> = {
  '--group': 'groups',
  '--interval': 'intervals',
  '--event': 'events',
}

/** The shell's script that completes the command: options, their values, and names from the config on the line. */
export function completion(shell: Shell, options: readonly CompletedOption[]): string {
  return { bash, zsh, fish }[shell](options)
}

function bash(options: readonly CompletedOption[]): string {
  const cases = options
    .filter(({ takesValue }) => takesValue)
    .map((option) => {
      const names = NAMES_FOR[option.long]
      const action =
        names === undefined
          ? `COMPREPLY=($(compgen -W '${option.choices.join(' ')}' -- "$cur"))`
          : `_ecl_reader_names ${names}`
      return `    ${flags(option).join('|')}) ${action}; return ;;\n`
    })
  return `# bash completion of ecl-reader: eval "$(ecl-reader --completion bash)"
_ecl_reader_names() {
  local config='' group='' i name quoted
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    -g | --group) ((i + 1 < COMP_CWORD)) && group=\${COMP_WORDS[i + 1]} ;;
    -*) ;;
    *) [[ -z $config && -f \${COMP_WORDS[i]} ]] && config=\${COMP_WORDS[i]} ;;
    esac
  done
  [[ -n $config ]] || return
  while IFS= read -r name; do
    printf -v quoted %q "$name"
    [[ $quoted == "$cur"* ]] && COMPREPLY+=("$quoted")
  done < <(ecl-reader "$config" --list "$1" \${group:+-g "$group"} 2>/dev/null)
}
_ecl_reader() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  case $prev in
${cases.join('')}  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W '${options.flatMap(flags).join(' ')}' -- "$cur"))
  else
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -F _ecl_reader ecl-reader
`
}

function zsh(options: readonly CompletedOption[]): string {
  const specs = options.map((option) => {
    const { long, description, takesValue, choices } = option
    const text = description.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''")
    // With a space before it, _arguments does not add arguments of its own.
    const names = NAMES_FOR[long]
    const action = names === undefined ? `(${choices.join(' ')})` : ` _ecl_reader_names ${names}`
    const value = takesValue ? `:${long.slice(2)}:${action}` : ''
    return flags(option).map((flag) => `    '*${flag}[${text}]${value}' \\\n`)
  })
  return `#compdef ecl-reader
# zsh completion of ecl-reader: ecl-reader --completion zsh > a folder of $fpath/_ecl-reader
_ecl_reader_names() {
  local config='' group='' i
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
    -g | --group) ((i + 1 < CURRENT)) && group=\${(Q)words[i + 1]} ;;
    -*) ;;
    *) [[ -z $config && -f \${(Q)words[i]} ]] && config=\${(Q)words[i]} ;;
    esac
  done
  [[ -n $config ]] || return
  local -a names
  names=("\${(@f)$(ecl-reader "$config" --list "$1" \${group:+-g} \${group:+"$group"} 2>/dev/null)}")
  compadd -a names
}
_ecl_reader() {
  _arguments \\
${specs.flat().join('')}    '1:config:_files'
}
if [[ $funcstack[1] == _ecl-reader ]]; then _ecl_reader "$@"; else compdef _ecl_reader ecl-reader; fi
`
}

function fish(options: readonly CompletedOption[]): string {
  const lines = options.map((option) => {
    const { long, short, description, takesValue, choices } = option
    const names = NAMES_FOR[long]
    const values = names === undefined ? choices.join(' ') : `(__ecl_reader_names ${names})`
    return [
      `complete -c ecl-reader -l ${long.slice(2)}`,
      short === undefined ? '' : ` -s ${short.slice(1)}`,
      takesValue ? ` -x -a '${values}'` : '',
      ` -d '${description.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'\n`,
    ].join('')
  })
  return `# fish completion of ecl-reader: ecl-reader --completion fish | source
function __ecl_reader_names
    set -l config
    set -l group
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        if contains -- $words[$i] -g --group
            test $i -lt (count $words); and set group -g $words[(math $i + 1)]
        else if test -z "$config" -a -f "$words[$i]"
            set config $words[$i]
        end
    end
    test -n "$config"; and ecl-reader $config --list $argv[1] $group 2>/dev/null
end
${lines.join('')}`
}

function flags({ long, short }: CompletedOption): string[] {
  return short === undefined ? [long] : [short, long]
}

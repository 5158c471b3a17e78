/*
 * What shells load to complete `inlet`. Each asks the hidden command `inlet complete`, and nothing more, so that they
 * needn't be loaded again when Inlet changes. A first line ":files" means that file names are wanted as well.
 */

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for inlet. In ~/.bashrc:  eval "$(inlet completion bash)"
_inlet() {
  local current=\${COMP_WORDS[COMP_CWORD]} answer
  COMPREPLY=()
  answer=$("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  if [[ $answer == :files* ]]; then
    answer=\${answer#:files}
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
  local word
  while IFS=$'\\t' read -r word _; do
    [[ -n $word && $word == "$current"* ]] && COMPREPLY+=("$word")
  done <<< "$answer"
}
complete -F _inlet inlet
`,
  zsh: `#compdef inlet
# zsh completion for inlet. In ~/.zshrc, after compinit:  eval "$(inlet completion zsh)"
_inlet() {
  local answer word description
  local -a found
  answer=$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null) || return
  if [[ $answer == :files* ]]; then
    answer=\${answer#:files}
    _files
  fi
  while IFS=$'\\t' read -r word description; do
    [[ -n $word ]] && found+=("\${word//:/\\\\:}:$description")
  done <<< "$answer"
  (( \${#found} )) && _describe inlet found
}
compdef _inlet inlet
`,
  fish: `# fish completion for inlet. In ~/.config/fish/config.fish:  inlet completion fish | source
function __inlet_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answer ($words[1] complete -- $words[2..-1] 2>/dev/null)
  if test "$answer[1]" = :files
    set -e answer[1]
    __fish_complete_path (commandline -ct)
  end
  string join \\n -- $answer
end
complete -c inlet -f -a '(__inlet_complete)'
`,
};

# zshcapture.zsh DIRECTORY LINE…: prints what zsh offers at the end of each LINE, a word a line, with the completion
# functions of DIRECTORY, and "end" after the words for each. The lines are typed into a terminal of a shell of their
# own, which has the completion system as users have it.
zmodload zsh/zpty || exit 1

zpty inner zsh -f -i
zpty -w inner "stty -echo; PROMPT= RPROMPT= PS2=; unsetopt zle_bracketed_paste beep; fpath=(${(q)1} \$fpath)"
zpty -w inner 'autoload -Uz compinit; compinit -u -D'
# What is asked for with -O, -A or -D is not offered yet.
zpty -w inner 'compadd() {
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
    typeset -a offered
    builtin compadd -A offered "$@"
    print -l -- "offered<"${^offered}">"
    builtin compadd "$@"
}'
zpty -w inner 'capture() { compstate[insert]= compstate[list]=; _main_complete; compstate[insert]= compstate[list]=; print "end<>" }'
# The terminal may still echo what is written to it here: the word itself comes with the output only.
zpty -w inner 'zle -C capture complete-word capture; bindkey "^I" capture; print rea""dy'
zpty -r inner line '*ready*' || exit 1
shift
for typed; do
    # Ctrl+U takes away what was typed before.
    zpty -w -n inner $'\C-u'"$typed"$'\t'
    while zpty -r inner line; do
        [[ $line == *'offered<'*'>'* ]] && print -r -- ${${line#*offered<}%>*}
        [[ $line == *'end<>'* ]] && break
    done
    print end
done
zpty -d inner

# Completion of quern's command line for bash; needs no bash-completion. shellcheck shell=bash

# Names of the settings, from the file with all of them beside the installed program.
_quern_keys() {
    local program file
    program=$(type -P -- "$1") || return
    program=$(readlink -f -- "$program") || return
    file=${program%/*/*}/share/quern/quern.toml
    printf '%s\n' server tasks admin metrics reload plugin
    [[ -r $file ]] && awk '/^#\[\[/ { exit } /^\[/ { table = substr($0, 2, length($0) - 2) }
        /^#[a-z_]+ = / { print table "." substr($1, 2) }' "$file"
}

# The names of the files .env.NAME beside the settings file $1.
_quern_environments() {
    local folder=. file
    [[ $1 == */* ]] && folder=${1%/*}
    for file in "$folder"/.env.*; do
        [[ -f $file ]] && printf '%s\n' "${file##*/.env.}"
    done
}

# Fills COMPREPLY with the lines of its input that begin with $1.
_quern_offer() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ $line == "$1"* ]] && COMPREPLY+=("$line")
    done
}

# Fills COMPREPLY with the files that match the pattern $2, and with folders.
_quern_files() {
    compopt -o filenames 2>/dev/null
    _quern_offer '' < <(compgen -f -X "!$2" -- "$1"; compgen -d -- "$1")
}

# Fills COMPREPLY with what `quern admin` takes: the beginnings of URLs, or control sockets and their folders, whose
# paths begin with a slash or a dot.
_quern_addresses() {
    if [[ $1 == [/.~]* ]]; then
        compopt -o filenames 2>/dev/null
        _quern_offer '' < <(compgen -d -- "$1"; compgen -f -- "$1" | while IFS= read -r file; do
            [[ -S ${file/#\~/$HOME} ]] && printf '%s\n' "$file"
        done)
    else
        compopt -o nospace 2>/dev/null
        _quern_offer "$1" < <(compgen -W 'http:// https://')
    fi
}

_quern() {
    local commands='start stop restart reload scale info status config plugin init doctor logs tasks cron call admin help'
    local common='-c --config -e --env -h --help'
    local starting='-d --daemonize -i --ignore -x --x-version --no-gui'
    local levels='debug info warning error'
    # Those that are answered by events go with no command.
    local methods='
        server.status server.health server.access server.stop server.reload server.scale server.drain server.restart
        server.watch
        process.list process.recycle process.kill config.read config.check operation.list operation.read metrics.read
        plugin.list log.read log.setLevel task.deadLetters task.deadPayload task.retry task.drop audit.read cron.run
        cron.pause cron.resume table.list table.rows table.set table.delete atomic.list atomic.set connection.list
        connection.close connection.push listener.list'
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' settings='' option='' words=() i word

    # bash takes --config=FILE for three words.
    if [[ $current == '=' ]]; then
        current='' previous=${COMP_WORDS[COMP_CWORD - 1]}
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        word=${COMP_WORDS[i]}
        if [[ $word == '=' ]]; then
            continue
        elif [[ -n $option ]]; then
            [[ $option == -c || $option == --config ]] && settings=$word
            option=''
        elif [[ $word == -* ]]; then
            case $word in
                -c | --config | -e | --env | -x | --x-version | -n | --lines | --level | --role | --set-level | \
                    --name)
                    option=$word
                    ;;
            esac
        elif [[ -z $command ]]; then
            command=$word
        else
            words+=("$word")
        fi
    done

    COMPREPLY=()
    case $previous in
        -c | --config)
            _quern_files "$current" '*.toml'
            return
            ;;
        -e | --env)
            _quern_offer "$current" < <(_quern_environments "$settings")
            return
            ;;
        --level | --set-level)
            _quern_offer "$current" < <(compgen -W "$levels")
            return
            ;;
        --role)
            _quern_offer "$current" < <(compgen -W master)
            return
            ;;
        -x | --x-version | -n | --lines | --name)
            return
            ;;
    esac

    if [[ $current == -* ]]; then
        local own=''
        case $command in
            '') own="$starting -v --version" ;;
            start | restart) own=$starting ;;
            info | status | plugin | doctor | cron) own=--json ;;
            reload) own=--task-workers ;;
            config) own='--json --check --show-secrets' ;;
            tasks) own='--json --all --name' ;;
            logs) own='--json -f --follow -n --lines --level --role --set-level' ;;
        esac
        _quern_offer "$current" < <(compgen -W "$common $own")
        return
    fi
    case $command in
        '') _quern_offer "$current" < <(compgen -W "$commands") ;;
        help) [[ ${#words[@]} -gt 0 ]] || _quern_offer "$current" < <(compgen -W "$commands") ;;
        config) _quern_offer "$current" < <(_quern_keys "${COMP_WORDS[0]}") ;;
        init)
            [[ ${#words[@]} -gt 0 ]] && return
            compopt -o filenames 2>/dev/null
            _quern_offer '' < <(compgen -d -- "$current")
            ;;
        call) [[ ${#words[@]} -gt 0 ]] || _quern_offer "$current" < <(compgen -W "$methods") ;;
        admin) [[ ${#words[@]} -gt 0 ]] || _quern_addresses "$current" ;;
        scale)
            compopt -o nospace 2>/dev/null
            _quern_offer "$current" < <(compgen -W 'workers= task_workers=')
            ;;
        cron) [[ ${#words[@]} -gt 0 ]] || _quern_offer "$current" < <(compgen -W 'run pause resume') ;;
        tasks) [[ ${#words[@]} -gt 0 ]] || _quern_offer "$current" < <(compgen -W 'show retry drop') ;;
        plugin)
            if [[ ${#words[@]} -eq 0 ]]; then
                _quern_offer "$current" < <(compgen -W 'new check list')
            elif [[ ${words[0]} == check ]]; then
                _quern_files "$current" '*.so'
            fi
            ;;
    esac
}

complete -F _quern quern

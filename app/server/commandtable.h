#pragma once

#include "app/server/commandline.h"

#include <span>
#include <variant>

namespace Quern::app {

/// One command: what parsing, help, man page and shell completion need to know of it.
struct CommandSpec
{
    CommandLine::Command command;
    const char16_t *name;
    const char *words; ///< what may follow, for people: "new NAME"; empty: nothing
    int fewestWords;
    int mostWords;
    const char *summary; ///< one line, English source text of its translation
    const char *details; ///< a paragraph of it, or empty
};

/// One option and the commands that it goes with.
struct OptionSpec
{
    using Member = std::variant<bool CommandLine::*, QString CommandLine::*>;

    const char16_t *shortName; ///< "-c"; empty: none
    const char16_t *longName;  ///< "--config"
    const char *valueName;     ///< "FILE"; empty: a switch
    Member member;
    quint32 commands; ///< bits of CommandLine::Command
    const char *doc;

    bool goesWith(CommandLine::Command command) const { return (commands >> quint32(command) & 1) != 0; }
};

std::span<const CommandSpec> commandTable();
std::span<const OptionSpec> optionTable();

/// Null if there is none of that name.
const CommandSpec *findCommand(QStringView name);
/// By its short or long name.
const OptionSpec *findOption(QStringView name);
const CommandSpec &specOf(CommandLine::Command command);

} // namespace Quern::app

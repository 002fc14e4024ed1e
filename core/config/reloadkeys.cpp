#include "config/reloadkeys.h"

#include "config/tomltext.h"

#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

using S = ServerSettings;

bool isPath(const QString &text)
{
    return !text.isEmpty() && !hasControlCharacter(text);
}

bool isEnding(const QString &text)
{
    return !text.isEmpty() && text != u"." && !text.contains(u'/') && !text.contains(u'*') &&
           !hasControlCharacter(text);
}

/// What has no slash is a name, and no directory is called "." or "..".
bool isNameOrPath(const QString &text)
{
    QStringView name = text;
    while (name.endsWith(u'/'))
        name.chop(1);
    return !name.isEmpty() && name != u"." && name != u".." && !text.contains(u'*') && !hasControlCharacter(text);
}

constexpr std::array keys = {
    Key{"watch"_L1, FlagRule{&S::reloadWatch}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Whether the server reloads by itself when its settings, .env files or plugins change.")},
    Key{"paths"_L1,
        ListRule{&S::reloadPaths, isPath,
                 QT_TRANSLATE_NOOP("Quern::config", "the path of a file or directory such as \"templates\"")},
        "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Further files that are watched for that, and directories with all that is in "
                          "them.")},
    Key{"file_types"_L1,
        ListRule{&S::reloadFileTypes, isEnding,
                 QT_TRANSLATE_NOOP("Quern::config", "the ending of a file's name such as \".so\"")},
        "",
        QT_TRANSLATE_NOOP("Quern::config", "The endings of the files that are watched in these directories, with or "
                                           "without the dot; [] for all.")},
    Key{"excluded_dirs"_L1,
        ListRule{&S::reloadExcludedDirs, isNameOrPath,
                 QT_TRANSLATE_NOOP("Quern::config",
                                   "the name or path of a directory such as \"node_modules\" or \"web/build\"")},
        "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "What is left out of these directories: a name such as \"node_modules\" wherever it is, one "
                          "with a slash such as \"web/build\" as a path from the directory of the file.")},
    Key{"log"_L1, FlagRule{&S::reloadLog}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Whether the log tells what has changed and how it is watched; what fails it always tells.")},
    Key{"strategy"_L1, ChoiceRule<ReloadStrategy>{&S::reloadStrategy}, "",
        QT_TRANSLATE_NOOP(
            "Quern::config",
            "How new workers take over: \"all\" at once, \"rolling\", one after the other, or \"auto\": all at "
            "once if there is memory for both.")},
};

} // namespace

std::span<const Key> reloadKeys()
{
    return keys;
}

} // namespace Quern::config

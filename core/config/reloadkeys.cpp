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

#include "base/loglevels.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>

namespace Quern::base {

using namespace Qt::Literals::StringLiterals;

namespace {

struct LevelName
{
    LogLevel level;
    QLatin1StringView name;
};
constexpr std::array levelNames = {
    LevelName{LogLevel::Debug, "debug"_L1},
    LevelName{LogLevel::Info, "info"_L1},
    LevelName{LogLevel::Warning, "warning"_L1},
    LevelName{LogLevel::Error, "error"_L1},
};

Result<LogLevel> readLevel(const QString &text)
{
    if (const std::optional<LogLevel> level = logLevelNamed(text))
        return *level;
    return Error(Error::Invalid, u"\"%1\" is no level; write debug, info, warning or error"_s.arg(text));
}

Result<void> checkCategory(const QString &name)
{
    static const QRegularExpression form(u"\\A[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*(\\.\\*)?\\z"_s);
    if (name.size() > 100 || !form.match(name).hasMatch()) {
        return Error(Error::Invalid, u"\"%1\" is no category; write a name such as quern.http, or quern.* for all "
                                     "that begin so"_s.arg(name));
    }
    const bool isOwn = name.startsWith("quern."_L1);
    if (isOwn && name != "quern.*"_L1 && !ownLogCategories().contains(name)) {
        return Error(Error::Invalid, u"there is no category \"%1\"; write quern.*, or one of %2"_s.arg(
                                         name, ownLogCategories().join(", "_L1)));
    }
    return {};
}

} // namespace

QLatin1StringView nameOf(LogLevel level)
{
    return levelNames.at(std::size_t(level)).name;
}

std::optional<LogLevel> logLevelNamed(QStringView name)
{
    const auto it = std::find_if(levelNames.begin(), levelNames.end(),
                                 [name](const LevelName &entry) { return name == entry.name; });
    return it == levelNames.end() ? std::nullopt : std::optional(it->level);
}

const QStringList &ownLogCategories()
{
    static const QStringList names = {u"quern.admin"_s, u"quern.cron"_s,    u"quern.dispatch"_s, u"quern.http"_s,
                                      u"quern.ipc"_s,   u"quern.log"_s,     u"quern.loop"_s,     u"quern.master"_s,
                                      u"quern.net"_s,   u"quern.process"_s, u"quern.sdk"_s,      u"quern.tasks"_s,
                                      u"quern.watch"_s, u"quern.worker"_s};
    return names;
}

Result<void> addCategoryLevel(const QString &text, LogLevels &levels)
{
    const qsizetype equals = text.indexOf(u'=');
    if (equals < 0) {
        return Error(Error::Invalid,
                     u"\"%1\" is no category with its level; write it such as quern.http=debug"_s.arg(text));
    }
    const QString name = text.left(equals).trimmed();
    if (const Result<void> checked = checkCategory(name); !checked)
        return checked.error();
    const Result<LogLevel> level = readLevel(text.mid(equals + 1).trimmed());
    if (!level)
        return level.error();
    if (!levels.categories.contains(name) && levels.categories.size() >= LogLevels::MaxCategories) {
        return Error(Error::TooLarge, u"there are %1 categories with a level of their own already; use quern.* or the "
                                      "general level"_s.arg(LogLevels::MaxCategories));
    }
    levels.categories.insert(name, *level);
    return {};
}

Result<void> LogLevels::change(const QString &text)
{
    LogLevels changed = *this;
    const QStringList parts = text.split(u',');
    for (const QString &part : parts) {
        if (part.contains(u'=')) {
            if (const Result<void> added = addCategoryLevel(part.trimmed(), changed); !added)
                return added.error();
            continue;
        }
        const Result<LogLevel> level = readLevel(part.trimmed());
        if (!level)
            return level.error();
        changed.general = *level;
    }
    *this = changed;
    return {};
}

QStringList LogLevels::categoryTexts() const
{
    QStringList texts;
    for (auto it = categories.begin(); it != categories.end(); ++it)
        texts.append(it.key() + u'=' + nameOf(it.value()));
    return texts;
}

QString LogLevels::text() const
{
    return (QStringList{QString(nameOf(general))} + categoryTexts()).join(u',');
}

QString LogLevels::filterRules() const
{
    QString rules;
    if (general > LogLevel::Debug)
        rules += "*.debug=false\n"_L1;
    else
        rules += "*.debug=true\nqt.*.debug=false\n"_L1; // Qt's own would bury everything else
    if (general > LogLevel::Info)
        rules += "*.info=false\n"_L1;
    if (general > LogLevel::Warning)
        rules += "*.warning=false\n"_L1;
    // The last rule that fits wins. "quern.*" stands before all that it covers, since '*' sorts before what a name has.
    for (auto it = categories.begin(); it != categories.end(); ++it) {
        for (const LevelName &type : levelNames) {
            if (type.level != LogLevel::Error) {
                rules += it.key() + u'.' + type.name + (type.level >= it.value() ? "=true\n"_L1 : "=false\n"_L1);
            }
        }
    }
    // Whatever fits: these show all fields of requests, tokens included.
    return rules + "qt.httpserver.debug=false\nqt.httpserver.request.debug=false\n"_L1;
}

} // namespace Quern::base

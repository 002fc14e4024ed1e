#pragma once

#include <Quern/result.h>

#include <QLatin1StringView>
#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace Quern::base {

/// What reaches the log, from chatty to silent.
enum class LogLevel { Debug, Info, Warning, Error };

/// "debug", "info", "warning", "error".
QLatin1StringView nameOf(LogLevel level);
std::optional<LogLevel> logLevelNamed(QStringView name);

/// The category of what a child prints by itself, as printf() does.
inline constexpr QLatin1StringView OutputCategory("stdout");

/// Which lines reach the log: a level for all, and others for single categories. A plain value; any thread.
struct LogLevels
{
    /// More categories of their own are refused.
    static constexpr qsizetype MaxCategories = 64;

    LogLevel general = LogLevel::Info;
    QMap<QString, LogLevel> categories; ///< by "quern.http", or "quern.*" for all that begin so

    /// Applies \a text, such as "debug" or "quern.http=debug,info": a bare level is the general one; categories that it
    /// does not name keep theirs. Error::Invalid with the mend; then nothing has changed.
    Result<void> change(const QString &text);

    /// "quern.http=debug" for each category.
    QStringList categoryTexts() const;
    /// What change() makes these levels of: "info,quern.http=debug".
    QString text() const;
    /// For QLoggingCategory::setFilterRules().
    QString filterRules() const;

    bool operator==(const LogLevels &) const = default;
};

/// Reads "quern.http=debug" into \a levels. Error::Invalid with the mend.
Result<void> addCategoryLevel(const QString &text, LogLevels &levels);

/// The logging categories of this program: every name that begins with "quern." is one of them.
const QStringList &ownLogCategories();

} // namespace Quern::base

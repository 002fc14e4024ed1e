#pragma once

#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"
#include "config/units.h"

#include <optional>
#include <variant>

namespace Quern::config {

// What a key of [server], [tasks], [admin], [metrics] or [reload], or of a [[socket]] in its stead, accepts, and which
// member it fills. All bounds are inclusive.

template <typename Integer>
struct IntegerRule
{
    Integer ServerSettings::*member;
    qint64 minimum;
    qint64 maximum;
};

/// Bytes: an integer, or a string such as "512K", "8M", "1G" (units of 1024).
template <typename Integer>
struct SizeRule
{
    Integer ServerSettings::*member;
    quint64 minimum;
    quint64 maximum;
};

/// Seconds, integer or float, from \a shortest to \a longest.
struct DurationRule
{
    std::chrono::milliseconds ServerSettings::*member;
    bool zeroIsNoLimit = false;
    std::chrono::milliseconds longest = longestDuration;
    std::chrono::milliseconds shortest = shortestDuration;
};

struct FlagRule
{
    bool ServerSettings::*member;
};

/// A path, kept absolute; a relative one begins at the file's directory.
struct PathRule
{
    QString ServerSettings::*member;
    bool mayBeEmpty;
};

/// Visible ASCII characters with blanks between them, as the value of an HTTP header field (RFC 9110 §5.5); may be
/// empty.
struct TextRule
{
    QString ServerSettings::*member;
    qsizetype longest = 200; ///< characters
};

/// A list of strings, or one string for a list of one. Every element is checked, and none may stand there twice.
struct ListRule
{
    QStringList ServerSettings::*member;
    bool (*accepts)(const QString &element);
    const char *element; ///< what an element is, for messages: "a media type such as \"text/*\""
    bool mayBeEmpty = true;
};

/// A list of different numbers, \a minimum to \a maximum.
template <typename Number>
struct NumberListRule
{
    QList<Number> ServerSettings::*member;
    Number minimum;
    Number maximum;
    qsizetype most;
    const char *element;   ///< what an element is, for messages: "a status such as 404"
    bool isRising = false; ///< and not empty
};

/// The path of a URL, such as "/metrics".
struct LocationRule
{
    QString ServerSettings::*member;
};

struct LogLevelRule
{
};

/// One of the names that stand for the values of Enum.
template <typename Enum>
struct ChoiceRule
{
    Enum ServerSettings::*member;
};

/// A list such as ["quern.http=debug"], or one string; no category twice.
struct LogCategoriesRule
{
};

/// One of Swoole's numbers, or its name.
struct DispatchModeRule
{
};

/// An address, or a list of addresses.
struct ListenRule
{
    QList<ListenAddress> ServerSettings::*member;
};

/// "", or the octal digits of a mode that lets the owner read and write: the next start must be able to connect.
struct SocketModeRule
{
};

/// false, true or "optional".
struct VerifyPeerRule
{
};

/// A table of host names, each with a certificate and its key.
struct SniCertificatesRule
{
};

/// The name or the number of a user or a group; may be empty.
struct AccountRule
{
    QString ServerSettings::*member;
};

/// "", or the octal digits of a umask that leaves the owner everything.
struct MaskRule
{
    std::optional<mode_t> ServerSettings::*member;
};

/// A table of limits.
struct ChildLimitsRule
{
    ChildLimits ServerSettings::*member;
};

using Rule =
    std::variant<IntegerRule<int>, IntegerRule<quint16>, SizeRule<quint32>, SizeRule<quint64>, DurationRule, FlagRule,
                 PathRule, TextRule, ListRule, NumberListRule<int>, NumberListRule<double>, LocationRule, LogLevelRule,
                 ChoiceRule<LogFormat>, LogCategoriesRule, ChoiceRule<AccessLogFormat>, DispatchModeRule, ListenRule,
                 SocketModeRule, VerifyPeerRule, SniCertificatesRule, ChoiceRule<TaskDriver>,
                 ChoiceRule<ReloadStrategy>, AccountRule, MaskRule, ChildLimitsRule>;

/// What reading one key needs besides its rule. Lives no longer than the call.
struct Reading
{
    QString table;          ///< "server"
    QString name;           ///< "worker_num"
    const TomlValue &value; ///< what the file says
    QString directory;      ///< the file's
    Problems &problems;

    /// Says "must be \a expected, not <value>; write <name> = \a mend".
    void refuse(const QString &expected, const QString &mend) const;
    /// Says \a text, at \a line.
    void refuseAt(int line, const QString &text) const;
};

/// Stores the value in \a settings, or tells \a reading what is wrong with it and leaves the default.
void readValue(const Rule &rule, const Reading &reading, ServerSettings &settings);

/// The member's value as TOML text.
QString valueText(const Rule &rule, const ServerSettings &settings);

/// Takes over the member's value of \a from.
void copyValue(const Rule &rule, const ServerSettings &from, ServerSettings &to);

/// Null, and told to \a reading, unless the value is an integer within the bounds. \a present is the mend for what is
/// no number at all.
std::optional<qint64> readInteger(const Reading &reading, qint64 minimum, qint64 maximum, qint64 present);

/// "must be a boolean" for keys outside [server] as well; \a mend is the default.
void readFlag(const Reading &reading, bool &flag);

} // namespace Quern::config

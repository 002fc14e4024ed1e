#include "admin-gui/models/servertext.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>

#include <array>

namespace Quern::console {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::ServerText)
};

/// As the server says them. A longer one stands before one that it begins with.
constexpr std::array sentences = {
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "All is well: %1 of %2 workers are ready."),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "A reload is under way; %1 of %2 workers are ready."),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 of %2 workers are ready: some crash as soon as they start."),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "starting generation %1"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 of generation %2 is ready (pid %3)"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "generation %1 serves; generation %2 finishes what it has begun"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 has changed"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 have changed"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "only a restart changes %1"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "the new server starts (pid %1)"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "the new program is tried (pid %1)"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText",
                      "the new server is ready; timers, custom processes and tasks of this one come to their end"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "it could serve: this server stops, and is started anew"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "still busy after max_wait_time, and killed: %1"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText",
                      "supervisord looks after this process, which has to stay the same: it will stop and start anew, "
                      "and who connects meanwhile waits"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText",
                      "this process is the first one of its container, and has to stay: it will stop and start anew, "
                      "and who connects meanwhile waits"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText",
                      "whoever has started this process in the foreground waits for it: it will stop and start anew, "
                      "and who connects meanwhile waits"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText",
                      "this process has a part of an address that the next one wants: it will stop and start anew, and "
                      "who connects meanwhile waits"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "stopped; the program starts anew"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "no HTTP connection is left"),
};

/// What a longer sentence is made of, with "; " between them.
constexpr std::array parts = {
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 of %2 workers are ready"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "the last run of cron job %1 failed"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "the last runs of cron jobs %1 failed"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "1 request has failed in the last %1 s"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 requests have failed in the last %2 s"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "durable tasks cannot be kept: %1"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "the last reload failed"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "1 task waits, and no task worker is there"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 tasks wait, and no task worker is there"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 is not running"),
    QT_TRANSLATE_NOOP("Quern::console::ServerText", "%1 is FATAL (%2)"),
};

/// Matches what \a pattern says with anything in its places, which are in their order.
QRegularExpression expressionOf(const QString &pattern)
{
    static const QRegularExpression place(QStringLiteral("%\\d"));
    QStringList pieces;
    for (const QString &piece : pattern.split(place))
        pieces.append(QRegularExpression::escape(piece));
    return QRegularExpression(QRegularExpression::anchoredPattern(pieces.join(QStringLiteral("(.+?)"))),
                              QRegularExpression::DotMatchesEverythingOption);
}

/// \a text with what \a match has found in its places, which may look like a place itself.
QString filled(const QString &text, const QRegularExpressionMatch &match)
{
    switch (match.lastCapturedIndex()) {
    case 0:
        return text;
    case 1:
        return text.arg(match.captured(1));
    case 2:
        return text.arg(match.captured(1), match.captured(2));
    default:
        return text.arg(match.captured(1), match.captured(2), match.captured(3));
    }
}

/// Empty if none of \a patterns is like \a text.
template <typename Patterns>
QString translated(const QString &text, const Patterns &patterns)
{
    for (const char *pattern : patterns) {
        const QRegularExpressionMatch match = expressionOf(QString::fromUtf8(pattern)).match(text);
        if (!match.hasMatch())
            continue;
        return filled(Text::tr(pattern), match);
    }
    return {};
}

} // namespace

QString serverText(const QString &text)
{
    if (const QString whole = translated(text, sentences); !whole.isEmpty())
        return whole;
    const bool isSentence = text.endsWith(u'.');
    QStringList out;
    for (const QString &part : text.chopped(isSentence ? 1 : 0).split(QStringLiteral("; "))) {
        const QString known = translated(part, parts);
        if (known.isEmpty())
            return text;
        out.append(known);
    }
    const QString joined = out.join(Text::tr("; "));
    return isSentence ? Text::tr("%1.").arg(joined) : joined;
}

} // namespace Quern::console

#include "app/server/taskscommand.h"
#include "app/server/terminal.h"

#include <QJsonDocument>
#include <QLocale>

namespace Quern::app {

namespace {

using namespace Qt::Literals::StringLiterals;

QString tr(const char *text)
{
    return QCoreApplication::translate("Quern::app::TasksCommand", text);
}

/// One line, whatever a plugin has put in it.
QString inOneLine(const QString &text)
{
    return terminal::printable(text.simplified());
}

QString letterLine(const admin::DeadLetter &letter)
{
    const QString name = letter.kind == admin::DeadLetter::Kind::Event ? tr("event %1").arg(letter.name) : letter.name;
    return u"  %1 %2 %3 %4  %5 %6: %7"_s.arg(letter.id, 20)
        .arg(letter.buriedAt.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s))
        .arg(letter.attempts, 5)
        .arg(QLocale::c().formattedDataSize(letter.payloadBytes, 1, QLocale::DataSizeIecFormat), 10)
        .arg(admin::deadLetterStoreName(letter.store), -8)
        .arg(inOneLine(name), inOneLine(letter.error));
}

} // namespace

QString tasksText(const admin::TaskStatus &status, const QList<admin::DeadLetter> &letters, bool isAll)
{
    QStringList lines = terminal::taskLines(status);
    if (letters.isEmpty()) {
        lines << QString() << tr("There are no dead letters.");
        return lines.join(u'\n');
    }
    lines << QString() << tr("Dead letters, the newest first:");
    lines << tr("                    id given up            tries    payload  store    task: error");
    for (const admin::DeadLetter &letter : letters)
        lines << letterLine(letter);
    if (!isAll)
        lines << tr("  and older ones; --json shows them all");
    lines << tr("\"quern tasks show ID\" shows a payload, \"retry\" tries again, \"drop\" forgets.");
    return lines.join(u'\n');
}

QString payloadText(const admin::DeadLetterPayload &payload)
{
    if (payload.kind == admin::DeadLetterPayload::Kind::Map)
        return QString::fromUtf8(QJsonDocument(payload.map).toJson(QJsonDocument::Indented)).trimmed();
    const QByteArray bytes = QByteArray::fromBase64(payload.bytes.toLatin1());
    const QString title = payload.truncated ? tr("The first %1 of %2 bytes").arg(bytes.size()).arg(payload.size)
                                            : tr("%1 bytes").arg(payload.size);
    const bool isCbor = payload.kind == admin::DeadLetterPayload::Kind::Cbor;
    if (!isCbor && bytes.isValidUtf8() && !bytes.contains('\0'))
        return u"%1:\n%2"_s.arg(title, terminal::printable(QString::fromUtf8(bytes)));
    return u"%1:\n%2"_s.arg(isCbor ? tr("%1 of CBOR, in base64").arg(title) : tr("%1, in base64").arg(title),
                            payload.bytes);
}

} // namespace Quern::app

#include "config/commandtext.h"

#include "config/text.h"

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

/// What means something to a shell outside quotes; within "…" the first two do.
constexpr QStringView shellCharacters = u"$`|&;<>()*?[]{}~#!";

bool belongsToShell(QChar c, bool isQuoted)
{
    return isQuoted ? c == u'$' || c == u'`' : shellCharacters.contains(c);
}

} // namespace

Result<QStringList> splitCommand(const QString &text)
{
    QStringList words;
    QString word;
    bool hasWord = false;
    QChar quote = QChar::Null;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const QChar c = text.at(i);
        const bool isDouble = quote == u'"';
        if (quote == u'\'') {
            if (c == quote)
                quote = QChar::Null;
            else
                word += c;
        } else if (c == u'\\' && i + 1 < text.size() &&
                   (!isDouble || text.at(i + 1) == u'"' || text.at(i + 1) == u'\\')) {
            word += text.at(++i);
            hasWord = true;
        } else if (isDouble && c == quote) {
            quote = QChar::Null;
        } else if (!isDouble && (c == u'"' || c == u'\'')) {
            quote = c;
            hasWord = true;
        } else if (!isDouble && c.isSpace()) {
            if (hasWord)
                words += std::exchange(word, QString());
            hasWord = false;
        } else if (belongsToShell(c, isDouble)) {
            return Error(Error::Invalid,
                         Text::tr("has a \"%1\", and there is no shell to understand it; put it into single quotes, or "
                                  "write command = [\"sh\", \"-c\", \"…\"]")
                             .arg(c));
        } else {
            word += c;
            hasWord = true;
        }
    }
    if (!quote.isNull())
        return Error(Error::Invalid, Text::tr("has a quote that does not end; write another %1 behind it").arg(quote));
    if (hasWord)
        words += word;
    if (words.isEmpty() || words.constFirst().isEmpty())
        return Error(Error::Invalid, Text::tr("names no program; write command = [\"/usr/bin/backup\", \"-v\"]"));
    return words;
}

} // namespace Quern::config

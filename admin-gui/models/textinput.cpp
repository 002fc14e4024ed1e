#include "admin-gui/models/textinput.h"

#include "admin-gui/models/format.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QStringDecoder>

namespace Quern::console {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::TextInput)
};

} // namespace

QString excessText(qsizetype length)
{
    const qsizetype excess = length - longestText;
    return excess > 0 ? Text::tr("This is %n character(s) too long.", nullptr, int(excess)) : QString();
}

Result<QString> readTextFile(const QString &path, qint64 most)
{
    if (!QFileInfo(path).isFile())
        return Error(Error::Invalid, Text::tr("%1 is no file.").arg(path));
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return Error(Error::Io, Text::tr("%1 cannot be read: %2").arg(path, file.errorString()));
    const QByteArray bytes = file.read(most + 1);
    if (bytes.size() > most)
        return Error(Error::TooLarge, Text::tr("%1 is larger than %2.").arg(path, format::bytes(most)));
    QStringDecoder decoder(QStringConverter::encodingForData(bytes).value_or(QStringConverter::Utf8));
    const QString text = decoder(bytes);
    if (decoder.hasError())
        return Error(Error::Invalid, Text::tr("%1 is no text in UTF-8.").arg(path));
    return text;
}

} // namespace Quern::console

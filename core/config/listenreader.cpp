#include "config/listenreader.h"

#include "config/secrets.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <algorithm>

namespace Quern::config {

namespace {

void readAddress(const TomlValue &value, const Reading &reading, QList<ListenAddress> &addresses)
{
    if (!value.isString()) {
        const Reading element{reading.table, reading.name, value, reading.directory, reading.problems};
        const qint64 number = value.scalar.toLongLong();
        const quint16 port = number > 0 && number <= 65535 ? quint16(number) : quint16(5200);
        const ListenAddress mend = ListenAddress::tcp(QStringLiteral("127.0.0.1"), port);
        element.refuse(Text::tr("an address in quotes or a list of them"), quotedToml(mend.text));
        return;
    }
    const Result<ListenAddress> address = ListenAddress::parse(value.scalar.toString(), reading.directory);
    if (!address && isSecret(value))
        reading.refuseAt(value.line,
                         Text::tr("%1 is no address; write it such as \"127.0.0.1:5200\" or \"unix:/run/quern.sock\"")
                             .arg(value.shown()));
    else if (!address && !value.variables.isEmpty())
        reading.refuseAt(value.line,
                         QStringLiteral("%1 (%2)").arg(address.error().message(), variablesText(value.variables)));
    else if (!address)
        reading.refuseAt(value.line, address.error().message());
    else
        addresses.append(*address);
}

} // namespace

QList<ListenAddress> readListen(const Reading &reading, const QList<ListenAddress> &present)
{
    QList<ListenAddress> addresses;
    if (!reading.value.isArray()) {
        readAddress(reading.value, reading, addresses);
    } else if (reading.value.elements.empty()) {
        reading.refuse(Text::tr("at least one address"), listenText(present));
    } else {
        for (const TomlValue &element : reading.value.elements)
            readAddress(element, reading, addresses);
    }
    return addresses.isEmpty() ? present : addresses;
}

QList<WrittenAddress> writtenAddresses(const TomlValue &value, const QString &directory)
{
    QList<WrittenAddress> written;
    const auto add = [&](const TomlValue &element) {
        const Result<ListenAddress> address = ListenAddress::parse(element.scalar.toString(), directory);
        if (element.isString() && address)
            written.append({*address, element.line, quotedOrMask(element, address->text)});
    };
    if (value.isArray())
        std::for_each(value.elements.begin(), value.elements.end(), add);
    else
        add(value);
    return written;
}

QString listenText(const QList<ListenAddress> &addresses)
{
    QStringList texts;
    for (const ListenAddress &address : addresses)
        texts += address.text;
    return texts.size() == 1 ? quotedToml(texts.constFirst()) : u'[' + quotedWords(texts) + u']';
}

} // namespace Quern::config

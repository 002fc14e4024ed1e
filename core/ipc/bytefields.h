#pragma once

#include <Quern/error.h>

#include <QByteArrayView>
#include <QLatin1StringView>
#include <QtEndian>

#include <cstring>

namespace Quern::ipc {

/// What decoders say of a payload that is none: \a what is the name of the message.
inline Error broken(const char *what)
{
    return Error(Error::Protocol, QStringLiteral("malformed %1 message").arg(QLatin1StringView(what)));
}

/// Writes integers, little-endian, and bytes, one behind the other, to a place with room for them.
class FieldWriter
{
public:
    explicit FieldWriter(char *place) : m_place(place) {}

    template <typename Integer>
    FieldWriter &put(Integer value)
    {
        qToLittleEndian(value, m_place);
        m_place += sizeof value;
        return *this;
    }
    FieldWriter &put(QByteArrayView bytes)
    {
        if (!bytes.isEmpty())
            std::memcpy(m_place, bytes.data(), size_t(bytes.size()));
        m_place += bytes.size();
        return *this;
    }

private:
    char *m_place;
};

/// Reads what FieldWriter wrote. What is not there is 0 or empty, and isWhole() false from then on.
class FieldReader
{
public:
    explicit FieldReader(QByteArrayView bytes) : m_rest(bytes) {}

    template <typename Integer>
    Integer get()
    {
        const QByteArrayView bytes = take(sizeof(Integer));
        return bytes.isEmpty() ? Integer(0) : qFromLittleEndian<Integer>(bytes.data());
    }
    QByteArrayView take(qsizetype size)
    {
        if (size > m_rest.size()) {
            m_whole = false;
            m_rest = {};
            return {};
        }
        const QByteArrayView taken = m_rest.first(size);
        m_rest = m_rest.sliced(size);
        return taken;
    }
    QByteArrayView rest() const { return m_rest; }
    bool isWhole() const { return m_whole; }

private:
    QByteArrayView m_rest;
    bool m_whole = true;
};

} // namespace Quern::ipc

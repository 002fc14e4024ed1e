#include "protocol/framed/framing.h"

#include <QtEndian>

namespace Quern::protocol::framed {

namespace {

/// 0 if there is no such type.
qsizetype sizeOf(char lengthType)
{
    switch (lengthType) {
    case 'c':
    case 'C':
        return 1;
    case 's':
    case 'S':
    case 'n':
    case 'v':
        return 2;
    case 'l':
    case 'L':
    case 'N':
    case 'V':
        return 4;
    case 'q':
    case 'Q':
    case 'J':
    case 'P':
        return 8;
    default:
        return 0;
    }
}

template <typename Number>
std::optional<quint64> unlessNegative(Number number)
{
    return number < 0 ? std::nullopt : std::optional(static_cast<quint64>(number));
}

} // namespace

Result<Framing::Mode> Framing::modeOf(bool openEofCheck, bool openEofSplit, bool openLengthCheck)
{
    if (openLengthCheck && (openEofCheck || openEofSplit)) {
        return Error(Error::Invalid,
                     QStringLiteral("open_length_check and %1 exclude each other; remove one of them")
                         .arg(openEofSplit ? QStringLiteral("open_eof_split") : QStringLiteral("open_eof_check")));
    }
    if (openLengthCheck)
        return Mode::LengthPrefix;
    if (openEofSplit)
        return Mode::EndMarkSplit;
    return openEofCheck ? Mode::EndMark : Mode::None;
}

Result<void> Framing::check() const
{
    if (maxLength == 0)
        return Error(Error::Invalid, QStringLiteral("package_max_length is 0: no package fits; write at least 1"));
    if (mode == Mode::EndMark || mode == Mode::EndMarkSplit) {
        if (endMark.isEmpty() || endMark.size() > MaxEndMark) {
            return Error(Error::Invalid,
                         QStringLiteral("package_eof has %1 bytes; write 1 to %2").arg(endMark.size()).arg(MaxEndMark));
        }
        if (endMark.size() > qsizetype(maxLength)) {
            return Error(Error::Invalid,
                         QStringLiteral("package_max_length is %1, and package_eof alone has %2 bytes; write more")
                             .arg(maxLength)
                             .arg(endMark.size()));
        }
    }
    if (mode != Mode::LengthPrefix)
        return {};
    if (sizeOf(lengthType) == 0) {
        return Error(Error::Invalid,
                     QStringLiteral("package_length_type is \"%1\"; write one of c C s S n v l L N V q Q J P")
                         .arg(QLatin1Char(lengthType)));
    }
    if (headerBytes() > qsizetype(maxLength)) {
        return Error(Error::Invalid, QStringLiteral("package_length_offset is %1: the length ends behind "
                                                    "package_max_length, %2; write less, or raise that")
                                         .arg(lengthOffset)
                                         .arg(maxLength));
    }
    if (bodyOffset > maxLength) {
        return Error(Error::Invalid,
                     QStringLiteral("package_body_offset is %1, more than package_max_length, %2: no package fits; "
                                    "write less, or raise that")
                         .arg(bodyOffset)
                         .arg(maxLength));
    }
    return {};
}

qsizetype Framing::headerBytes() const
{
    return qsizetype(lengthOffset) + sizeOf(lengthType);
}

std::optional<quint64> Framing::lengthIn(QByteArrayView bytes) const
{
    const char *number = bytes.data();
    switch (lengthType) {
    case 'c':
        return unlessNegative(qFromUnaligned<qint8>(number));
    case 'C':
        return qFromUnaligned<quint8>(number);
    case 's':
        return unlessNegative(qFromUnaligned<qint16>(number));
    case 'S':
        return qFromUnaligned<quint16>(number);
    case 'n':
        return qFromBigEndian<quint16>(number);
    case 'v':
        return qFromLittleEndian<quint16>(number);
    case 'l':
        return unlessNegative(qFromUnaligned<qint32>(number));
    case 'L':
        return qFromUnaligned<quint32>(number);
    case 'N':
        return qFromBigEndian<quint32>(number);
    case 'V':
        return qFromLittleEndian<quint32>(number);
    case 'q':
        return unlessNegative(qFromUnaligned<qint64>(number));
    case 'Q':
        return qFromUnaligned<quint64>(number);
    case 'J':
        return qFromBigEndian<quint64>(number);
    case 'P':
        return qFromLittleEndian<quint64>(number);
    default:
        return std::nullopt;
    }
}

} // namespace Quern::protocol::framed

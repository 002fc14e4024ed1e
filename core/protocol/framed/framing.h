#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

namespace Quern::protocol::framed {

/// How the byte stream of a connection is cut into packages. The rules, and the names in brackets, are Swoole's.
struct Framing
{
    enum class Mode : quint8 {
        None,         ///< what one read brings is a package
        EndMark,      ///< a package is whole when all that came so far ends with the mark (open_eof_check): one that
                      ///< arrives together with the next is delivered with it, in one piece
        EndMarkSplit, ///< each mark ends a package (open_eof_split)
        LengthPrefix, ///< each package says how long it is (open_length_check)
    };
    /// The mode that these three settings ask for. Error::Invalid if they contradict each other. Splitting includes
    /// checking, so both may be set.
    static Result<Mode> modeOf(bool openEofCheck, bool openEofSplit, bool openLengthCheck);

    static constexpr qsizetype MaxEndMark = 8; ///< bytes

    Mode mode = Mode::None;
    QByteArray endMark = QByteArrayLiteral("\r\n"); ///< 1 to MaxEndMark bytes; belongs to the package (package_eof)
    /// The kind of number, a letter of PHP's pack() (package_length_type): c C 8 bits, s S n v 16, l L N V 32, q Q J P
    /// 64; c s l q have a sign, n N J are big-endian, v V P little-endian, the others as this machine has it.
    char lengthType = 'N';
    quint32 lengthOffset = 0;            ///< bytes before the number (package_length_offset)
    quint32 bodyOffset = 4;              ///< the bytes that the number does not count (package_body_offset)
    quint32 maxLength = 2 * 1024 * 1024; ///< of a package, bytes; without effect in Mode::None (package_max_length)

    /// Error::Invalid if no package could ever be whole; the message begins with the setting that is wrong.
    Result<void> check() const;

    /// Length of what has to be there before the length of a package is known, in bytes. Only after check().
    qsizetype headerBytes() const;
    /// The number at the front of \a bytes, as large as lengthType says; nullopt if it is negative.
    std::optional<quint64> lengthIn(QByteArrayView bytes) const;
};

} // namespace Quern::protocol::framed

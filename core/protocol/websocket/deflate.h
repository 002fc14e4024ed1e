#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <array>
#include <memory>

struct z_stream_s;

namespace Quern::protocol::websocket {

/// Whether what was sent before helps with the next message (RFC 7692 §7.1.1). Without, the messages stand alone, and
/// one Inflater or Deflater serves many connections.
enum class ContextTakeover : bool { No, Yes };

/// Undoes permessage-deflate (RFC 7692 §7.2.2). Takes about 10 KB, and 32 KB more once a message was larger than what
/// it gives out at once. Lives in any one thread.
class Inflater
{
public:
    enum class Outcome : quint8 {
        Done,
        Malformed, ///< no DEFLATE data, or data that ends within a block
        TooLarge,  ///< the message has more bytes than it may
    };

    /// \a windowBits is 8 to 15 and at least the sender's.
    explicit Inflater(ContextTakeover takeover = ContextTakeover::No, int windowBits = 15);
    ~Inflater();
    Q_DISABLE_COPY_MOVE(Inflater)

    /// Appends to \a message what \a compressed, the payload of one whole message without the tail 00 00 FF FF, stands
    /// for; never more than \a maxBytes. After another outcome than Done the connection is lost, and an Inflater with
    /// context is of no use any more.
    [[nodiscard]] Outcome inflate(QByteArrayView compressed, qsizetype maxBytes, QByteArray &message);

private:
    Outcome run(QByteArrayView bytes, qsizetype maxBytes, QByteArray &message);
    bool continueAfterFinalBlock();

    std::unique_ptr<z_stream_s> m_stream;
    ContextTakeover m_takeover;
    quint8 m_finalBlocks = 0; ///< in this message
    bool m_atEnd = false;     ///< the last byte that came ended a final block
};

/// Applies permessage-deflate (RFC 7692 §7.2.1). Lives in any one thread.
class Deflater
{
public:
    /// zlib has no raw DEFLATE for a window of 8 bits, though RFC 7692 does.
    static constexpr int minWindowBits = 9;

    /// \a windowBits is minWindowBits to 15; \a level 1 (fast) to 9 (small). With 15 bits it takes about 160 KB.
    explicit Deflater(ContextTakeover takeover = ContextTakeover::No, int windowBits = 15, int level = 3);
    ~Deflater();
    Q_DISABLE_COPY_MOVE(Deflater)

    /// The payload of a compressed message, without the tail 00 00 FF FF.
    QByteArray compress(QByteArrayView message);

private:
    std::unique_ptr<z_stream_s> m_stream;
    ContextTakeover m_takeover;
};

/// The Inflater and the Deflaters that the connections of one thread share, which have no context takeover; each is
/// made when it is first asked for. Lives in that thread and outlives the connections.
class SharedDeflate
{
public:
    Inflater &inflater();
    /// \a windowBits as agreed, minWindowBits to 15.
    Deflater &deflater(int windowBits);

private:
    std::unique_ptr<Inflater> m_inflater;
    std::array<std::unique_ptr<Deflater>, 16> m_deflaters; ///< by window bits
};

} // namespace Quern::protocol::websocket

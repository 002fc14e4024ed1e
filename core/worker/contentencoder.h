#pragma once

#include "base/contentcoding.h"

#include <QByteArray>
#include <QByteArrayView>

#include <memory>

namespace Quern::worker {

/// Whether brotli was there when this program was built.
extern const bool hasBrotli;

/// Applies one content coding to one body, in pieces.
class ContentEncoder
{
public:
    enum class Then {
        Gather, ///< more follows at once
        Flush,  ///< the client can decode all that came so far
        Finish, ///< nothing follows
    };

    virtual ~ContentEncoder() = default;

    /// For a body of which all \a size bytes are there. \a coding is not Identity, nor Brotli without hasBrotli;
    /// \a level is 1 (fast) to 9 (small).
    static std::unique_ptr<ContentEncoder> forWhole(base::ContentCoding coding, int level, qsizetype size);
    /// For one that comes in pieces, of which there may be many at a time: it keeps a window of 16 KiB and takes
    /// about 100 KiB of memory with gzip, 300 KiB with brotli (measured).
    static std::unique_ptr<ContentEncoder> forStream(base::ContentCoding coding, int level);

    /// The encoded form of \a bytes, and of what was gathered before.
    virtual QByteArray encode(QByteArrayView bytes, Then then) = 0;
};

} // namespace Quern::worker

#pragma once

#include "protocol/framed/packagesplitter.h"

#include <QList>

namespace Quern::tests {

/// What a splitter makes of a stream that comes in \a pieces: "package: …" in hexadecimal for each, then "left: n", the
/// bytes of an unfinished one, or "failed: …" with the reason. "broken: …" if it breaks a rule of its interface. Each
/// piece is fed from its own allocation.
QByteArray packageTranscriptOf(const QList<QByteArrayView> &pieces, const protocol::framed::Framing &framing);

} // namespace Quern::tests

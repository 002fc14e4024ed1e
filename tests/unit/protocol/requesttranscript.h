#pragma once

#include "protocol/http/requestdecoder.h"

#include <QByteArray>
#include <QList>

namespace Quern::tests {

/// What a decoder makes of \a pieces, fed one after the other, as text that two runs can be compared by. Each request
/// is
///
///     POST /x HTTP/1.1 keep-alive
///     Host: a
///
///     the body
///
/// followed by a line of its own, and "trailer Name: value" for each that was kept; flags after the version are
/// keep-alive or close, then expect and head. The text ends with "idle", "in head", "in body" or "refused 400: reason".
/// It does not tell whether HeadComplete was reported, as that depends on the pieces; but it says so if the decoder
/// breaks a rule of its interface.
///
/// Each piece is fed from its own allocation of just that size, which is freed when the decoder may no longer look at
/// it, so that a sanitizer sees every byte read too far or too late.
QByteArray transcriptOf(const QList<QByteArrayView> &pieces, const protocol::http::RequestLimits &limits = {});

/// The transcript of \a stream fed whole. If feeding it byte by byte, or in two pieces split at any place, gives
/// another one, returns a text that says so. Streams over 600 bytes are split at some places only.
QByteArray transcriptOfAnySplit(QByteArrayView stream, const protocol::http::RequestLimits &limits = {});

/// \a stream cut into single bytes.
QList<QByteArrayView> singleBytes(QByteArrayView stream);

} // namespace Quern::tests

#pragma once

#include "ipc/childrole.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>

namespace Quern::ipc {

/// What a Post frame is about: pipes and queues of custom processes, and messages between children. The numbers are
/// part of the wire format: append only.
enum class PostKind : quint8 {
    Open = 0,          ///< child → broker: messages may come
    Close = 1,         ///< child → broker: it leaves, begins with no message any more, and hears of no more tasks
    WriteTo = 2,       ///< child → broker: bytes that the process is to read
    ReadFrom = 3,      ///< child → broker: the next that the process has written is wanted
    ProcessWrites = 4, ///< process → broker: bytes for whoever reads its pipe
    ProcessReads = 5,  ///< process → broker: the next that was written to its pipe is wanted
    Push = 6,          ///< child → broker: an item for the queue of the process
    Pop = 7,           ///< process → broker: the next item is wanted, and the one in its hand is done
    Done = 8,          ///< process → broker: the item in its hand is done
    Cancel = 9,   ///< child → broker: what the request of this id wanted is not waited for any more; it is answered
    Answer = 10,  ///< broker → child: to the request of this id
    Message = 11, ///< child → broker: for the address; broker → child: from it
    Begun = 12,   ///< child → broker: it begins with the message
};

enum PostFlag : quint8 {
    PostMap = 1,         ///< the payload is a CBOR map; else bytes
    PostWantsAnswer = 2, ///< success is to be told; a failure always is
};

/// One Post frame; its id is that of the request, chosen by the child. All views point into the payload of the frame.
/// Shape: u8 kind | u8 flags | u8 role | u8 code | i32 number | u32 timeout | u16 name length | u16 reserved | u64 item
/// | name | payload.
struct PostMessage
{
    PostKind kind = PostKind::Open;
    quint8 flags = 0;                    ///< of PostFlag
    ChildRole role = ChildRole::Process; ///< of the address: whom it is for, or whom it is from
    quint8 code = 0;                     ///< of an Answer: 0, or Error::Code + 1 with the text as payload
    qint32 number = -1;                  ///< of the address; -1: any, or all
    quint32 timeoutMs = 0;               ///< how long the answer may be waited for
    quint64 item = 0;                    ///< of a queue or mailbox, from 1; 0: none
    QByteArrayView name;                 ///< of the address, UTF-8
    QByteArrayView payload;
};
inline constexpr qsizetype PostHeaderSize = 24;

void appendPost(QByteArray &out, quint64 id, const PostMessage &message);
/// Error::Protocol if a length does not fit or there is no such kind, role or code.
Result<PostMessage> decodePost(QByteArrayView payload);

} // namespace Quern::ipc

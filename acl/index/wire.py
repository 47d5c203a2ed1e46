"""
The words that client and engine process exchange over their Unix socket.

A frame is a 4-byte big-endian length and that many bytes of MessagePack: a list of an
operation's name and its arguments one way, `["ok", result]` or `["error", text]` the other.
Nothing that is unpacked can become code.
"""

import socket
import struct
from collections.abc import Sequence
from typing import Final

import msgpack

MAX_FRAME_BYTES: Final = 256 * 2**20
_LENGTH: Final = struct.Struct(">I")


class WireError(Exception):
    """
    The other side hung up, or sent something that is not a frame.
    """


def send(connection: socket.socket, message: Sequence[object]) -> None:
    """
    Send one frame.
    """
    body = msgpack.packb(message)
    if len(body) > MAX_FRAME_BYTES:
        msg = f"a frame of {len(body)} bytes is too large to send"
        raise WireError(msg)
    connection.sendall(_LENGTH.pack(len(body)) + body)


def receive(connection: socket.socket) -> list[object] | None:
    """
    Receive one frame; `None` if the other side closed between frames.
    """
    head = _exactly(connection, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        msg = f"a frame of {length} bytes is announced; the limit is {MAX_FRAME_BYTES}"
        raise WireError(msg)
    body = _exactly(connection, length)
    try:
        message = msgpack.unpackb(body)
    except (ValueError, msgpack.UnpackException) as error:
        msg = "a frame is not MessagePack"
        raise WireError(msg) from error
    if not isinstance(message, list) or not message:
        msg = "a frame holds a list"
        raise WireError(msg)
    return message


def _exactly(connection: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        part = connection.recv(min(length - len(received), 2**20))
        if not part and not received:
            return b""
        if not part:
            msg = "the connection ended inside a frame"
            raise WireError(msg)
        received += part
    return bytes(received)

"""Python reads this file at its start when the folder is on PYTHONPATH: no way off this machine.

With COURSE_REFUSES, `torch.device("cuda")` is a device that refuses to be mixed with the CPU.

An audit hook sees every connection and every look-up of a name that Python code asks for, in
whatever library. Jupyter's own sockets are ZeroMQ's and go to this machine.
"""

import os
import sys

ADDRESS_AT = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}


def refuse(event, arguments):
    if event not in ADDRESS_AT:
        return
    address = arguments[ADDRESS_AT[event]]
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if not isinstance(address, tuple):  # a socket file of this machine, or none at all
            return
        address = address[0]
    host = address.decode() if isinstance(address, bytes) else address
    if host in (None, "", "localhost", "::1", "0.0.0.0", "::") or str(host).startswith("127."):
        return
    raise ConnectionRefusedError(f"A lesson needs no network, and this cell asks for {host}.")


sys.addaudithook(refuse)

if os.environ.get("COURSE_REFUSES"):
    import refusing

    refusing.enter()

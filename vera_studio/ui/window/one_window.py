"""One window a data folder: a second start hands what it was to open to the one that is there.

Whoever holds the lock file in the data folder is the one. It listens on a socket of its own
user, with a name by chance, that stands in a file beside the lock; so whoever can write the data
folder, and nobody else, says where a second start asks. The lock names the process: what a dead
one left is taken over.
"""

import json
import logging
import secrets
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QLockFile, QObject, QThread, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from vera_studio import files
from vera_studio.errors import StudioError

_log = logging.getLogger(__name__)
_LOCK, _ADDRESS = "window.lock", "window.address"
_TAKEN = b"taken\n"
_MOST_BYTES = 64 * 1024  # of a request
_CONNECT_MILLISECONDS = 500
# While it imports torch, or ends, the other window may answer late.
_ANSWER_MILLISECONDS = 5000
_PATIENCE_MILLISECONDS, _PAUSE_MILLISECONDS = 8000, 100


class OneWindow(QObject):
    """This process's claim on a data folder.

    Signals:
        asked(Path | None): another start wants this file or folder opened, or only the window.
    """

    asked = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._address = folder / _ADDRESS
        self._lock = QLockFile(str(folder / _LOCK))
        self._lock.setStaleLockTime(0)  # a lock does not go stale by age, only with its process
        self._server: QLocalServer | None = None

    def claim(self, path: Path | None) -> bool:
        """Become the one window of the folder, or hand `path` to the one that is there.

        Returns:
            Whether this process is to open its window. It is also where the other one does not
            answer, for a window that hangs must not keep the user out; the log says so.
        """
        deadline = QDeadlineTimer(_PATIENCE_MILLISECONDS)
        while not deadline.hasExpired():  # the other may be starting, or ending
            if self._lock.tryLock(0):
                self._listen()
                return True
            if self._hand_over(path):
                return False
            QThread.msleep(_PAUSE_MILLISECONDS)
        _log.warning("Another window on this data folder does not answer; this one opens too.")
        return True

    def release(self) -> None:
        """Let the next start have the folder."""
        if self._server is not None:
            self._server.close()
            self._address.unlink(missing_ok=True)
        self._lock.unlock()

    def _listen(self) -> None:
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._answer)
        if not server.listen(f"vera-studio-{secrets.token_hex(16)}"):
            _log.warning("A second start will not find this window: %s", server.errorString())
            return
        try:
            files.write_atomically(self._address, server.fullServerName().encode())
        except StudioError as error:
            _log.warning("A second start will not find this window: %s", error)
        self._server = server

    def _hand_over(self, path: Path | None) -> bool:
        try:
            address = files.read_text(self._address, most=4096)
        except OSError:  # not written yet, or gone again
            return False
        socket = QLocalSocket()
        socket.connectToServer(address)
        if not socket.waitForConnected(_CONNECT_MILLISECONDS):
            return False
        wanted = None if path is None else str(path.absolute())
        socket.write(json.dumps({"open": wanted}).encode() + b"\n")
        socket.waitForBytesWritten(_CONNECT_MILLISECONDS)
        return socket.waitForReadyRead(_ANSWER_MILLISECONDS) and (socket.readAll().data() == _TAKEN)

    def _answer(self) -> None:
        assert self._server is not None
        while socket := self._server.nextPendingConnection():
            socket.setReadBufferSize(_MOST_BYTES)
            socket.disconnected.connect(socket.deleteLater)
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            self._read(socket)  # it may have come with the connection

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() >= _MOST_BYTES:
                socket.abort()
            return
        try:
            request = json.loads(bytes(socket.readLine().data()))
        except (ValueError, RecursionError):
            request = None
        wanted = request.get("open") if isinstance(request, dict) else 0
        if not isinstance(wanted, str | None):
            socket.abort()
            return
        socket.write(_TAKEN)
        socket.flush()  # before anything is opened, which may take its time
        socket.disconnectFromServer()  # once that is written
        self.asked.emit(None if wanted is None else Path(wanted))

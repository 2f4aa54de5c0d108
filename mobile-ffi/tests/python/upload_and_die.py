"""Attaches a photo, begins to send it, and is killed when the server has taken the second piece: another process's work."""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import daybook

from phone import Line, lead, open_phone


class Cut(Line):
    """The power goes when the server has the second piece, and before the phone hears of it."""

    def send(self, request, patience):
        answer = super().send(request, patience)
        pieces = [len(piece.body) for piece in self.photos() if piece.method == "PATCH"]
        if len(pieces) == 2:
            print(record, photo, len(bytes_), sum(pieces), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


phone = open_phone(Path(sys.argv[1]), sys.argv[2], transport=Cut(sys.argv[2]))
record = phone.leads().create(lead("张伟")).record.id
bytes_ = b"\xff\xd8\xff\xe0" + os.urandom(3_000_000)
photo = phone.attach_photo_bytes(record, bytes_)
policy = daybook.PhotoPolicy(network=daybook.Network.UNMETERED, on_metered=daybook.OnMetered.NOTHING())
print("it was not killed", phone.sync_once(timedelta(seconds=60), policy), file=sys.stderr)

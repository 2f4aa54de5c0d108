"""Works without pause until it is killed, and says what was saved: the other process of `test_kills.py`."""

import os
import random
import sys
from decimal import Decimal
from itertools import count
from pathlib import Path

import daybook
from daybook import DaybookError, LeadEdit

from phone import lead, open_phone

run = sys.argv[3]
chance = random.Random(run)
free = daybook.PhotoPolicy(network=daybook.Network.UNMETERED, on_metered=daybook.OnMetered.NOTHING())
print("opening", flush=True)
phone = open_phone(Path(sys.argv[1]), sys.argv[2])
mine = []


def create(n):
    mine.append(phone.leads().create(lead(f"{run}-{n}")).record.id)
    print("saved", mine[-1], f"{run}-{n}", flush=True)


def edit(n):
    record = chance.choice(mine)
    phone.leads().edit(record, [LeadEdit.BUDGET(Decimal(n))])
    print("edited", record, n, flush=True)


def attach(_):
    record = chance.choice(mine)
    photo = phone.attach_photo_bytes(record, b"\xff\xd8\xff\xe0" + os.urandom(400_000))
    print("attached", record, photo, flush=True)


def sync(_):
    phone.sync()


def send_photos(_):
    phone.sync_photos(free)


def rotate(_):
    phone.rotate_key()


for n in count(1):
    do = create if not mine else chance.choices(
        [create, edit, attach, sync, send_photos, rotate], weights=[8, 5, 2, 2, 2, 1])[0]
    try:
        do(n)
    except DaybookError.Sync:
        # Saved is saved; the network comes again.
        pass

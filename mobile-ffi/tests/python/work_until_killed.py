"""Works without pause until it is killed, and says what was saved: the other process of `test_kills.py`."""

import itertools
import sys
from decimal import Decimal
from pathlib import Path

from daybook import DaybookError, LeadEdit

from phone import lead, open_phone

phone = open_phone(Path(sys.argv[1]), sys.argv[2])
run = sys.argv[3]
print("open", flush=True)
last = None
for n in itertools.count():
    if n % 50 == 49:
        phone.rotate_key()
    elif n % 7 == 3:
        try:
            phone.sync()
        except DaybookError.Sync:
            pass
    elif n % 3 == 2 and last:
        phone.leads().edit(last, [LeadEdit.BUDGET(Decimal(n))])
        print("edited", last, n, flush=True)
    else:
        last = phone.leads().create(lead(f"{run}-{n}")).record.id
        print("saved", last, f"{run}-{n}", flush=True)

"Notebooks read as the limits ask; where one does not, its exception may only get smaller."
import json

import pytest
from readability import EXCEPTIONS, LIMITS, measured, missed, notebooks

KNOWN = json.loads(EXCEPTIONS.read_text())

@pytest.mark.parametrize('p', notebooks(), ids=lambda p: p.stem)
def test_reads_well(p):
    now, allowed = missed(measured(p)), KNOWN.get(p.stem, {})
    worse = {k: (v, allowed.get(k, LIMITS[k][0])) for k, v in now.items() if k not in allowed or (v < allowed[k] if LIMITS[k][1] else v > allowed[k])}
    assert not worse, f'{p.stem} reads worse than it may: ' + ', '.join(f'{k} is {v:g}, {limit:g} is the limit' for k, (v, limit) in worse.items())

def test_exceptions_only_shrink():
    better = [(name, k) for name, values in KNOWN.items() for k in values if k not in missed(measured(EXCEPTIONS.parents[1]/'nbs'/f'{name}.ipynb'))]
    assert not better, f'these are no exceptions any more; run python tests/readability.py --write: {better}'

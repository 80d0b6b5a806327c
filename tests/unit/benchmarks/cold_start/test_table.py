from benchmarks.cold_start.__main__ import table
from benchmarks.cold_start.imports import by_package
from benchmarks.cold_start.starting import Started


def test_the_table_shows_smallest_median_and_largest_beside_hello():
    found = {
        "hello": [Started(0.1, 0.2, 0.1), Started(0.3, 0.4, 0.1), Started(0.2, 0.3, 0.1)],
        "rollback": [Started(0.2, 0.6, 0.2), Started(0.2, 0.6, 0.2), Started(0.5, 0.9, 0.3)],
    }

    assert table(found).splitlines()[2:] == [
        "| hello | 3 | 200 / **300** / 400 | 1.00 | 100 / **100** / 100 | 1.00 |",
        "| rollback | 3 | 600 / **600** / 900 | 2.00 | 200 / **200** / 300 | 2.00 |",
    ]


def test_what_imports_cost_is_told_by_package_and_only_of_what_came_last():
    told = """import time: self [us] | cumulative | imported package
import time:       500 |       1000 | flask
HERE
import time:      1500 |       1500 |   google.auth.jwt
import time:       250 |       1750 |   google.auth
import time:      1000 |       2750 | rollback
"""

    assert by_package(told) == {"google.auth": 1.75, "rollback": 1.0}

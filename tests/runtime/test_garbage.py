import subprocess
import sys

PROGRAM = """
import gc
from service.runtime.garbage import spare_what_stays

class Ring:
    def __del__(self):
        print("gone")

def ring():
    ring = Ring()
    ring.itself = ring

ring()
spare_what_stays()
print(gc.get_freeze_count() > 1000, gc.get_threshold()[0] > 700)
ring()
gc.collect()
"""


def test_what_a_program_began_with_is_spared_and_garbage_is_still_collected() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ended.stdout.split("\n") == ["gone", "True True", "gone", ""]

"`python -m latentsync`"
import sys
from latentsync.cli import main

if __name__ == '__main__': sys.exit(main())

"""
`python -m readership`.
"""

from readership.cli import main

if __name__ == "__main__":
    main()

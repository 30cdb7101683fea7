"""``python -m spectra`` is ``spectra``."""

from spectra.cli.main import main

if __name__ == "__main__":
    main(prog_name="spectra")

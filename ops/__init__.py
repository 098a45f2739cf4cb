"""The command line behind `./mlops`."""

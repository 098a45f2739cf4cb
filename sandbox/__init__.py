"""Simulated AWS accounts: a world in one SQLite file, and fronts that run the program against it.

It is a rehearsal, not AWS: it refuses what AWS is known to refuse at `up`, and answers with identifiers of AWS's form.
"""

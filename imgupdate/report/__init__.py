"""Results as people and programs read them.

text      texts of strangers, made fit for a terminal        rows       one row for each policy
problems  problems in the order in which they are read       document   a run as JSON
diff      the difference that a plan makes
"""

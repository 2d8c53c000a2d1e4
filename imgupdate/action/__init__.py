"""The action: what GitHub's runner says becomes a run, and what the run found becomes what the runner understands.

main      the process: signals, last resort          runner    commands, folds, masks, command files
names     the outputs, before anything is known
step      one step of a workflow                     outputs   a result as the step's outputs
inputs    `with:` as values                          log       a run as people read it
auth      `registry-auth`, and what must be masked   places    where files are, for annotations and links
events    what the workflow runs on                  settings  all of that becomes one run
"""

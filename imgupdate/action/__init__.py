"""The action: what GitHub's runner says becomes a run, and what the run found becomes what the runner understands.

main      one step of a workflow from start to end     runner   commands, annotations, masks, command files
inputs    `with:` as values                            outputs  a result as the step's outputs
events    what the workflow runs on, and what follows  log      a result as people read it in a log
auth      `registry-auth`, and what must be masked
"""

"""Go's `text/template` with the Sprig functions that Flux allows (spec/flux.md 5.9).

template   a template, parsed and rendered        values, functions   what templates see and may call
lexer, parse, nodes, numbers, quoting, places     text -> tree        printing, formatting, floats   Go's `fmt`
evaluate, execute, lookup, builtins, comparison   tree -> text        sprig                          its functions
"""

from imgupdate.templates.template import Template, check_message_template, well_formed

__all__ = ["Template", "check_message_template", "well_formed"]

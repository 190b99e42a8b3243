"""What a mutation is: a rule of the program that is broken on purpose."""
import collections

# name     of the mutation, unique
# file     of the tree that it changes
# rule     that it breaks, in words
# old      text of the file, there exactly once
# new      what is put in its place
# tests    a pattern of ctest: those that should notice
# sanitized  whether it needs the address and undefined-behaviour sanitizers to be seen
# survives   why no test can notice, where none can
Mutation = collections.namedtuple("Mutation", "name file rule old new tests sanitized survives")


def of(file, tests, *rows):
    """Mutations of one file: (name, rule, old, new[, differences from the defaults])."""
    for name, rule, old, new, *more in rows:
        yield Mutation(name, file, rule, old, new,
                       **{"tests": tests, "sanitized": False, "survives": None, **(more[0] if more else {})})

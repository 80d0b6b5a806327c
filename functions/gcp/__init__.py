"""The effects: one file for each service of Google's.

The first of our own imports of every function, and so the place for what a cold start wants early.
"""

import gc

# What the framework has made by now lives as long as the process: not looking through it again
# saves about an eighth of what our imports cost a cold start. Rubbish in cycles that is among it
# stays too; it is little, and made once. What comes later is collected as ever.
gc.freeze()

"""Makes the pictures that the networks learn from: what is drawn, what light and cameras do to it, what is cut out.

Every picture follows from the generator that is handed in, so that a training that was cut off goes on with the same.
"""

"""The identity gate: nothing that says who somebody is gets past it, and no message repeats what it found."""

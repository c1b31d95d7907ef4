"""Motion files that people bring: what is in them, and how it becomes poses of SMPL's skeleton.

A file is opened by what its first bytes are (:mod:`.container`), recognised by its keys and
shapes (:mod:`.layouts`, one module per family of layouts), and checked array by array
(:mod:`.arrays`). What is read is a :mod:`.recording`: rotations, joint positions, or another
skeleton's rotations. :mod:`.finish` turns it upright, brings it to our skeleton and size, and sets
it on the floor. Nothing here imports torch, and nothing in a file is executed.
"""

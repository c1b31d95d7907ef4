# Makes the shipped resources again; rules follow with the synthesis commands.

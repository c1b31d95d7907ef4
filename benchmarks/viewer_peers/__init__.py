"""The viewer's page beside others' that draw the same avatar moving."""
